"""An annotated schema -> the view of a module, ready for the templates."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Collection, Iterator, Sequence
from enum import IntEnum
from functools import cached_property

from msgspec import Struct

from fieldstone.codegen.class_names import DtoModule, DtoNames, class_prefix, function_name, nested_name, record_class
from fieldstone.codegen.contracts.upcasts import upcast_views
from fieldstone.codegen.contracts.views import ImportView
from fieldstone.codegen.names import package
from fieldstone.codegen.scopes import marked, unmarked
from fieldstone.codegen.storage.application import Application
from fieldstone.codegen.storage.application.record_classes import RecordClass, by_slots
from fieldstone.codegen.storage.application.record_kinds import VALIDATING
from fieldstone.codegen.storage.attribute_views import AttributeView
from fieldstone.codegen.storage.conversions import SAME, constant
from fieldstone.codegen.storage.converters import converter_views
from fieldstone.codegen.storage.dialects import all_dialects
from fieldstone.codegen.storage.entities import entity_view, keywords_of, oneof_attributes
from fieldstone.codegen.storage.fields import (
    FieldConversion,
    field_conversion,
    map_types,
    nested_message,
    nested_messages,
)
from fieldstone.codegen.storage.servicers import servicer_views
from fieldstone.codegen.storage.views import (
    DatabaseView,
    EntityView,
    EnumView,
    FieldView,
    MappingView,
    MemberView,
    MigrationView,
    ModuleView,
    RecordView,
)
from fieldstone.schema.model import Enum, Field, Message, Schema
from fieldstone.schema.storage import Table, tables


def module_view(
    schema: Schema,
    module: str,
    *,
    contracts: str,
    storage: str,
    dto_module: DtoModule,
    application: Application,
    migrations: Sequence[MigrationView],
    own_files: Collection[str],
) -> ModuleView:
    """All that the templates see of a module.

    Args:
        schema: the schema with all imported files, found to be without refusals.
        module: the module's name.
        contracts: the name to import its contracts package by.
        storage: the name to import its storage package by.
        dto_module: where each file's DTOs are.
        application: the application's classes and converters.
        migrations: what each release does to a database, oldest first.
        own_files: the paths of the module's own files.
    """
    return _Builder(schema, module, contracts, storage, dto_module, application, own_files).view(migrations)


def outbox_table(module: str) -> str:
    """The table of a module's events."""
    return package(module, "outbox")


class _Builder(Struct, frozen=True, dict=True):
    schema: Schema
    module: str
    contracts: str
    storage: str
    dto_module: DtoModule
    application: Application
    own_files: Collection[str]

    def view(self, migrations: Sequence[MigrationView]) -> ModuleView:
        names = DtoNames(self.schema, self.dto_module)
        stored = tables(self.schema).values()
        entities = [self._entity(table) for table in stored]
        upcasts = list(upcast_views(self.schema, names, self.entities))
        outbox = any(entity.aggregate for entity in entities)
        return ModuleView(
            module=self.module,
            prefix=class_prefix(self.module),
            contracts=self.contracts,
            storage=self.storage,
            outbox=outbox_table(self.module) if outbox else "",
            records=_builtins_first([self._record(m) for m in self.messages if not _own_class(m)]),
            enums=[_enum(enum) for enum in self._enums()],
            imports=sorted({_import(m) for m in self.messages if _own_class(m)}, key=lambda i: (i.module, i.name)),
            dto_imports=names.imports(self.messages),
            mappings=[self._mapping(message, names) for message in self.messages],
            entities=entities,
            upcasts=upcasts,
            databases=[
                DatabaseView(name=name, constant=name.upper(), title=dialect.title)
                for name, dialect in all_dialects().items()
            ],
            migrations=migrations,
            servicers=servicer_views(
                self.schema,
                names,
                own=self.own_files,
                tables=list(stored),
                upcasts=upcasts,
                dto_module=self.dto_module,
            ),
            converters=list(converter_views(self.messages, self.schema, self.application)),
        )

    @cached_property
    def entities(self) -> list[Message]:
        """The annotated messages."""
        return [message for message in self.schema.messages.values() if message.entity is not None]

    @cached_property
    def messages(self) -> list[Message]:
        """Every message with a record: the entities, then what they hold."""
        return [*self.entities, *nested_messages(self.entities, self.schema)]

    @cached_property
    def _as_json(self) -> set[str]:
        """The messages that are kept as JSON somewhere."""
        return {
            name for message in self.messages for field in message.fields.values() if (name := self._in_json(field))
        }

    def _in_json(self, field: Field) -> str:
        # A member of a child table has columns, if it has fields; what it holds itself is JSON.
        name = nested_message(field)
        return "" if name and field.column.codec == "child_table" and self.schema.messages[name].fields else name

    def _conversions(self, message: Message) -> list[FieldConversion]:
        return [field_conversion(field, self.schema) for field in message.fields.values()]

    def _by_slots(self, message: Message) -> bool:
        own = self._own.get(message.full_name)
        return own is None or by_slots(own, [unmarked(c.attribute) for c in self._conversions(message)])

    @cached_property
    def _own(self) -> dict[str, RecordClass]:
        """The application's classes, by the full names of the messages that they are for."""
        return {
            message.full_name: self.application.record(message.entity.record)
            for message in self.messages
            if message.entity is not None and message.entity.record
        }

    @cached_property
    def _keywords(self) -> dict[str, dict[str, str]]:
        return {name: own.keywords for name, own in self._own.items()}

    def _entity(self, table: Table) -> EntityView:
        own = self._own.get(table.message.full_name)
        return entity_view(
            table,
            self.schema,
            by_slots=self._by_slots(table.message),
            keywords=self._keywords,
            validates=own is not None and own.kind in VALIDATING,
        )

    def _record(self, message: Message) -> RecordView:
        return RecordView(
            name=marked(record_class(message)),
            message=message.full_name,
            comment=message.comment,
            attributes=[
                AttributeView(name=c.attribute, type=c.annotation, default=c.default, comment=c.field.comment)
                for c in self._conversions(message)
            ],
        )

    def _mapping(self, message: Message, names: DtoNames) -> MappingView:
        fields = self._conversions(message)
        return MappingView(
            name=marked(function_name(message)),
            record=marked(record_class(message)),
            dto=names.of(message),
            message=message.full_name,
            fields=[_field(conversion) for conversion in fields],
            oneofs=oneof_attributes(fields),
            by_slots=self._by_slots(message),
            is_entity=message.entity is not None,
            as_json=message.full_name in self._as_json,
            has_presence=any(conversion.needs_presence for conversion in fields),
            has_dto_limits=any(_dto_limit(conversion) for conversion in fields),
            keywords=keywords_of(message, fields, self._keywords),
        )

    def _enums(self) -> Iterator[Enum]:
        seen: set[str] = set()
        for message in self.messages:
            for field in message.fields.values():
                name = map_types(field)[1] if field.cardinality == "map" else field.type
                if field.composite == "enum" and name not in seen:
                    seen.add(name)
                    yield self.schema.enums[name]


