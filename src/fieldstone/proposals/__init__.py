"""Proposals: breaking changes that wait for a decision, and the rules of deciding. Pure."""
