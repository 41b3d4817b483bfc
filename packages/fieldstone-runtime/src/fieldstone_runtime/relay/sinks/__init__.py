"""Where events go: one module for each kind of place, each needing the client library of that place alone."""
