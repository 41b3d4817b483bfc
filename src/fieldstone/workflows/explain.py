"""Explain: a rule's page, made from the rule alone."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable
from pathlib import Path

from fieldstone.compatibility.finding import MODULE_FINDINGS, Surface
from fieldstone.compatibility.rules import Example, Rule, Sources, all_rules
from fieldstone.compatibility.waiver import PERMISSIONS
from fieldstone.errors import FieldstoneError
from fieldstone.registry import DEFECTS

_WIDTH = 100
OTHERS = DEFECTS | PERMISSIONS | MODULE_FINDINGS
"""What each finding means that no rule makes."""


def explain(name: str, folder: Path | None = None) -> str:
    """The page of a rule, as Markdown.

    Args:
        name: the rule's id, or the beginning of only one; a kind of registry defect; a finding about a
            permission or a module; a rule or category of buf. Case does not count, and `_` is `-`.
        folder: where to look for a buf configuration, whose plugins may have the rule; nowhere by default.

    Raises:
        FieldstoneError: nothing is called so, or several things begin so.
    """
    from fieldstone.workflows.explain_buf import buf_names, buf_page

    if not name.strip():
        raise FieldstoneError("the rule to explain is empty", fix="`fieldstone rules` lists them")
    own = name.strip().lower().replace("_", "-")
    if own in OTHERS:
        return f"# {own}\n\n{paragraph(OTHERS[own])}\n"
    rules = all_rules()
    if own in rules:
        return _page(rules[own])
    if page := buf_page(name, folder):
        return page
    begin = [rule for rule in rules if rule.startswith(own)]
    if len(begin) == 1:
        return _page(rules[begin[0]])
    if begin:
        raise FieldstoneError(f"several rules begin with {name}: {', '.join(begin)}")
    raise FieldstoneError(f"no rule {name}", fix=_near(own, buf_names()))


def _near(name: str, names_of_buf: Iterable[str]) -> str:
    """The names most like one that is none: Fieldstone's and buf's."""
    known = {key: key for key in (*all_rules(), *OTHERS)}
    known |= {other.lower().replace("_", "-"): other for other in names_of_buf}
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.7)
    return f"did you mean {' or '.join(known[key] for key in near)}?" if near else "`fieldstone rules` lists them"


def _page(rule: Rule) -> str:
    hit = next(example for example in rule.examples if example.is_hit)
    miss = next(example for example in rule.examples if not example.is_hit)
    parts = [
        f"# {rule.id}",
        rule.summary,
        f"{_levels(rule)}; {_concern(rule)}. Since {rule.since}.",
        f"## Why\n\n{paragraph(rule.why)}",
        f"## What it finds\n\n{_example(hit)}",
        *_witnesses(rule, hit),
        f"## What it lets pass\n\n{_example(miss)}",
        f"## What to do\n\n{paragraph(_sentence(rule.advice))}",
    ]
    if rule.buf:
        parts.append(f"## In buf\n\n{paragraph(', '.join(rule.buf))}")
    other = "error" if rule.is_addition else "warning"
    parts.append(
        f'## Settings\n\n```toml\n[tool.fieldstone.rules]\n{rule.id} = "{other}"  # error, warning, note or off\n```'
    )
    return "\n\n".join(parts) + "\n"


def _levels(rule: Rule) -> str:
    others = f", {' or '.join(rule.other_levels)} in some cases" if rule.other_levels else ""
    return f"{rule.level.capitalize()} by default{others}"


def _concern(rule: Rule) -> str:
    if rule.is_addition:
        return f"an addition, which older code loses on {rule.concern}"
    if rule.breaks:
        return f"breaks {rule.concern}"
    return "style; asked for by the setting `naming`" if rule.is_style else "judges new sunsets, and breaks nothing"


def _witnesses(rule: Rule, example: Example) -> Iterable[str]:
    """The proof that the example breaks the wire or JSON, found anew."""
    from fieldstone.checking.examples import proven

    if not {Surface.WIRE, Surface.JSON} & {*rule.breaks}:
        return
    try:
        witnesses = [witness for finding in proven(rule, example) for witness in finding.witnesses]
    except FieldstoneError as error:
        yield f"## Witness\n\n{paragraph(f'Shown where buf compiles the example; here it does not: {error}')}"
        return
    lines = [f"{witness.surface}: {witness.sentence}" for witness in witnesses]
    if lines:
        yield "## Witness\n\n```text\n" + "\n".join(lines) + "\n```"


def _example(example: Example) -> str:
    blocks = [f"Released:\n\n{_sources(sources)}" for sources in example.history]
    blocks.append(f"Before:\n\n{_sources(example.before)}")
    blocks.append(f"After:\n\n{_sources(example.after)}")
    return "\n\n".join(blocks)


def _sources(sources: Sources) -> str:
    files = {"": sources} if isinstance(sources, str) else sources
    shown = [(f"// {path}\n" if path else "") + _laid_out(text) for path, text in files.items()]
    return "\n\n".join(f"```proto\n{text.strip() or '// nothing'}\n```" for text in shown or [""])


def _laid_out(text: str) -> str:
    """An example in one line, with its statements on lines of their own."""
    if "\n" in text.strip():
        return text.strip()
    out, depth = "", 0
    for part in _statements(text):
        depth -= part.startswith("}")
        out += "  " * depth + part + "\n"
        depth += part.endswith("{")
    return out.replace("{\n}", "{}")


def _statements(text: str) -> Iterable[str]:
    start, quote = 0, ""
    for i, letter in enumerate(text):
        if letter in "\"'":
            quote = "" if quote == letter else quote or letter
        if not quote and letter in "{};":
            yield text[start : i + 1].strip()
            start = i + 1


def paragraph(text: str) -> str:
    """A text on lines of the width of a page."""
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
