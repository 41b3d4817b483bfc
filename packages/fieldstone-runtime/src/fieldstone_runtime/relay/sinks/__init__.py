"""Where events go: one module for each kind of destination, each needing the client library of that place alone."""
