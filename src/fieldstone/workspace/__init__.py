"""buf.yaml and modules, references to sources, and the imports between modules."""
