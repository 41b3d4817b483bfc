"""The answers of the plugin that never depend on a request: its procedures, rules and categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.rules import Rule, all_rules
from fieldstone.workflows.buf_check.calls import CHECK, LISTS, PREFIX, rule_id
from fieldstone.workflows.buf_check.messages import message, packed

_BREAKING = 2
"""`RULE_TYPE_BREAKING` of buf.plugin.check.v1.RuleType: buf lint never calls such a rule."""


def plugin_rules() -> list[Rule]:
    """The rules that the plugin runs: those on compatibility and on sunsets. Names are for `fieldstone check`."""
    return [rule for rule in all_rules().values() if not rule.is_style]


def spec() -> Any:
    """The procedures, as `pluginrpc.v1.Spec`."""
    return message(
        "pluginrpc.v1.Spec", procedures=[message("pluginrpc.v1.Procedure", path=path) for path in (CHECK, *LISTS)]
    )


def rules() -> Any:
    """The rules, as a `pluginrpc.v1.Response`."""
    return _response(message("buf.plugin.check.v1.ListRulesResponse", rules=map(_rule, plugin_rules())))


def categories() -> Any:
    """The categories, as a `pluginrpc.v1.Response`: all rules, and those of each surface."""
    found = {PREFIX: "All rules of Fieldstone on compatibility."}
    found |= {_category(surface): f"Rules on changes that break the surface {surface}." for surface in Surface}
    listed = [message("buf.plugin.check.v1.Category", id=id_, purpose=purpose) for id_, purpose in found.items()]
    return _response(message("buf.plugin.check.v1.ListCategoriesResponse", categories=listed))


FIXED: Mapping[str, Callable[[], Any]] = {"--spec": spec, **dict(zip(LISTS, (rules, categories), strict=True))}
"""The calls whose answer is always the same."""


def _response(value: Any) -> Any:
    return message("pluginrpc.v1.Response", value=packed(value))


def _rule(rule: Rule) -> Any:
    return message(
        "buf.plugin.check.v1.Rule",
        id=rule_id(rule.id),
        category_ids=[PREFIX, *map(_category, rule.breaks)],
        default=True,
        purpose=f"{rule.summary[0].upper()}{rule.summary[1:].rstrip('.')}.",
        type=_BREAKING,
    )


def _category(surface: Surface) -> str:
    return f"{PREFIX}_{surface.upper()}"
