"""Webhooks: the audit is their outbox, from which each one sends the events that it asks for."""
