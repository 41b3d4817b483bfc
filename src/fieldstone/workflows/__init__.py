"""The commands, one verb per file: arguments in, result out, nothing printed."""
