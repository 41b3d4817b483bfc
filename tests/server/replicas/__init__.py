"""Several servers on one PostgreSQL, behind one address."""
