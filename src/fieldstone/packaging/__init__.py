"""Client packages: the packages that other teams install, and the indexes that serve them."""
