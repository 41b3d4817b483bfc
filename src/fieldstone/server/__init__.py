"""Over HTTP: routes decode, call what is below, and encode."""
