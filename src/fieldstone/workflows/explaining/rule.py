"""The page of one of Fieldstone's rules, generated from its definition."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.rules import Example, Rule, Sources
from fieldstone.errors import FieldstoneError

_WIDTH = 100
"""The line width of text, in characters."""


def rule_page(rule: Rule) -> str:
    """The page of a rule, as Markdown: its rationale, an example that it finds and one that it does not."""
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
    """The witnesses of an example that breaks the wire or JSON, computed by compiling it."""
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
    """A one-line example with each statement on its own line."""
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
    """A text wrapped to the width of a page."""
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
