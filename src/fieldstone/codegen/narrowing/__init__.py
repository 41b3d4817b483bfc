"""Narrowed packages: a compiled release with the declarations that one consumer uses, and what these need."""
