"""The procedures of a check plugin, and the ids of Fieldstone's rules in it."""

from __future__ import annotations

_SERVICE = "/buf.plugin.check.v1.CheckService"

CHECK = f"{_SERVICE}/Check"
"""The path of the procedure that judges."""

LISTS = (f"{_SERVICE}/ListRules", f"{_SERVICE}/ListCategories")
"""The paths of the procedures that list rules and categories."""

PREFIX = "FIELDSTONE"
"""The category of all rules, and the start of their ids."""


def rule_id(rule: str) -> str:
    """The id of a rule for buf: `field-removed` is `FIELDSTONE_FIELD_REMOVED`."""
    return f"{PREFIX}_{rule.replace('-', '_').upper()}"
