"""Client packages: what other teams install, and the indexes that carry them."""
