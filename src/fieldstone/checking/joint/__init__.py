"""The buf commands of a check of several modules, each run once for all where that gives the same verdict."""
