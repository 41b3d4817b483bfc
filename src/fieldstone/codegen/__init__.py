"""From annotated schemas to code: annotations -> views (plain data) -> templates -> files."""
