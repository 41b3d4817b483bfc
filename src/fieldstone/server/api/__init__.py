"""Fieldstone's own protocol: modules, releases and their files as resources; docs/registry-protocol.md describes it."""