def _builtins_first(records: Sequence[RecordView]) -> list[RecordView]:
    """The records, first those called like a builtin, which type checkers would take for the builtin further up."""
    return sorted(records, key=lambda record: not hasattr(builtins, unmarked(record.name)))


def _own_class(message: Message) -> bool:
    return message.entity is not None and bool(message.entity.record)


def _import(message: Message) -> ImportView:
    module, _, name = (message.entity.record if message.entity else "").partition(":")
    return ImportView(module=module, name=marked(name))


def _field(conversion: FieldConversion) -> FieldView:
    return FieldView(
        name=conversion.field.name,
        attribute=conversion.attribute,
        fill=conversion.fill(),
        read=conversion.read(),
        dump=conversion.dump(f"record.{conversion.attribute}"),
        load=_loaded(conversion),
        limit=conversion.limit,
        dto_limit=_dto_limit(conversion),
        plain=conversion.plain,
    )


def _loaded(conversion: FieldConversion) -> str:
    """The attribute from JSON, where an older row may lack it."""
    name, missing = conversion.field.name, conversion.missing
    if conversion.value.load == SAME and not conversion.is_changed and not conversion.field.column.required:
        return f'data.get("{name}")' if missing == "None" else f'data.get("{name}", {missing})'
    loaded = conversion.made(conversion.value.load.format(f'data["{name}"]'))
    if conversion.may_be_none:
        return f'{loaded} if data.get("{name}") is not None else None'
    return f'{loaded} if "{name}" in data else {missing}'


def _dto_limit(conversion: FieldConversion) -> str:
    """The check for what a DTO may hold and a record may not."""
    check = next((check for read, check in _DTO_LIMITS.items() if read in conversion.item.read), "")
    if check and conversion.key:
        return f"map_of({conversion.key.limit}, {check})"
    if check and conversion.field.cardinality == "repeated":
        return f"list_of({check})"
    return f"optional({check})" if check == "json_text" and conversion.optional else check


_DTO_LIMITS = {
    "EPOCH": "timestamp_message",
    "read_duration(": "duration_message",
    "read_timestamp_nanos(": "timestamp_nanos",
    "read_duration_nanos(": "duration_nanos",
    "load_json(": "json_text",
}
"""By a name in the conversion from a DTO."""


def _enum(enum: Enum) -> EnumView:
    short = _short_names(enum)
    return EnumView(
        name=marked(nested_name(enum)),
        constant=constant(marked(nested_name(enum))),
        enum=enum.full_name,
        comment=enum.comment,
        members=[
            MemberView(name=marked(short[v.name]), declared=v.name, number=v.number, comment=v.comment)
            for v in enum.values
        ],
    )


def _short_names(enum: Enum) -> dict[str, str]:
    """The values' names without the name of the enum before them, where they are names of Python then."""
    prefix = f"{constant(enum.name)}_"
    short = {v.name: v.name.removeprefix(prefix) for v in enum.values}
    usable = all(name.isidentifier() and _is_free(name) for name in short.values())
    if not usable or len(set(short.values())) < len(short):
        short = {name: name for name in short}
    taken: set[str] = set()
    for name, found in short.items():
        short[name] = _free_member(found, taken | (set(short.values()) - {found}))
        taken.add(short[name])
    return short


def _is_free(name: str) -> bool:
    """Whether a member of an IntEnum can have the name (https://docs.python.org/3/library/enum.html)."""
    return not (keyword.iskeyword(name) or name.startswith("_") or hasattr(IntEnum, name) or name in {"name", "value"})


def _free_member(name: str, taken: Collection[str]) -> str:
    """The name, or another for one that a member cannot have."""
    found = name if _is_free(name) else f"member{name}" if name.startswith("_") else f"{name}_"
    while found in taken:
        found += "_"
    return found
