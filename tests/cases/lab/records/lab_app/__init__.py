"""A trainer as it was before it stored its steps."""
