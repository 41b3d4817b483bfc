"""The groups that rules are listed in, derived from the elements that a rule judges."""

from __future__ import annotations

from enum import StrEnum

from fieldstone.schema.element import Element
from fieldstone.schema.model import Enum, EnumValue, Field, File, Message, Oneof, Package, Rpc, Service
from fieldstone.schema.storage import Column, StoredQuery, Table


class Group(StrEnum):
    """What a rule is about, in the order of the lists."""

    FIELDS = "fields"
    ENUMS = "enums"
    MESSAGES = "messages"
    ONEOFS = "oneofs"
    RPCS = "rpcs"
    FILES = "files"
    EXTENSIONS = "extensions"
    OPTIONS = "options"
    STORAGE = "storage"
    SUNSETS = "sunsets"
    STYLE = "style"
    REGISTRY = "registry"
    POLICY = "policy"


USUAL: dict[type[Element], Group] = {
    Field: Group.FIELDS,
    Enum: Group.ENUMS,
    EnumValue: Group.ENUMS,
    Message: Group.MESSAGES,
    Oneof: Group.ONEOFS,
    Rpc: Group.RPCS,
    Service: Group.RPCS,
    File: Group.FILES,
    Package: Group.FILES,
    Table: Group.STORAGE,
    Column: Group.STORAGE,
    StoredQuery: Group.STORAGE,
}
"""The group of a rule by the first kind of element that it judges, unless the rule declares another."""
