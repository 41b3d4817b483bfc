"""What the storage code that Fieldstone generates has in common, for SQLite and PostgreSQL."""
