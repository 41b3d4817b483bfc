"""Webhooks of a server, with receivers on loopback."""
