"""Judges a change: pairing, rules, findings and the verdict. Pure: no input or output, no settings."""

RULES_VERSION = 2
"""The version of the rules and of the words that describe changes: raised when either changes.

Manifests that name no version were judged by version 1.
"""
