"""A field of the schema -> the conversions of its value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.codegen.class_names import camel, field_access, function_name, nested_name, record_class
from fieldstone.codegen.scopes import marked
from fieldstone.codegen.storage import conversions
from fieldstone.codegen.storage.conversions import Value
from fieldstone.schema.model import Field, Message, Schema
from fieldstone.schema.storage import DURATION, JSON_MESSAGES, SCALAR_KINDS, TIMESTAMP, WRAPPERS, kind_of, snake


def has_record(full_name: str) -> bool:
    """Whether a message stands in records as a dataclass, not as a value of Python's own."""
    return full_name not in {TIMESTAMP, DURATION, *JSON_MESSAGES, *WRAPPERS}


def nested_message(field: Field) -> str:
    """The full name of the message whose record is in a field, its list or map; empty for none."""
    if field.composite != "message" or field.column.codec == "proto":
        return ""
    name = map_types(field)[1] if field.cardinality == "map" else field.type
    return name if has_record(name) else ""


def map_types(field: Field) -> tuple[str, str]:
    """The types of a map's keys and values."""
    found = re.fullmatch(r"map<(\w+), (.+)>", field.type)
    return (found[1], found[2]) if found else ("", field.type)


class ConverterNames(Struct, frozen=True):
    """A field's converter in generated code: the constant that wraps it, and the type of the attribute."""

    constant: str
    type: str


