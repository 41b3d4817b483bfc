"""Explain: a rule's page, made from the rule alone."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterable

from fieldstone.compatibility.finding import MODULE_FINDINGS, Surface
from fieldstone.compatibility.rules import Example, Rule, Sources, all_rules
from fieldstone.compatibility.waiver import PERMISSIONS
from fieldstone.errors import FieldstoneError
from fieldstone.registry import DEFECTS

_WIDTH = 100
OTHERS = DEFECTS | PERMISSIONS | MODULE_FINDINGS
"""What each finding means that no rule makes."""


def explain(name: str) -> str:
    """The page of a rule, as Markdown.

    Args:
        name: the rule's id, or the beginning of only one; a kind of registry
            defect; what a permission or a module can be; an id of buf.

    Raises:
        FieldstoneError: nothing is called so, or several things begin so.
    """
    if name in OTHERS:
        return f"# {name}\n\n{textwrap.fill(OTHERS[name], _WIDTH)}\n"
    if re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        return _buf_page(name)
    return _page(_find(name))


def _find(name: str) -> Rule:
    rules = all_rules()
    if name in rules:
        return rules[name]
    begin = [rule for rule in rules if rule.startswith(name)]
    if len(begin) == 1:
        return rules[begin[0]]
    if begin:
        raise FieldstoneError(f"several rules begin with {name}: {', '.join(begin)}")
    near = difflib.get_close_matches(name, [*rules, *OTHERS], n=1, cutoff=0.4)
    fix = f"did you mean {near[0]}?" if near else "`fieldstone rules` lists them"
    raise FieldstoneError(f"no rule {name}", fix=fix)


def _buf_page(name: str) -> str:
    ours = [rule.id for rule in all_rules().values() if name in rule.buf]
    said = f"a rule of buf; here, {' or '.join(ours)} tells the same" if ours else "a lint rule of buf"
    page = "breaking" if ours else "lint"
    return f"# {name}\n\n`{name}` is {said}.\n\nbuf documents it at https://buf.build/docs/{page}/rules/.\n"


def _page(rule: Rule) -> str:
    hit = next(example for example in rule.examples if example.is_hit)
    miss = next(example for example in rule.examples if not example.is_hit)
    parts = [
        f"# {rule.id}",
        rule.summary,
        f"{_levels(rule)}; {_concern(rule)}. Since {rule.since}.",
        f"## Why\n\n{_paragraph(rule.why)}",
        f"## What it finds\n\n{_example(hit)}",
        *_witnesses(rule, hit),
        f"## What it lets pass\n\n{_example(miss)}",
        f"## What to do\n\n{_paragraph(_sentence(rule.advice))}",
    ]
    if rule.buf:
        parts.append(f"## In buf\n\n{_paragraph(', '.join(rule.buf))}")
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
    from fieldstone.workflows.examples import proven

    if not {Surface.WIRE, Surface.JSON} & {*rule.breaks}:
        return
    try:
        witnesses = [witness for finding in proven(rule, example) for witness in finding.witnesses]
    except FieldstoneError as error:
        yield f"## Witness\n\n{_paragraph(f'Shown where buf compiles the example; here it does not: {error}')}"
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


def _paragraph(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
