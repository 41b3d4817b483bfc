"""Fieldstone's own protocol: modules, releases and files as resources. See docs/reference/registry-protocol.md."""
