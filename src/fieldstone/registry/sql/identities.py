"""Ids of modules, owners and commits as buf writes them: 32 hexadecimal digits of a UUID.

They follow from what they name, so that a registry has the same ids wherever it is copied to.
"""

from __future__ import annotations

from uuid import UUID, uuid5

_SPACE = UUID("8f0c6c5e-4f0b-5f5e-9d0e-66b1f4c3a7d1")
"""The namespace of all ids."""


def module_id(name: str) -> str:
    """The id of a module."""
    return uuid5(_SPACE, f"module:{name}").hex


def owner_id(name: str) -> str:
    """The id of the owner of modules."""
    return uuid5(_SPACE, f"owner:{name}").hex


def user_id(name: str) -> str:
    """The id of a person or pipeline."""
    return uuid5(_SPACE, f"user:{name}").hex


def label_id(module: str, label: str) -> str:
    """The id of a label of a module."""
    return uuid5(_SPACE, f"label:{module}:{label}").hex


def release_id(seal: str) -> str:
    """The id of a release as a commit, from the seal of its manifest."""
    return uuid5(_SPACE, f"release:{seal}").hex


def draft_id(module: str, digest: str, label: str) -> str:
    """The id of a draft as a commit."""
    return uuid5(_SPACE, f"draft:{module}:{digest}:{label}").hex
