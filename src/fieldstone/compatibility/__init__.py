"""What a change breaks: pairing, rules, findings and the verdict; pure, silent, without settings."""

RULES_VERSION = 2
"""The version of the rules and of the words in which changes are told: raised when either changes.

Version 1 judged the releases whose manifests name none.
"""
