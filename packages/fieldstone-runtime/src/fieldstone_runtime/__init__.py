"""The shared part of the storage code that Fieldstone generates, for SQLite and PostgreSQL."""
