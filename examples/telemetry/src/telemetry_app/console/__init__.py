"""Between a command and its terminal: options, lines of output, the live view."""
