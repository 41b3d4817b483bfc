"""The conversions of each kind of value between a record, its DTO, JSON and a column.

Every conversion is Python source with `{}` where the value stands, so that generated code is a
straight line: no table is looked up and no function is called at run time that could be written out.
A bare `{}` is no conversion at all.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.schema.storage import snake

SAME = "{}"


def _of(kind: str, otherwise: str, *conditions: str) -> str:
    """A value of the very class as it is, if it meets the conditions too; any other through a function of the runtime.

    Comparing classes costs less than a call, and sqlite3 would take values of other classes silently.
    """
    checks = " and ".join((f"{{0}}.__class__ is {kind}", *conditions))
    return f"{{0}} if {checks} else {otherwise}"


def _int(first: int, last: int) -> str:
    return _of("int", f"integer_of({{0}}, {first}, {last})", f"{first} <= {{0}} <= {last}")


_INT32, _UINT32, _INT64 = _int(-(2**31), 2**31 - 1), _int(0, 2**32 - 1), _int(-(2**63), 2**63 - 1)
_UINT64, _ANY_UINT64 = _int(0, 2**63 - 1), _int(0, 2**64 - 1)
INT_OF_64_BITS = _of("int", f"integer_of({{0}}, {-(2**63)}, {2**63 - 1})")
"""An int for sqlite3, which raises an OverflowError for one of more than 64 bits."""
BOOL, _FLOAT = _of("bool", "flag_of({0})"), _of("float", "float_of({0})")
_TEXT, _BYTES = _of("str", "string_of({0})"), _of("bytes", "binary_of({0})")
_COLUMN_TEXT = _of("str", "text_of({0})", r'"\0" not in {0}')
MOMENT = _of("datetime", "moment_of({0})", "{0}.tzinfo is UTC")
"""An aware datetime in UTC."""
COLUMN_FLOAT = _of("float", "column_float_of({0})", "{0} != -5e-324")
"""A float in the column of a database that has NaN and -0.0."""
_REAL = _of("float", "real_of({0})", "({0} > 0.0 or {0} < -5e-324)")
_FROM_REAL = _of("float", "real_from({0})", "{0} != -5e-324")
LIST, MAP = "items_of({})", "pairs_of({})"
"""Lists and maps; a str is a sequence too, and none of these."""
_BASE64 = f"b64encode({_BYTES}).decode()"


class Value(Struct, frozen=True, kw_only=True):
    """A kind of value and its conversions.

    Attributes:
        annotation: the type of a record's attribute.
        limit: an expression over the names of `fieldstone_runtime.limits`: what fits.
        column_limit: the same for a column of its own, if that holds less.
        fill: statements over `{dto}` and `{value}` where the DTO's field is a message that is filled
            in place; empty where it is assigned.
        write: what is assigned to the DTO's field.
        read: from the DTO's field.
        dump: to what `json` writes; load: back.
        kind: what a column of it holds, as `fieldstone.schema.storage.Column.kind` says.
        plain: to an int, float, text or bytes that every database takes, without bool and NaN; from_plain: back.
            Dialects that have more types say so by kind. Keys of events are made of plain values.
        is_open_enum: whether an assignment of a number must be excused to type checkers: protobuf
            takes numbers that the enum does not name, its types do not.
    """

    annotation: str
    limit: str
    column_limit: str = ""
    fill: Sequence[str] = ()
    write: str = SAME
    read: str = SAME
    dump: str = SAME
    load: str = SAME
    kind: str = "json"
    plain: str = SAME
    from_plain: str = SAME
    is_open_enum: bool = False


SCALARS: Mapping[str, Value] = {
    scalar.kind: scalar
    for scalar in (
        Value(kind="int32", annotation="int", limit="int32", dump=_INT32, plain=_INT32),
        Value(kind="uint32", annotation="int", limit="uint32", dump=_UINT32, plain=_UINT32),
        Value(kind="int64", annotation="int", limit="int64", dump=_INT64, plain=_INT64),
        Value(
            kind="uint64",
            annotation="int",
            limit="uint64",
            column_limit="column_uint64",
            dump=_ANY_UINT64,
            plain=_UINT64,
        ),
        Value(
            kind="bool",
            annotation="bool",
            limit="boolean",
            dump=BOOL,
            plain="1 if {0} is True else 0 if {0} is False else int(flag_of({0}))",
            from_plain="{} == 1",
        ),
        Value(
            kind="float",
            annotation="float",
            limit="float32",
            write="float32_of({})",
            dump="float32_of({})",
            plain="real_of(float32_of({}))",
            from_plain=_FROM_REAL,
        ),
        Value(
            kind="double",
            annotation="float",
            limit="double",
            column_limit="column_double",
            dump=_FLOAT,
            plain=_REAL,
            from_plain=_FROM_REAL,
        ),
        Value(kind="text", annotation="str", limit="text", column_limit="column_text", dump=_TEXT, plain=_COLUMN_TEXT),
        Value(
            kind="bytes",
            annotation="bytes",
            limit="binary",
            write=_BYTES,
            dump=_BASE64,
            load="b64decode({})",
            plain=_BYTES,
        ),
    )
}
"""Scalars by kind, as `fieldstone.schema.storage.Column.kind` names them."""

TIMESTAMP = Value(
    kind="timestamp",
    annotation="datetime",
    limit="timestamp",
    fill=(
        f"since = ({MOMENT.format('{value}')}) - EPOCH",
        "at = {dto}",
        "at.seconds = since.days * 86400 + since.seconds",
        "at.nanos = since.microseconds * 1000",
    ),
    read="EPOCH + timedelta(0, (at := {}).seconds, "
    "nanos // 1000 if 0 <= (nanos := at.nanos) < 1000000000 and not nanos % 1000 else unfit(nanos))",
    dump="timestamp_micros({})",
    load="EPOCH + timedelta(0, 0, {})",
    plain=f"((since := ({MOMENT}) - EPOCH).days * 86400 + since.seconds) * 1000000 + since.microseconds",
    from_plain="EPOCH + timedelta(0, 0, {})",
)
"""google.protobuf.Timestamp: an aware datetime in UTC."""

DURATION = Value(
    kind="duration",
    annotation="timedelta",
    limit="duration",
    fill=("fill_duration({dto}, {value})",),
    read="read_duration({})",
    dump="duration_micros({})",
    load="timedelta(0, 0, {})",
    plain="duration_micros({})",
    from_plain="timedelta(0, 0, {})",
)
"""google.protobuf.Duration: a timedelta."""

NANOSECONDS: Mapping[str, Value] = {
    f"google.protobuf.{kind.capitalize()}": replace(
        SCALARS["int64"], fill=(f"fill_{kind}_nanos({{dto}}, {{value}})",), read=f"read_{kind}_nanos({{}})"
    )
    for kind in ("timestamp", "duration")
}
"""Times as the int of their nanoseconds; a Timestamp's since 1970, UTC."""


