"""Taking over a database: its tables are compared with those of the releases, and recorded where they fit."""
