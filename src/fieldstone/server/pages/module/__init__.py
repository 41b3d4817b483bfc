"""The page of a module: its text, its releases, what it depends on and who depends on it."""
