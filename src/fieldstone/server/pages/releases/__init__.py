"""The pages of what was released: a release, its types and sources, the life of a field, two releases compared."""
