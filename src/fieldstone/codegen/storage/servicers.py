"""A service whose rpcs name queries -> the servicer that answers them from the repository."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from msgspec import Struct

from fieldstone.codegen.class_names import DtoModule, DtoNames, camel, function_name
from fieldstone.codegen.contracts.views import ImportView, UpcastView
from fieldstone.codegen.storage.fields import field_conversion
from fieldstone.codegen.storage.served import (
    NEXT_PAGE_TOKEN,
    PAGE_SIZE,
    PAGE_TOKEN,
    ServedQuery,
    answer_field,
    field_named,
    served_queries,
    served_rpcs,
    versions,
)
from fieldstone.codegen.storage.service_views import AskedView, ConverterView, ServedRpcView, ServicerView
from fieldstone.schema.model import Field, Message, Rpc, Schema, Service, package_version
from fieldstone.schema.storage import Table, record_name, snake


def module_name(service: Service) -> str:
    """The module of a service's servicer: "telemetry_query_service_v1"."""
    version = package_version(service.package)
    return f"{snake(service.name)}{f'_{version}' if version else ''}"


def servicer_views(
    schema: Schema,
    names: DtoNames,
    *,
    own: Collection[str],
    tables: Sequence[Table],
    upcasts: Sequence[UpcastView],
    dto_module: DtoModule,
) -> list[ServicerView]:
    """The servicers of a module.

    Args:
        schema: the schema with all imported files, found to be without refusals.
        names: what the DTO classes are called.
        own: the paths of the module's own files.
        tables: its stored entities.
        upcasts: from each of its superseded messages to its successor.
        dto_module: where each file's DTOs are.
    """
    writer = _Writer(schema, names, {(u.source, u.target): u for u in upcasts}, dto_module)
    queries = served_queries(tables)
    found: dict[str, tuple[Service, list[tuple[Rpc, ServedQuery]]]] = {}
    for service, rpc in served_rpcs(schema, own):
        found.setdefault(service.full_name, (service, []))[1].append((rpc, queries[rpc.serves]))
    return [writer.servicer(service, rpcs) for service, rpcs in found.values()]


class _Writer(Struct, frozen=True):
    schema: Schema
    names: DtoNames
    upcasts: dict[tuple[str, str], UpcastView]
    dto_module: DtoModule

    def servicer(self, service: Service, rpcs: Sequence[tuple[Rpc, ServedQuery]]) -> ServicerView:
        """A servicer with the rpcs that queries answer; the others stay as the stub has them."""
        package, _, module = self.dto_module(service.file).rpartition(".")
        views = [self._rpc(rpc, query) for rpc, query in rpcs]
        messages = [self.schema.messages[n] for rpc, _ in rpcs for n in (rpc.request, rpc.response)]
        told = [message for rpc, query in rpcs for message in self._versions(rpc, query)]
        converters = {view.converter.name: view.converter for view in views if view.converter}
        return ServicerView(
            module=module_name(service),
            name=camel(module_name(service)),
            service=service.full_name,
            comment=service.comment,
            base=f"{module}_grpc.{service.name}Servicer",
            imports=[*self.names.imports([*messages, *told]), ImportView(module=package, name=f"{module}_grpc")],
            rpcs=views,
            converters=list(converters.values()),
        )

    def _rpc(self, rpc: Rpc, query: ServedQuery) -> ServedRpcView:
        request, response = (self.schema.messages[name] for name in (rpc.request, rpc.response))
        told = self._versions(rpc, query)
        holder = answer_field(rpc, query, self.schema)
        return ServedRpcView(
            name=rpc.name,
            function=snake(rpc.name),
            comment=rpc.comment,
            kind="stream" if rpc.server_streaming else query.result,
            query=query.name,
            full_name=query.full_name,
            what=query.table.name_of_record,
            request=self.names.of(request),
            response=self.names.of(response),
            equal=[
                *(self._asked(field_named(request, name), query, must=True) for name in query.equal),
                *(self._asked(field_named(request, name), query, must=False) for name in query.among),
            ],
            range=[
                self._asked(field, query, must=False)
                for name in (*query.optional, *query.range)
                if (field := field_named(request, name))
            ],
            sized=field_named(request, PAGE_SIZE) is not None,
            paged=rpc.server_streaming or field_named(request, PAGE_TOKEN) is not None,
            resumable=field_named(request, PAGE_TOKEN) is not None,
            tokens=field_named(response, NEXT_PAGE_TOKEN) is not None,
            holder=holder.name if holder else "",
            dto=self.names.of(told[-1]) if told else "",
            record=_record(query.table.message),
            order=[self._position(query, name) for name in query.order],
            converter=self._converter(told),
        )

    def _versions(self, rpc: Rpc, query: ServedQuery) -> list[Message]:
        """The stored message, and those after it up to the one that is answered with."""
        if query.result == "count":
            return []
        holder = answer_field(rpc, query, self.schema)
        told = self.schema.messages[holder.type if holder else rpc.response]
        return versions(told, query.table.message, self.schema)

    def _asked(self, field: Field | None, query: ServedQuery, *, must: bool) -> AskedView:
        compared = query.entity_field(field.name) if field is not None else None
        if field is None or compared is None:
            raise AssertionError  # a refusal says so
        conversion = field_conversion(field, self.schema)
        value = conversion.read("request").replace(' has("', ' request.HasField("')
        empty = conversion.optional or conversion.annotation in {"str", "bytes"}
        return AskedView(
            name=field.name,
            value=f'given("{field.name}", {value})' if must and empty else value,
            type=conversion.annotation,
            converter=self._constant(compared),
        )

    def _constant(self, field: Field) -> str:
        """The converter of an entity's field in generated code; empty for none."""
        names = field_conversion(field, self.schema).converter
        return names.constant if names else ""

    def _position(self, query: ServedQuery, name: str) -> AskedView:
        field = field_named(query.table.message, name)
        if field is None:
            raise AssertionError
        conversion = field_conversion(field, self.schema)
        held, plain = f"record.{conversion.attribute}", conversion.value.annotation
        value, kind = conversion.given(held), plain
        if conversion.optional and name in query.present:
            value = f"{value} if {held} is not None else unfit(None)"
        elif conversion.optional:
            value, kind = (f"None if {held} is None else {value}" if value != held else held), f"{plain} | None"
        return AskedView(name=name, value=value, type=kind, converter=self._constant(field))

    def _converter(self, told: Sequence[Message]) -> ConverterView | None:
        """The conversion of the record to the DTO of the answer."""
        if not told:
            return None
        steps = [self._upcast(old, new) for old, new in pairwise(told)]
        return ConverterView(
            name=f"to_dto_{function_name(told[-1])}" if steps else f"to_dto_{record_name(told[0])}",
            first=f"to_dto_{record_name(told[0])}",
            record=_record(told[0]),
            dto=self.names.of(told[-1]),
            upcasts=steps,
        )

    def _upcast(self, old: Message, new: Message) -> UpcastView:
        return self.upcasts[self.names.of(old), self.names.of(new)]


def _record(message: Message) -> str:
    from fieldstone.codegen.class_names import record_class

    return record_class(message)
