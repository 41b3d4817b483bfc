"""The declarations of a .proto text with their places, also of one that does not compile yet.

The compiler says nothing about such a text. An outline has no types or options resolved: only what a person sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from fieldstone.lsp.text.tokens import Token, tokens_of

BLOCKS = frozenset({"message", "enum", "service", "oneof", "extend"})
"""The kinds of declaration with others inside."""

_PLAIN = frozenset({"option", "reserved", "extensions", "package", "import", "syntax", "edition"})
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|\d+")


class Declaration(Struct):
    """A declaration or statement.

    Attributes:
        kind: `message`, `enum`, `service`, `oneof`, `extend`, `field`, `value`, `rpc`, `option`, `reserved`,
            `extensions`, `package`, `import`, `syntax`, `edition`, or `file` for the whole text.
        name: its own name; of an option, the option's; of `extend`, the extended message; empty if it has none.
        start: the index of its first character.
        end: the index after its last character, the `;` or `}` included.
        name_at: the index of its name; -1 if it has none.
        number: its number; None if it has none.
        number_at: the index of its number; -1 if it has none.
        inside: the index after its `{`; -1 for a statement that ends with `;`.
        parent: the declaration that contains it; None for the file.
        parts: the declarations inside, in order.
        whole: the text that it is a part of.
    """

    kind: str
    name: str
    start: int
    end: int
    name_at: int = -1
    number: int | None = None
    number_at: int = -1
    inside: int = -1
    parent: Declaration | None = None
    parts: list[Declaration] = field(default_factory=list)
    whole: str = ""

    @property
    def text(self) -> str:
        """Its own text."""
        return self.whole[self.start : self.end]

    @property
    def scope(self) -> str:
        """The full name that the names inside are relative to."""
        match self.kind:
            case "file":
                return next((part.name for part in self.parts if part.kind == "package"), "")
            case "oneof" | "extend" | "enum":
                inner = self.full_name if self.kind == "enum" else ""
                return inner or (self.parent.scope if self.parent else "")
            case _:
                return self.full_name

    @property
    def full_name(self) -> str:
        """Its name with those around it, as findings name it: `acme.v1.Order.note`."""
        scope = self.parent.scope if self.parent else ""
        return f"{scope}.{self.name}" if scope else self.name

    @property
    def type(self) -> Declaration:
        """The message, enum or service around it; itself if it is one; the file for others."""
        at = self
        while at.parent and at.kind not in {"message", "enum", "service", "extend"}:
            at = at.parent
        return at

    def all(self) -> Iterator[Declaration]:
        """It and all declarations inside, in order."""
        yield self
        for part in self.parts:
            yield from part.all()

    def find(self, full_name: str, *kinds: str) -> Declaration | None:
        """The declaration of a full name, of one of the kinds if any are given; None if there is none."""
        named = (part for part in self.all() if part.name and part.full_name == full_name)
        return next((part for part in named if not kinds or part.kind in kinds), None)

    def at(self, index: int) -> Declaration:
        """The innermost declaration around a place."""
        inner = next((part for part in self.parts if part.start <= index < part.end), None)
        return inner.at(index) if inner else self


def outline(text: str) -> Declaration:
    """The declarations of a text; what is unfinished ends where the text does."""
    file = Declaration("file", "", 0, len(text), inside=0)
    _Reader(text).read(file)
    for each in file.all():
        each.whole = text
    return file


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._tokens, self._end = text, [*tokens_of(text)], len(text)
        self._next = 0

    def read(self, file: Declaration) -> None:
        """Read all tokens into a file."""
        around = file
        words: list[Token] = []
        while self._next < len(self._tokens):
            token = self._take()
            match token.text:
                case ";":
                    self._add(around, words, token.end)
                    words = []
                case "{" if len(words) > 1 and words[-2].text in BLOCKS:
                    self._add(around, words[:-2], words[-2].start)
                    around = _open(around, words[-2:], token.end, self._end)
                    words = []
                case "{" | "[" | "<":
                    words.append(token)
                    self._skip(token.text)
                    words = self._after_body(around, words)
                case "}":
                    self._add(around, words, token.start)
                    words = []
                    around.end = token.end if around.parent else around.end
                    around = around.parent or around
                case _:
                    words.append(token)
        self._add(around, words, self._end)

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _skip(self, opening: str) -> None:
        """Pass over what is in brackets, up to the closing one; a `;` ends an unclosed `[` or `<`."""
        closing = {"{": "}", "[": "]", "<": ">"}[opening]
        depth = 1
        while self._next < len(self._tokens) and depth:
            text = self._tokens[self._next].text
            if opening != "{" and text in {";", "}"} and depth == 1:
                return
            depth += (text in {opening, "{"}) - (text in {closing, "}"})
            self._next += 1

    def _add(self, around: Declaration, words: Sequence[Token], end: int) -> None:
        """Add the statement that these words are; two, if the first has no number yet and the next line goes on."""
        if not words:
            return
        at = next((i for i, word in enumerate(words) if word.text == "="), 0)
        rest = words[at + 1 :] if at and words[0].text not in _PLAIN else ()
        is_cut = bool(rest) and "\n" in self._text[words[at].end : rest[0].start]
        made = _statement(around, words[: at + 1], words[at].end) if is_cut else _statement(around, words, end)
        made.parent = around
        around.parts.append(made)
        if is_cut:
            self._add(around, rest, end)

    def _after_body(self, around: Declaration, words: list[Token]) -> list[Token]:
        """The rest of a statement after brackets; none if the body of an rpc ended it."""
        if words[0].text != "rpc" or words[-1].text != "{":
            return words
        self._add(around, words, self._tokens[self._next - 1].end)
        return []


def _open(around: Declaration, words: Sequence[Token], inside: int, end: int) -> Declaration:
    name = words[1] if len(words) > 1 else Token("", words[0].end)
    block = Declaration(words[0].text, name.text.lstrip("."), words[0].start, end, name.start, inside=inside)
    block.parent = around
    around.parts.append(block)
    return block


def _statement(around: Declaration, words: Sequence[Token], end: int) -> Declaration:
    first = words[0]
    if first.text in _PLAIN:
        return _plain(words, end)
    if first.text == "rpc":
        name = words[1] if len(words) > 1 else first
        return Declaration("rpc", name.text, first.start, end, name.start)
    at = next((i for i, word in enumerate(words) if word.text == "="), 0)
    if not at:
        return Declaration("unfinished", "", first.start, end)
    name = words[at - 1]
    kind = "value" if around.kind == "enum" else "field"
    made = Declaration(kind, name.text, first.start, end, name.start)
    number = words[at + 1] if at + 1 < len(words) else None
    sign = number is not None and number.text == "-" and at + 2 < len(words)
    digits = words[at + 2] if sign else number
    if number is not None and digits is not None and _NUMBER.fullmatch(digits.text):
        made.number = int(digits.text, 0 if "x" in digits.text.lower() else 10) * (-1 if sign else 1)
        made.number_at = number.start
    return made


def _plain(words: Sequence[Token], end: int) -> Declaration:
    kind = words[0].text
    upto = next((i for i, word in enumerate(words) if word.text == "="), len(words))
    name = "".join(word.text for word in words[1:upto]) if kind in {"option", "package", "import"} else ""
    at = words[1].start if name and len(words) > 1 else -1
    return Declaration(kind, name, words[0].start, end, at)