def _in_json(value: Value) -> Value:
    """The value with a column that holds the JSON of its `dump`."""
    return replace(
        value, kind="json", plain=f"dump_column({value.dump})", from_plain=value.load.replace(SAME, "load_column({})")
    )


JSON_MESSAGES: Mapping[str, Value] = {
    f"google.protobuf.{name}": _in_json(
        Value(
            annotation=annotation,
            limit=limit,
            fill=(f"fill_{kind}({{dto}}, {{value}})",),
            read=f"read_{kind}({{}})",
            dump=f"{dump}({{}})",
        )
    )
    for name, annotation, limit, kind, dump in (
        ("Struct", "dict[str, Any]", "json_object", "struct", "struct_of"),
        ("ListValue", "list[Any]", "json_list", "list", "list_of_values"),
        ("Value", "Any", "struct_value", "value", "value_of"),
    )
}
"""google.protobuf.Struct and its kind: JSON values of Python."""

JSON_TEXT = Value(
    kind="json",
    annotation="Any",
    limit="json_value",
    write="dump_json({})",
    read="load_json({})",
    dump="checked_json({})",
    plain="dump_json({})",
    from_plain="load_column({})",
)
"""A string that holds JSON."""

JSON_BYTES = replace(JSON_TEXT, write="dump_json({}).encode()")
"""Bytes that hold JSON."""

PROTO = Value(
    kind="proto",
    annotation="bytes",
    limit="binary",
    fill=("fill_message({dto}, {value})",),
    read="{}.SerializeToString(deterministic=True)",
    dump=_BASE64,
    load="b64decode({})",
    plain=_BYTES,
)
"""A message kept as its bytes."""


def enum(name: str, *, by_name: bool) -> Value:
    """An enum whose generated class is `name`; numbers that it does not know stay numbers.

    Args:
        name: the class, beside which `<NAME>_BY_NUMBER`, `<NAME>_BY_NAME` and `<NAME>_NAMES` stand.
        by_name: whether the column holds names.
    """
    known = f"{constant(name)}_BY_NUMBER.get({{0}}, {{0}})"
    # The numbers of a row or of JSON are typed Any, which leaves open what `get` gives.
    held = f"{constant(name)}_BY_NUMBER[{{0}}] if {{0}} in {constant(name)}_BY_NUMBER else {{0}}"
    from_name = f"{constant(name)}_BY_NAME[{{0}}] if {{0}} in {constant(name)}_BY_NAME else int({{0}})"
    return Value(
        kind="enum_name" if by_name else "enum",
        annotation=f"{name} | int",
        limit="int32",
        read=known,
        dump=_INT32,
        load=held,
        plain=f"name_of({{0}}, {constant(name)}_NAMES)" if by_name else _INT32,
        from_plain=from_name if by_name else held,
        is_open_enum=True,
    )


