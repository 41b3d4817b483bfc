"""Fieldstone: a schema registry with contract governance for protobuf."""

__version__ = "0.1.0"
