"""The pages of the rules, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from html import escape

from fieldstone.compatibility.finding import MODULE_FINDINGS, Surface
from fieldstone.compatibility.grouping import Group
from fieldstone.compatibility.rules import Rule, all_rules
from fieldstone.compatibility.waiver import PERMISSIONS
from fieldstone.registry import DEFECTS
from fieldstone.workflows.explain import explain

FOLDER = "reference/rules"
_INTRO = """---
hide: [toc]
---

# Rules

A rule is one way in which a change can break a [surface](../../concepts/verdicts.md). `fieldstone explain RULE`
prints its page, `fieldstone rules` this list. A rule's level is changed [in the settings](../settings.md#rules); a
single finding is permitted by [a waiver](../../how-to/waivers.md).

"""
_FILTER = """<form class="rules-filter" hidden>
<p><label for="rules-words">Search</label>
<input id="rules-words" type="search" placeholder="rule, text or buf id" autocomplete="off"></p>
<p><label for="rules-group">Group</label>
<select id="rules-group"><option value="">all</option>{groups}</select></p>
<fieldset><legend>Breaks</legend>{surfaces}</fieldset>
<p class="rules-count" role="status"></p>
</form>
"""
_COLUMNS = ("What it keeps true", "Breaks", "Level", "Same in buf", "Since")
OF_GROUP = {Group.REGISTRY: DEFECTS, Group.POLICY: PERMISSIONS | MODULE_FINDINGS}
"""The findings that come from no rule, by group: id to explanation."""


def ids() -> dict[Group, list[str]]:
    """The ids of all rules and other findings, by group."""
    found: dict[Group, list[str]] = {
        group: [rule.id for rule in all_rules().values() if rule.group is group] + sorted(OF_GROUP.get(group, ()))
        for group in Group
    }
    return {group: names for group, names in found.items() if names}


def pages() -> Mapping[str, str]:
    """A page for every rule and other finding, and the table; buf compiles the examples of several at once."""
    names = [name for group in ids().values() for name in group]
    with ThreadPoolExecutor() as pool:
        made = {f"{FOLDER}/{name}.md": text for name, text in zip(names, pool.map(explain, names), strict=True)}
    return {f"{FOLDER}/index.md": _INTRO + table(), **made}


def table() -> str:
    """The filter and the table of all rules and other findings, as HTML."""
    groups = "".join(f'<option value="{group}">{group}</option>' for group in ids())
    surfaces = "".join(
        f'<label><input type="checkbox" value="{surface}"> <span class="badge {surface}">{surface}</span></label>'
        for surface in Surface
    )
    bodies = "".join("".join(_body(group, names)) for group, names in ids().items())
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("Rule", *_COLUMNS))
    filters = _FILTER.format(groups=groups, surfaces=surfaces)
    return f'{filters}\n<table class="rules"><thead><tr>{heads}</tr></thead>\n{bodies}</table>\n'


def _body(group: Group, names: Iterable[str]) -> Iterator[str]:
    head = f'<th class="rules-group" id="{group}" colspan="6" scope="rowgroup">{group}</th>'
    yield f'<tbody data-group="{group}"><tr>{head}</tr>\n'
    for name in names:
        rule = all_rules().get(name)
        yield _row(rule) if rule else _other(name, OF_GROUP[group][name])
    yield "</tbody>\n"


def _row(rule: Rule) -> str:
    badges = " ".join(f'<span class="badge {surface}">{surface}</span>' for surface in rule.breaks)
    buf = " ".join(f"<code>{name}</code>" for name in rule.buf)
    level = f'<span class="level {rule.level}">{" or ".join(rule.levels)}</span>'
    return _cells(rule.id, rule.summary, badges or "nothing", level, buf, rule.since)


def _other(name: str, explanation: str) -> str:
    return _cells(name, explanation.partition(". ")[0].rstrip(".") + ".")


def _cells(name: str, summary: str, *others: str) -> str:
    link = f'<a href="{name}.html"><code>{name}</code></a>'
    cells = zip(_COLUMNS, (_code(summary), *(others or [""] * 4)), strict=True)
    rest = "".join(f'<td data-label="{label}">{text}</td>' for label, text in cells)
    return f'<tr><th scope="row">{link}</th>{rest}</tr>\n'


def _code(text: str) -> str:
    """A text in HTML, with what is between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))
