"""Callers of a server: tokens, identities of issuers, people who sign in, and what each may do."""