def message(record: str, name: str) -> Value:
    """A nested message with a record of its own, whose functions in the mapper end in `name`."""
    return _in_json(
        Value(
            annotation=record,
            limit=f"a({record})",
            fill=(f"fill_dto_{name}({{dto}}, {{value}})",),
            read=f"from_dto_{name}({{}})",
            dump=f"dump_{name}({{}})",
            load=f"load_{name}({{}})",
        )
    )


def wrapped(scalar: Value) -> Value:
    """A wrapper message around a scalar (google/protobuf/wrappers.proto)."""
    return replace(scalar, fill=(f"{{dto}}.value = {scalar.write.format('{value}')}",), read="{}.value")


def constant(name: str) -> str:
    """`EpisodeEnd` -> `EPISODE_END`."""
    return snake(name).upper()


def many(item: Value) -> Value:
    """A list of values."""
    return _in_json(
        Value(
            annotation=f"list[{item.annotation}]",
            limit=f"list_of({item.limit})",
            read="{}[:]" if item.read == SAME else _each(item.read, "{}"),
            dump=_each(item.dump, LIST),
            load=_each(item.load, "{}"),
        )
    )


def keyed(key: Value, item: Value) -> Value:
    """A map; in JSON its keys are text (https://protobuf.dev/programming-guides/json/)."""
    given = key.dump.format("key")
    to_text = {"bool": f'"true" if ({given}) else "false"', "int": f"str({given})"}.get(key.annotation, given)
    from_text = {"bool": 'key == "true"', "int": "int(key)"}.get(key.annotation, "key")
    return _in_json(
        Value(
            annotation=f"dict[{key.annotation}, {item.annotation}]",
            limit=f"map_of({key.limit}, {item.limit})",
            read="dict({})" if item.read == SAME else _pairs("key", item.read, "{}"),
            dump=_pairs(to_text, item.dump, MAP),
            load=_pairs(from_text, item.load, "{}"),
        )
    )


def once(conversion: str, value: str, local: str) -> str:
    """A conversion of a value that takes work: it is evaluated once, where it is first needed.

    Args:
        conversion: source with `{}` or `{0}` where the value stands.
        value: an expression.
        local: a variable that nothing else has, for a conversion that needs the value more than once.
    """
    written = conversion.format(_HOLE)
    if written.count(_HOLE) < 2:  # noqa: PLR2004 - a second use
        return conversion.format(value)
    whole = ast.parse(written, mode="eval")
    first = next(node for node in _evaluated(whole.body) if isinstance(node, ast.Name) and node.id == _HOLE)
    first.id = f"({local} := {value})"
    return ast.unparse(whole).replace(_HOLE, local)


_HOLE = "__value__"


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of an expression in the order of their evaluation: a condition before what depends on it."""
    yield node
    parts = (node.test, node.body, node.orelse) if isinstance(node, ast.IfExp) else ast.iter_child_nodes(node)
    for part in parts:
        yield from _evaluated(part)


def _each(conversion: str, given: str) -> str:
    return SAME if conversion == SAME else f"[{conversion.format('item')} for item in {given}]"


def _pairs(key: str, conversion: str, given: str) -> str:
    if key == "key" and conversion == SAME:
        return SAME
    return f"{{{{{key}: {conversion.format('item')} for key, item in {given}.items()}}}}"


def fill_list(item: Value, target: str, stem: str, given: str) -> list[str]:
    """Statements that fill a repeated field, the expression `target`, with `given`; variables begin with `stem`."""
    if not item.fill:
        items = LIST.format(given) if item.write == SAME else _each(item.write, LIST).format(given)
        return [f"{target}.extend({items})"]
    member = [line.format(dto=f"{stem}_dto", value=f"{stem}_item") for line in item.fill]
    return [f"for {stem}_item in {LIST.format(given)}:", f"    {stem}_dto = {target}.add()", *_indented(member)]


def fill_map(item: Value, target: str, stem: str, given: str) -> list[str]:
    """As `fill_list`, for a map field."""
    if not item.fill:
        pairs = MAP.format(given) if item.write == SAME else _pairs("key", item.write, MAP).format(given)
        return [f"{target}.update({pairs})"]
    member = [line.format(dto=f"{target}[{stem}_key]", value=f"{stem}_item") for line in item.fill]
    return [f"for {stem}_key, {stem}_item in {MAP.format(given)}.items():", *_indented(member)]


def fill_one(value: Value, target: str, given: str) -> list[str]:
    """Statements that set a singular field to `given`, with `setattr` where its name is a keyword."""
    if value.fill:
        return [line.format(dto=target, value=given) for line in value.fill]
    if target.startswith("getattr("):
        return [f"s{target.removeprefix('g').removesuffix(')')}, {value.write.format(given)})"]
    return [f"{target} = {value.write.format(given)}{_excuse(value, 'assignment')}"]


def _excuse(value: Value, code: str) -> str:
    return f"  # type: ignore[{code}]" if value.is_open_enum else ""


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]
