"""buf, git and Node.js, as processes: which versions, how they are called, and how their answers read."""
