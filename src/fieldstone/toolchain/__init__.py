"""buf, git and Node.js as processes: their versions, how to call them, and how to parse their output."""
