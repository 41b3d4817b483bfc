"""Signing in: by a token, or by an OpenID Connect issuer; and out."""
