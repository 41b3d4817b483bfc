"""Follows the fix of a finding in the source, as somebody would who does what it says and nothing else.

Only fixes that name their code are followed: those in a sentence that only a person can turn into code are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from fieldstone.compatibility.finding import Finding

Files = Mapping[str, str]
"""Path to text, each with syntax and package."""

_FREE = 4242
"""A number that no example uses."""


def followed(findings: Sequence[Finding], before: Files, after: Files) -> list[Files]:
    """The new sources after all fixes, once for each way that these name; none if one of them names no code.

    Args:
        findings: findings of one rule.
        before: the released sources.
        after: the sources with the findings.
    """
    ways: list[Files] = []
    for pattern, follow in _FIXES.items():
        texts: Files | None = after
        for finding in sorted(findings, key=_place, reverse=True):  # an edit moves only what is behind it
            found = re.fullmatch(pattern, finding.fix)
            edited = follow(finding, found, before, texts) if found and texts else None
            texts = {**texts, **edited} if texts and edited else None
        ways += [texts] if texts else []
    return ways


def _place(finding: Finding) -> tuple[str, int, int]:
    return finding.location.path, finding.location.line, finding.location.column


def _statement(text: str, start: int) -> str:
    """The statement that starts at an offset, to its semicolon or closing brace."""
    depth = 0
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1, "[": 1, "]": -1}.get(text[end], 0)
        if depth == 0 and text[end] in ";}":
            return text[start : end + 1]
    raise AssertionError(text[start:])


def _offset(finding: Finding, text: str) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: finding.location.line - 1]) + finding.location.column - 1


def _at(finding: Finding, after: Files) -> tuple[str, str, int]:
    """The path, the text and the offset that a finding points to; the start of a file for a file."""
    path = finding.location.path
    return path, after[path], _offset(finding, after[path]) if finding.location.line else 0


def _name(finding: Finding) -> str:
    return finding.subject.rpartition(".")[2]


def _unreserved(block: str, declaration: str) -> str:
    """A message or enum without the reservations of what is declared in it again."""
    number, name = re.search(r"= (-?\d+)", declaration), re.search(r"(\w+) =", declaration)
    assert number, declaration
    assert name, declaration
    return block.replace(f"reserved {number[1]};", "").replace(f'reserved "{name[1]}";', "")


def _keep(finding: Finding, found: re.Match[str], _before: Files, after: Files) -> Files:
    """Put the released declaration where the changed one is, or into the block that lost it."""
    if not finding.location.line:
        return {}
    path, text, start = _at(finding, after)
    statement, declaration = _statement(text, start), _marked(found[1], found)
    if (re.match(r"(message|enum|service)\b", statement) and not declaration.startswith("rpc")) or statement.startswith(
        "service"
    ):
        block = _unreserved(statement, found[1])
        return {path: text.replace(statement, _inside(block, declaration, found))}
    place = re.search(r" (in|outside of) (?:oneof|`extend) `?([\w.]+)`", found[0])
    if place is None:
        new = text.replace(statement, f"{declaration}{_added(statement, found)}")
        return {path: _renamed_in_annotation(new, statement, declaration, found)}
    return {path: _moved(text.replace(statement, ""), declaration, place[1], place[2])}


def _inside(block: str, declaration: str, found: re.Match[str]) -> str:
    """A message, enum or service with a declaration more: at its end, or in the oneof that the fix names."""
    oneof = re.search(r" in oneof `(\w+)`", found[0])
    if oneof and f"oneof {oneof[1]} {{" in block:
        return block.replace(f"oneof {oneof[1]} {{", f"oneof {oneof[1]} {{ {declaration}")
    return f"{block.rstrip('}')} {f'oneof {oneof[1]} {{ {declaration} }}' if oneof else declaration} }}"


def _moved(text: str, declaration: str, where: str, name: str) -> str:
    """A declaration in a oneof, behind one, or in an `extend` of its own."""
    if f"oneof {name} {{" not in text:
        emptied = re.sub(r"extend [\w.]+ {\s*}", "", text)
        return f"{emptied} extend {name} {{ {declaration} }}"
    if where == "in":
        return text.replace(f"oneof {name} {{", f"oneof {name} {{ {declaration}")
    oneof = _statement(text, text.index(f"oneof {name} {{"))
    return text.replace(oneof, f"{declaration}" if oneof.strip().endswith("{ }") else f"{oneof} {declaration}")


def _renamed_in_annotation(text: str, statement: str, declaration: str, found: re.Match[str]) -> str:
    if "in the annotation" not in found[0]:
        return text
    names = [re.search(r"(\w+) =", each) for each in (statement, declaration)]
    assert names[0], statement
    assert names[1], declaration
    return text.replace(f'"{names[0][1]}"', f'"{names[1][1]}"')


def _marked(declaration: str, found: re.Match[str]) -> str:
    """The declaration, deprecated if the fix says so."""
    if "deprecated = true" not in found[0]:
        return declaration
    return (
        declaration.replace("];", ", deprecated = true];")
        if "]" in declaration
        else declaration.replace(";", " [deprecated = true];")
    )


def _added(statement: str, found: re.Match[str]) -> str:
    """The changed element again under a free name and number, if the fix says to add one."""
    if "add a" not in found[0]:
        return ""
    if statement.startswith("rpc"):
        return " " + re.sub(r"rpc (\w+)", r"rpc Another\1", statement)
    if "group" in statement:
        return ""
    return " " + re.sub(r"(\w+) = \d+", rf"another_\1 = {_FREE}", statement, count=1).replace("required ", "optional ")


def _write_again(finding: Finding, found: re.Match[str], _before: Files, after: Files) -> Files:
    path, text, start = _at(finding, after)
    end = text.index("{" if finding.location.line else "package", start)
    end = end + 1 if finding.location.line else text.index(";", end) + 1
    if found[1].startswith("import public"):
        text = text.replace(found[1].replace("import public", "import"), " " * len(found[1].replace(" public", "")))
    return {path: f"{text[:end]} {found[1]}{text[end:]}"}


def _name_it(finding: Finding, found: re.Match[str], _before: Files, after: Files) -> Files:
    """Give the element at the finding the name that the fix gives it."""
    path, text, start = _at(finding, after)
    statement = _statement(text, start)
    names = re.search(r"^(?:message|enum|service|rpc|oneof) (\w+)", statement) or re.search(r"(\w+) = ", statement)
    assert names, statement
    new = f"{statement[: names.start(1)]}{found[1].rpartition('.')[2]}{statement[names.end(1) :]}"
    return {path: text.replace(statement, new)}


def _add_beside(finding: Finding, found: re.Match[str], _before: Files, after: Files) -> Files:
    """Keep the released field, and add the new one with a number of its own."""
    path, text, start = _at(finding, after)
    statement = _statement(text, start)
    if "json_name" in found[1]:  # the new name may be the JSON name of the released one
        return {}
    added = re.sub(r"= -?\d+[^;]*", f"= {_FREE}", statement, count=1)
    new = text.replace(statement, f"{found[1]} {added}")
    return {path: _renamed_in_annotation(new, statement, found[1], found)}


def _take_name(finding: Finding, _found: re.Match[str], _before: Files, after: Files) -> Files:
    taken = re.search(r"the name `([\w.]+)`|^rpc `(\w+)`|^`([\w.]+)`", finding.message)
    assert taken, finding.message
    name = next(filter(None, taken.groups())).rpartition(".")[2]
    return {path: re.sub(rf'(?<!")\b{name}\b(?!")', f"{name}_unused", text) for path, text in after.items()}


def _take_number(finding: Finding, _found: re.Match[str], _before: Files, after: Files) -> Files:
    path, text, start = _at(finding, after)
    statement = _statement(text, start)
    return {path: text.replace(statement, re.sub(r"= -?\d+", f"= {_FREE}", statement, count=1))}


def _remove(finding: Finding, found: re.Match[str], _before: Files, after: Files) -> Files:
    path, text, _ = _at(finding, after)
    return {path: text.replace(found[1], "")}


def _keep_block(finding: Finding, _found: re.Match[str], before: Files, after: Files) -> Files:
    """Bring a removed type or rpc back, deprecated with a sunset."""
    assert finding.was_at is not None
    path, text = finding.was_at.path, before[finding.was_at.path]
    if path not in after or finding.location.line:
        return {}
    lines = text.split("\n")
    start = sum(len(line) + 1 for line in lines[: finding.was_at.line - 1]) + finding.was_at.column - 1
    block = _statement(text, start).replace("{", "{ option deprecated = true;", 1)
    return {path: f"{after[path]} {block}"}


def _place_after(finding: Finding, found: re.Match[str], _before: Files, after: Files) -> Files:
    path, text, _ = _at(finding, after)
    moved = re.search(rf"{found[1]} = -?\d+;", text)
    kept = re.search(rf"{found[2]} = -?\d+;", text)
    assert moved, text
    assert kept, text
    return {path: text.replace(moved[0], "").replace(kept[0], f"{kept[0]} {moved[0]}")}


_FIXES: dict[str, Callable[[Finding, re.Match[str], Files, Files], Files]] = {
    r"(?:keep|restore) `([^`]+;)`(?! and (?:enum|message|the first)).*": _keep,
    r"write `([^`]+;)` again": _write_again,
    r"keep the (?:full )?name `([\w.]+)`.*": _name_it,
    r"keep `([^`]+;)`[^`]*(?:`[^`]*`)?, or add `\w+` as a new field beside it": _add_beside,
    r"call it `(\w+)`": _name_it,
    r"take a name that no release has used": _take_name,
    r"take a number that no release has used": _take_number,
    r"remove `(option [^`]+;)`": _remove,
    r"keep it; deprecate it with a sunset date.*": _keep_block,
    r"place `(\w+)` after `(\w+)`": _place_after,
}
"""Fixes that name code, and how each is followed."""