class FieldConversion(Struct, frozen=True):
    """The conversions of a field between a record and everything else.

    Attributes:
        field: the field.
        attribute: the record's attribute.
        value: of the whole attribute: a list or map is one value.
        item: of a member of a list or map; else the same as `value`.
        key: of a map's keys; None for others.
        optional: whether the attribute may be None.
        converter: the names of its converter; None for none.
    """

    field: Field
    attribute: str
    value: Value
    item: Value
    key: Value | None
    optional: bool
    converter: ConverterNames | None = None

    @property
    def type(self) -> str:
        """The attribute's type without None."""
        return self.converter.type if self.converter else self.value.annotation

    @property
    def annotation(self) -> str:
        """The attribute's type."""
        return f"{self.type} | None" if self.may_be_none and self.type != "Any" else self.type

    @property
    def default(self) -> str:
        """The attribute's default in a dataclass; empty for none."""
        if self.may_be_none:
            return "None"
        if self.converter:
            return ""
        factories = {"repeated": "field(default_factory=list)", "map": "field(default_factory=dict)"}
        return factories.get(self.field.cardinality, self._zero if self.field.column.not_stored else "")

    @property
    def missing(self) -> str:
        """The attribute's value where a row or older JSON lacks it."""
        if self.may_be_none:
            return "None"
        if self.field.column.required:
            return self._absent
        return self.made({"repeated": "[]", "map": "{}"}.get(self.field.cardinality) or self._zero)

    @property
    def _absent(self) -> str:
        """An expression that refuses a message without a field that must be there."""
        return f'absent("{self.field.parent.rpartition(".")[2]}", "{self.field.name}")'

    @property
    def _zero(self) -> str:
        if self.value.is_open_enum:
            return self.value.load.format(self.field.unset)
        return {"str": '""', "bytes": 'b""', "bool": "False", "float": "0.0"}.get(self.value.annotation, "0")

    @property
    def limit(self) -> str:
        """The check for a value that does not fit, None included."""
        return self._limit(self.value.limit)

    @property
    def column_limit(self) -> str:
        """As `limit`, for a column."""
        return self._limit(self.value.column_limit or self.value.limit)

    def _limit(self, of_value: str) -> str:
        plain = f"{self.converter.constant}.check" if self.converter else of_value
        if self._is_given_null:
            return f"not_none({plain})"
        return f"optional({plain})" if self.optional else plain

    def given(self, value: str) -> str:
        """The field's value for one of the attribute that is not None; `made` is the way back."""
        if self.converter:
            return f"{self.converter.constant}.to_dto({value})"
        return f"not_null({value})" if self._is_given_null else value

    def made(self, value: str) -> str:
        """The attribute for what the field holds."""
        if self.converter:
            return f"{self.converter.constant}.from_dto({value})"
        return f"not_null({value})" if self._is_given_null else value

    @property
    def is_changed(self) -> bool:
        """Whether the attribute is not simply what the field holds."""
        return self.given("") != ""

    def fill(self, dto: str = "dto", record: str = "record") -> list[str]:
        """Statements that set the DTO's field from the record."""
        given = f"{record}.{self.attribute}"
        if not self.may_be_none:
            return self._fill_with(dto, self.given(given))
        inside = [f"    {line}" for line in self._fill_with(dto, self.given(self.attribute))]
        return [f"if ({self.attribute} := {given}) is not None:", *inside]

    def _fill_with(self, dto: str, given: str) -> list[str]:
        target, stem = field_access(dto, self.field), marked(self.field.name)
        # What a converter gives is typed Any, which needs no excuse.
        item = replace(self.item, is_open_enum=False) if self.converter else self.item
        if self.field.cardinality == "repeated":
            return conversions.fill_list(item, target, stem, given)
        if self.field.cardinality == "map":
            return conversions.fill_map(item, target, stem, given)
        return conversions.fill_one(item, target, given)

    def read(self, dto: str = "dto") -> str:
        """The attribute's value from a DTO whose bound `HasField` is called `has`."""
        expression = field_access(dto, self.field)
        value = self._present(self.value.read).format(expression)
        if self.needs_presence:
            return f'{self.made(value)} if has("{self.field.name}") else {"None" if self.optional else self._absent}'
        if self.value.annotation != "Any":
            return self.made(value)
        if self.may_be_none:
            return f"{self.made(value)} if {expression} else None"
        return self.made(f"{value} if {expression} else None")

    @property
    def needs_presence(self) -> bool:
        """Whether reading the field asks whether it is there."""
        return self.field.presence == "explicit"

    def dump(self, value: str) -> str:
        """The attribute as `json` writes it, an expression over `value`; null is what is absent there."""
        is_any = self.value.annotation == "Any"
        conversion = self.value.dump.format("inner_value({0})") if is_any else self.value.dump
        return self._unless_none(conversion, value)

    @property
    def plain(self) -> str:
        """The field's value, an expression over `record`."""
        value = f"record.{self.attribute}"
        if self.converter is None:
            return value
        given = self.given(value)
        return f"None if {value} is None else {given}" if self.may_be_none else given

    def to_column(self, conversion: str, record: str = "record") -> str:
        """The attribute of a record as it is bound, by a dialect's conversion; it is looked up once."""
        value, held = f"{record}.{self.attribute}", f"{self.attribute}_"
        if not self.may_be_none:
            return conversions.once(conversion, self.given(value), held)
        null = "None" if self.optional else '"null"'
        kept = f'" null" if {held} is JSON_NULL else ' if self._is_any and not self.optional else ""
        return f"{null} if ({held} := {value}) is None else {kept}{self.bind(conversion, held)}"

    def from_column(self, conversion: str, value: str) -> str:
        """The attribute: a dialect's conversion of `value`, which a row holds."""
        plain = self.made(self._present(conversion).format(value))
        if self._is_null_kept:
            return f'None if {value} == "null" else {plain}'
        return f"None if {value} is None else {plain}" if self.optional and plain != value else plain

    def bind(self, conversion: str, value: str) -> str:
        """A conversion of `value`, which is no attribute that may be None."""
        given = self.given(value)
        return (
            conversion.format(value) if given == value else conversions.once(conversion, given, f"__{self.attribute}")
        )

    def _unless_none(self, conversion: str, value: str) -> str:
        plain = self.bind(conversion, value)
        return f"None if {value} is None else {plain}" if self.optional and plain != value else plain

    def _present(self, conversion: str) -> str:
        """A conversion of what is there, in which null is a value of its own."""
        return f"or_null({conversion})" if self._is_any else conversion

    @property
    def _is_any(self) -> bool:
        """Whether the attribute is any JSON value, for which None and null differ."""
        return self.value.annotation == "Any" and self.converter is None and not self.field.column.required

    @property
    def _is_null_kept(self) -> bool:
        """Whether a column that is never NULL holds null for None."""
        return self.may_be_none and not self.optional

    @property
    def _is_given_null(self) -> bool:
        """Whether a JSON value must not be null."""
        return self.value.annotation == "Any" and self.field.column.required and self.converter is None

    @property
    def may_be_none(self) -> bool:
        """Whether the attribute may be None: absent, or the JSON value null."""
        return self.optional or (self.value.annotation == "Any" and not self.field.column.required)


