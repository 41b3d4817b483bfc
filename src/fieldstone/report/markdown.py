"""A comment for a pull request: the result of each module, a table of causes, and details to unfold.

The comment is HTML, which Markdown passes on: inside an HTML block nothing is parsed as Markdown
(https://github.github.com/gfm/#html-blocks). Text of the schemas is always inside `<code>` or `<pre>`, where neither
GitHub nor GitLab looks for mentions, issues or addresses. No line is empty inside a block, since that would end it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from fieldstone.compatibility.finding import Finding, Report
from fieldstone.printed import printable, printable_lines
from fieldstone.report import Options
from fieldstone.report.grouping import Group, broken, groups, left_out, most_severe, place, status
from fieldstone.report.summaries import policy_summary, summary
from fieldstone.report.text import is_explained

FROM_THE_TOP = True
"""Its readers take paths from the top of the checkout."""

LIMITED = True
"""It can leave findings out."""

MARK = "<!-- fieldstone check -->"
"""The first line, by which a pipeline finds its earlier comment to replace it."""

LARGEST = 65_536
"""The size of a comment on GitHub in characters; here in bytes of UTF-8, which are never fewer."""

_RESERVED = 500
"""The bytes kept free for the words about what is left out."""

_OF_HEAD = 4
"""The results of the modules, the refused ones first, may fill one part in so many."""

_OF_TABLE = 2
"""The results and the table may fill one part in so many; details fill the rest."""


def render(report: Report, options: Options) -> str:
    """The comment, also when nothing was found."""
    found = [group for part in report.parts for group in groups(part, most_alone=1)]
    shown = most_severe(found, options.limit)
    head = _text([MARK, *_head(report)])
    rows, of_rows = _fitting(map(_row, shown), LARGEST // _OF_TABLE - _size(head) - _RESERVED)
    table = _text([_TABLE, *rows, "</table>"]) if rows else ""
    details, of_details = _all_details(shown, LARGEST - _size(head) - _size(table) - _RESERVED)
    more = left_out(sum(len(group.findings) for group in shown), len(report.findings))
    last = [f"<p>{escape(more)}</p>"] if more else []
    if of_rows or of_details:
        last.append(f"<p>{_too_large(of_rows, of_details)}</p>")
    return printable_lines("\n".join(filter(None, [head, table, _text(details), _text(last)])))


def _too_large(rows: int, details: int) -> str:
    """The words for what does not fit into a comment."""
    return (
        f"{rows} more rows and the details of {details} do not fit: a comment holds {LARGEST:,} characters. "
        "<code>fieldstone check --format concise</code> shows every finding."
    )


def _fitting(pieces: Iterable[str], room: int) -> tuple[list[str], int]:
    """The first pieces that fit into so many bytes, and the number of the others."""
    fitting: list[str] = []
    others = 0
    for piece in pieces:
        room -= _size(piece) + 1
        if room < 0 or others:
            others += 1
        else:
            fitting.append(piece)
    return fitting, others


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _code(text: str) -> str:
    return f"<code>{escape(printable(text))}</code>"


def _head(report: Report) -> Iterator[str]:
    word = "could not judge this" if not report.judged else "allows this" if report.allowed else "refuses this"
    yield f"<h3>Fieldstone {word}</h3>"
    modules = sorted(report.modules, key=lambda module: module.allowed and module.judged)
    lines = filter(None, [policy_summary(report), *map(summary, modules)])
    fitting, others = _fitting((escape(printable(_shortened(line))) for line in lines), LARGEST // _OF_HEAD)
    more = [f"and {others} more"] if others else []
    yield f"<pre>{'<br>'.join([*fitting, *more])}</pre>"


_TABLE = "<table>\n<tr><th>level</th><th>rule</th><th>finding</th><th>number</th><th>first place</th></tr>"


def _row(group: Group) -> str:
    lead = group.lead
    cells = (
        status(lead),
        _code(lead.rule),
        _code(_shortened(lead.message)),
        str(len(group.findings)),
        _code(place(lead.location)) if lead.location.path else "",
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _all_details(shown: Sequence[Group], room: int) -> tuple[list[str], int]:
    """The details that fit into so many bytes, each in at most half of what is left, and the number of the others."""
    fitting: list[str] = []
    for group in shown:
        details = _details(group, room // 2)
        room -= _size(details) + 1
        if room < 0:
            break
        fitting.append(details)
    return fitting, len(shown) - len(fitting)


def _details(group: Group, room: int) -> str:
    """The findings of a group, to unfold: those that fit into so many bytes, and the number of the others."""
    lead = group.lead
    number = f"{len(group.findings)} findings: " if len(group.findings) > 1 else ""
    head = f"<details>\n<summary>{number}{status(lead)} {_code(lead.rule)}: {_code(_shortened(lead.message))}</summary>"
    advice = list(_advice(group.findings))
    items, others = _fitting(map(_item, group.findings), room - _size(head) - sum(map(_size, advice)))
    more = [f"<li>and {others} more</li>"] if others else []
    return "\n".join([head, "<ul>", *items, *more, "</ul>", *advice, "</details>"])


def _item(finding: Finding) -> str:
    """One finding: its place and message, the released element, and what proves it."""
    at = f"{_code(place(finding.location))}: " if finding.location.path else ""
    lines = [f"{at}{_code(_shortened(finding.message))}"]
    if finding.was:
        lines.append(f"was {_code(_shortened(finding.was))}")
    if finding.breaks:
        is_break = finding.is_breaking or finding.exemption
        lines.append(f"{'breaks' if is_break else 'lost on'} {broken([finding])}")
    lines += [_code(_shortened(s)) for s in dict.fromkeys(witness.sentence for witness in finding.witnesses)]
    if finding.waiver:
        lines.append(f"waived {_code(_shortened(finding.waiver.terms))}")
    return f"<li>{'<br>'.join(lines)}</li>"


def _advice(findings: Sequence[Finding]) -> Iterator[str]:
    """Advice for the findings of a group: the first fix of each rule, and where to read more."""
    fixes = {finding.rule: finding.fix for finding in reversed(findings) if finding.fix and not finding.waiver}
    for rule in dict.fromkeys(finding.rule for finding in findings):
        fix = f"{_code(_shortened(fixes[rule]))}; " if rule in fixes else ""
        more = _code(f"fieldstone explain {rule}") if is_explained(rule) else ""
        if fix or more:
            yield f"<p>{_code(rule)}: {fix}{more}</p>"


_LONGEST = 600
"""The most characters of one text of a schema."""


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
