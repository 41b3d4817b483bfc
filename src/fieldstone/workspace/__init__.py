"""From buf.yaml to modules, from a reference to sources, and which module imports which."""
