"""Values for the contract suite: of every kind the zero, the extremes and what is easily lost.

They follow the limits of a view, which are expressions like `optional(list_of(int32))`, and are
Python source, so that the suite shows what it stores.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.codegen.storage.attribute_views import AttributeConverterView, ExampleView
from fieldstone.codegen.storage.column_views import ColumnView
from fieldstone.codegen.storage.queries.views import AnswerView, QueryView
from fieldstone.codegen.storage.views import ChildView, EntityView, MappingView, ModuleView

_LONGEST = 315_576_000_000
"""Seconds of a Duration (google/protobuf/duration.proto)."""

_SCALARS: dict[str, Sequence[str]] = {
    "int32": ("0", "1", "-2147483648", "2147483647"),
    "uint32": ("0", "1", "4294967295"),
    "int64": ("0", "1", "-9223372036854775808", "9223372036854775807"),
    "uint64": ("0", "1", "9223372036854775807"),
    "column_uint64": ("0", "1", "9223372036854775807"),
    "boolean": ("False", "True"),
    "float32": ("0.0", "0.5", "-0.0", "3.4028234663852886e38", "-math.inf", "math.nan"),
    "double": ("0.0", "0.1", "-0.0", "math.inf", "-math.inf", "math.nan", "-1.7976931348623157e308", "5e-324"),
    "text": ('""', '"text"', r'"Grüße, 世界 🌍"', r'"\'quoted\" %s ; -- \\ \n\t"'),
    "column_text": ('""', '"text"', r'"Grüße, 世界 🌍"', r'"\'quoted\" %s ; -- \\ \n\t"'),
    "binary": ('b""', 'b"bytes"', "bytes(range(256))"),
    "timestamp": (
        "datetime(1970, 1, 1, tzinfo=UTC)",
        "datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)",
        "datetime.min.replace(tzinfo=UTC)",
        "datetime.max.replace(tzinfo=UTC)",
    ),
    "duration": (
        "timedelta(0)",
        "timedelta(microseconds=-1)",
        f"timedelta(seconds={_LONGEST})",
        f"timedelta(seconds=-{_LONGEST})",
    ),
    "json_value": ("None", "0", '"text"', "[]", r'{"a": [1, None, True, -0.5, "ü \0 \" \\"], "": {}}'),
    "struct_value": ("None", "0.5", '"text"', "[]", r'{"a": [1.0, None, True, -0.0], "": {}}'),
    "json_object": ("{}", r'{"a": [1.0, None, True, -0.5, "ü \0 \" \\"], "": {}}'),
    "json_list": ("[]", r'[1.0, None, False, {"a": []}, "ü \0"]'),
    "message": ('b""',),
}
_SCALARS["column_double"] = _SCALARS["double"]
"""By the name of the check in `fieldstone_runtime.limits`; `message` is the bytes of one that may be any."""

_NULL: Mapping[str, Sequence[str]] = {
    limit.format(value): ("JSON_NULL",) for limit in ("{}", "optional({})") for value in ("json_value", "struct_value")
}
"""The JSON value null, which an attribute of a row tells from an absent one."""

_NUMBERED: Mapping[str, str] = {
    "int32": "n",
    "uint32": "n",
    "int64": "n",
    **dict.fromkeys(("uint64", "column_uint64"), "n"),
    "float32": "float(n)",
    **dict.fromkeys(("double", "column_double"), "float(n)"),
    **dict.fromkeys(("text", "column_text"), 'f"{n:06}"'),
    "binary": 'n.to_bytes(4, "big")',
    "timestamp": "datetime(2026, 1, 31, tzinfo=UTC) + timedelta(microseconds=n)",
    "duration": "timedelta(microseconds=n)",
}
"""A value for each number, which rises with it."""

_UNFIT: Mapping[str, str] = {
    "int32": "2**31",
    "uint32": "-1",
    "int64": "2**63",
    "column_uint64": "2**63",
    "column_double": "-5e-324",
    "float32": "1e39",
    "column_text": r'"\ud800"',
    "timestamp": "datetime(2026, 1, 31)",
}
"""A value of the right type that does not fit."""


def with_examples(view: ModuleView) -> ModuleView:
    """The view, with the examples of every entity."""
    values = _Values(view)
    return replace(view, entities=[_with_examples(entity, values) for entity in view.entities])


def _with_examples(entity: EntityView, values: _Values) -> EntityView:
    examples = list(_of_entity(entity, values))
    by_attribute = {example.attribute: example for example in examples}
    queries = [replace(query, answer=_answer(query, entity, by_attribute)) for query in entity.queries]
    return replace(entity, examples=examples, queries=queries)


def _answer(query: QueryView, entity: EntityView, examples: Mapping[str, ExampleView]) -> AnswerView:
    """Records that a query finds in the order of their numbers, by the columns of its order that rise with these.

    Columns that are asked for have one value, and so have the others of the order. One that only differs from record
    to record may stay where a column before it decides the order.
    """
    ordered, fixed = [], [argument.column for argument in (*query.given, *query.optional)]
    if query.result == "groups":
        return _group(query, entity, examples, [*fixed, *query.order])
    for column in query.order:
        if column.name in {other.name for other in fixed}:
            continue
        example = examples[column.attribute]
        if example.rises:
            ordered.append(column)
        elif not (ordered and example.differs):
            fixed.append(column)
    names = {column.name for column in fixed}
    unique = [{column.name for column in entity.key}, *(set(index.columns) for index in entity.indexes if index.unique)]
    if any(columns <= names for columns in unique):
        ordered = []
    is_decided = all(examples[column.attribute].rises for column in query.order if column not in fixed)
    tie = ordered[0] if len(ordered) > 1 and is_decided else None
    if tie is not None and any(tie.name in columns for columns in unique[1:]):
        tie = None
    return AnswerView(
        fixed=list(dict.fromkeys(column.attribute for column in fixed)),
        absent=[column.attribute for column in query.absent],
        tie=tie.attribute if tie else "",
        is_many=bool(ordered),
    )


def _group(
    query: QueryView, entity: EntityView, examples: Mapping[str, ExampleView], fixed: Sequence[ColumnView]
) -> AnswerView:
    """The records of one group."""
    names = {column.name for column in fixed}
    unique = any(set(index.columns) <= names for index in entity.indexes if index.unique)
    apart = [column for column in entity.key if examples[column.attribute].differs and column.name not in names]
    return AnswerView(
        fixed=list(dict.fromkeys(column.attribute for column in fixed)),
        absent=[column.attribute for column in query.absent],
        tie="",
        is_many=bool(apart) and not unique,
    )


def _of_entity(entity: EntityView, values: _Values) -> Iterator[ExampleView]:
    numbered, single = _numbered(entity), {name for oneof in entity.oneofs for name in oneof}
    for position, column in enumerate(entity.columns):
        scalar = _plain(_limit(column))
        rising, rises = values.numbered(scalar)
        is_numbered = column.name in numbered and rising != ""
        yield ExampleView(
            attribute=column.attribute,
            value="0"
            if column is entity.version
            else rising
            if is_numbered
            else _chosen(_of_column(column, entity, values), column.attribute, entity.oneofs, position),
            rises=is_numbered and column is not entity.version and rises and column.kind != "enum_name",
            differs=is_numbered and column is not entity.version and scalar != "boolean",
            unfit=""
            if column.attribute in single or entity.validates or column is entity.version
            else _UNFIT.get(scalar, ""),
        )
    for position, child in enumerate(entity.children):
        given = values.of(_child_limit(child))
        yield ExampleView(attribute=child.attribute, value=_chosen(given, child.attribute, (), position), unfit="")
    for attribute, value in entity.unstored:
        yield ExampleView(attribute=attribute, value=value, unfit="")


def _of_column(column: ColumnView, entity: EntityView, values: _Values) -> list[str]:
    """Values that come back as they were: a zero has no sign where an index compares it."""
    found = [*values.of(_limit(column)), *_NULL.get(column.limit, ())]
    is_compared = any(column.name in index.columns for index in entity.indexes)
    return [value for value in found if not (is_compared and value == "-0.0")]


def _numbered(entity: EntityView) -> set[str]:
    """The columns that tell records apart, and those that queries compare or order."""
    found = {column.name for column in entity.key}
    found.update(name for index in entity.indexes if index.unique for name in index.columns)
    for query in entity.queries:
        found.update(argument.column.name for argument in (*query.given, *query.named))
        found.update(column.name for column in (*query.order, *query.ranking, *query.absent))
    return found


def _limit(column: ColumnView) -> str:
    return column.limit.replace("binary", "message") if column.kind == "proto" else column.limit


def _plain(limit: str) -> str:
    for around in ("optional(", "not_none("):
        if limit.startswith(around):
            return limit.removeprefix(around).removesuffix(")")
    return limit


def _child_limit(child: ChildView) -> str:
    if child.made != "{}":
        return child.limit
    member = f"a({child.member_class})" if child.member_class else _limit(child.columns[0])
    return f"map_of({child.key.limit}, {member})" if child.is_map else f"list_of({member})"


def _chosen(given: Sequence[str], attribute: str, oneofs: Sequence[Sequence[str]], position: int) -> str:
    """An expression over `n` that gives one after the other; of a oneof only one member at a time."""
    for oneof in oneofs:
        if attribute in oneof:
            turns = len(oneof) + 1
            value = _nth([value for value in given if value != "None"], f"(n // {turns})")
            return f"{value} if n % {turns} == {list(oneof).index(attribute)} else None"
    return _nth(given, f"(n + {position})" if position else "n")


def _nth(given: Sequence[str], number: str) -> str:
    return given[0] if len(given) == 1 else f"({', '.join(given)})[{number} % {len(given)}]"


class _Values(Struct, frozen=True, dict=True):
    """The values that fit a limit."""

    view: ModuleView

    @cached_property
    def _mappings(self) -> Mapping[str, MappingView]:
        return {mapping.record: mapping for mapping in self.view.mappings}

    @cached_property
    def _converters(self) -> Mapping[str, AttributeConverterView]:
        return {converter.constant: converter for converter in self.view.converters}

    def numbered(self, limit: str) -> tuple[str, bool]:
        """A value over `n`, a number, and whether it rises with it; an empty value where the limit has none."""
        converter = self._converters.get(limit.removesuffix(".check"))
        if converter is None:
            return _NUMBERED.get(limit, "n % 2 == 1" if limit == "boolean" else ""), limit != "boolean"
        if converter.has_example:
            return f"{converter.constant}.example(n)", False
        plain = self.numbered(converter.examples)[0]
        return (f"{converter.constant}.from_dto({plain})" if plain else ""), False

    def _converted(self, converter: AttributeConverterView) -> Sequence[str]:
        if converter.has_example:
            return [f"{converter.constant}.example({number})" for number in range(3)]
        plain = [value for value in self.of(converter.examples) if value != "None"]
        return [f"{converter.constant}.from_dto({value})" for value in plain]

    def of(self, limit: str) -> Sequence[str]:
        """Expressions for values that a check lets pass."""
        return self._of(ast.parse(limit, mode="eval").body)

    def _of(self, limit: ast.expr) -> Sequence[str]:
        if isinstance(limit, ast.Name):
            return _SCALARS[limit.id]
        if isinstance(limit, ast.Attribute):
            return self._converted(self._converters[ast.unparse(limit.value)])
        assert isinstance(limit, ast.Call)  # noqa: S101 - views have names and calls of them alone
        name, inner = ast.unparse(limit.func), limit.args
        if name in {"not_none", "optional"}:
            values = [value for value in self._of(inner[0]) if value != "None"]
            return ["None", *values] if name == "optional" else values
        if name == "list_of":
            return ["[]", f"[{', '.join(self._of(inner[0]))}]"]
        if name == "map_of":
            keys, items = self._of(inner[0]), self._of(inner[1])
            pairs = (f"{key}: {items[i % len(items)]}" for i, key in enumerate(keys))
            return ["{}", f"{{{', '.join(pairs)}}}"]
        return [self._record(ast.unparse(inner[0]), position) for position in (0, 1, 2)]

    def _record(self, record: str, position: int) -> str:
        mapping = self._mappings[record]
        single = {name: i for oneof in mapping.oneofs for i, name in enumerate(oneof)}
        given = []
        for field in mapping.fields:
            is_message = any("fill_message(" in line for line in field.fill)
            values = self.of(field.limit.replace("binary", "message") if is_message else field.limit)
            absent = single.get(field.attribute, position) != position
            value = "None" if absent else values[position % len(values)]
            given.append(f"{mapping.keywords[field.attribute]}={value}")
        return f"{record}({', '.join(given)})"
