"""What the commands do, a verb a file: arguments in, result out, nothing printed."""
