"""Explain: the page of a rule or of another kind of finding."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fieldstone.compatibility.finding import MODULE_FINDINGS
from fieldstone.compatibility.rules import all_rules
from fieldstone.compatibility.waiver import PERMISSIONS
from fieldstone.errors import Invalid, NotFound
from fieldstone.registry import DEFECTS
from fieldstone.suggestions import closest, question
from fieldstone.workflows.explaining.rule import paragraph, rule_page

OTHERS = DEFECTS | PERMISSIONS | MODULE_FINDINGS
"""The explanation of each kind of finding that comes from no rule."""


def explain(name: str, folder: Path | None = None) -> str:
    """The page of a rule, as Markdown.

    Args:
        name: the rule's id, or the beginning of only one; a kind of registry defect; a finding about a
            permission or a module; a rule or category of buf. Case is ignored, and `_` is `-`.
        folder: the folder to search for a buf configuration with plugins; none by default.

    Raises:
        FieldstoneError: the name is unknown or ambiguous.
    """
    from fieldstone.workflows.explaining.buf_rule import buf_names, buf_page

    if not name.strip():
        raise Invalid("the rule to explain is empty", fix="`fieldstone rules` lists them")
    own = name.strip().lower().replace("_", "-")
    if own in OTHERS:
        return f"# {own}\n\n{paragraph(OTHERS[own])}\n"
    rules = all_rules()
    if own in rules:
        return rule_page(rules[own])
    if page := buf_page(name, folder):
        return page
    begin = [rule for rule in rules if rule.startswith(own)]
    if len(begin) == 1:
        return rule_page(rules[begin[0]])
    if begin:
        raise Invalid(f"several rules begin with {name}", fix=f"name one: {', '.join(begin)}")
    raise NotFound(f"no rule {name}", fix=_near(own, buf_names()))


def _near(name: str, names_of_buf: Iterable[str]) -> str:
    """A fix with the closest names, of Fieldstone's and buf's rules."""
    known = {key: key for key in (*all_rules(), *OTHERS)}
    known |= {other.lower().replace("_", "-"): other for other in names_of_buf}
    near = closest(name, known, likeness=0.9) or closest(name, known, likeness=0.7, most=3)
    return question([known[key] for key in near], "`fieldstone rules` lists them")
