"""The scopes of tokens and roles."""

SCOPES = ("read", "push", "approve", "admin")
"""The scopes; `admin` includes all others, and each of them includes `read`."""
