"""Packages for other teams in Python: DTOs, stubs, upcasts and read clients."""