def field_conversion(field: Field, schema: Schema) -> FieldConversion:
    """The conversions of a field of a schema that holds all imported files."""
    key_type, item_type = map_types(field)
    item = _item(field, item_type, schema)
    key = conversions.SCALARS[SCALAR_KINDS.get(key_type, key_type)] if key_type else None
    value = conversions.keyed(key, item) if key else conversions.many(item) if _is_list(field) else item
    return FieldConversion(
        field=field,
        attribute=marked(field.column.attribute or field.name),
        value=value,
        item=item,
        key=key,
        optional=field.presence == "explicit" and not field.column.required,
        converter=_converter(field, schema) if field.column.converter else None,
    )


def _converter(field: Field, schema: Schema) -> ConverterNames:
    """`STEP_RUN_ID_CONVERTER` and `StepRunIdValue`; with the field's number where case or underscores would be lost."""
    owner, attribute = function_name(schema.messages[field.parent]), field.column.attribute or field.name
    is_kept = snake(camel(attribute)) == attribute
    name = f"{owner}_{attribute}" if is_kept else f"{owner}_{attribute}_{field.number}"
    return ConverterNames(marked(f"{name.upper()}_CONVERTER"), marked(f"{camel(name)}Value"))


def _is_list(field: Field) -> bool:
    return field.cardinality == "repeated"


def _item(field: Field, type_name: str, schema: Schema) -> Value:
    if field.column.codec == "proto":
        return conversions.PROTO
    if field.composite == "enum":
        return conversions.enum(marked(nested_name(schema.enums[type_name])), by_name=kind_of(field) == "enum_name")
    if field.column.codec == "nanoseconds":
        return conversions.NANOSECONDS[type_name]
    if field.composite == "message":
        return _message(type_name, schema)
    if field.column.codec == "json" and not _is_list(field):
        return conversions.JSON_BYTES if type_name == "bytes" else conversions.JSON_TEXT
    return conversions.SCALARS[SCALAR_KINDS.get(type_name, type_name)]


def _message(full_name: str, schema: Schema) -> Value:
    if full_name == TIMESTAMP:
        return conversions.TIMESTAMP
    if full_name == DURATION:
        return conversions.DURATION
    if full_name in JSON_MESSAGES:
        return conversions.JSON_MESSAGES[full_name]
    if full_name in WRAPPERS:
        return conversions.wrapped(conversions.SCALARS[SCALAR_KINDS.get(WRAPPERS[full_name], WRAPPERS[full_name])])
    message = schema.messages[full_name]
    return conversions.message(marked(record_class(message)), marked(function_name(message)))


def nested_messages(roots: Sequence[Message], schema: Schema) -> list[Message]:
    """The messages that have records because those of the roots hold them, directly or not."""
    seen = {root.full_name for root in roots}
    found: list[Message] = []
    waiting = list(roots)
    while waiting:
        for field in waiting.pop(0).fields.values():
            name = nested_message(field)
            if name and name not in seen:
                seen.add(name)
                found.append(schema.messages[name])
                waiting.append(schema.messages[name])
    return found
