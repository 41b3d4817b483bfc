"""Says in every answer which release of the contract it is of, and sends clients of a version that left on.

It counts who calls, and tells clients which deprecated parts they ask for.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any

import grpc

from fieldstone_runtime.serving.callers import CONSUMER_HEADER, Callers
from fieldstone_runtime.serving.contract import (
    CONTRACT_HEADER,
    DIGEST_HEADER,
    VERSION_HEADER,
    Contract,
    MalformedVersionError,
    refusal,
    stem,
)
from fieldstone_runtime.serving.deprecated import Notices, keep

Behavior = Callable[[Any, Any], Any]
Handler = Any  # grpc.RpcMethodHandler, which its types keep from being made


class ContractInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[misc, unused-ignore]
    """Puts a contract's name, version and digest into the initial metadata of every call of its services.

    Calls of no served contract pass as they are: health and reflection. A call that cannot be served ends
    with what the client does next: FAILED_PRECONDITION for a version of a package that is not served (any
    more) or for a client that names a release outside of what the server has, UNIMPLEMENTED for a method
    that never was. Behind it no servicer sends initial metadata of its own: gRPC takes it once.

    Args:
        contracts: what is served.
        services: the full names of those of their services that are served; by default all.
        observed: whether calls are counted (see `Callers`), and deprecated parts told (see `Notices`).
    """

    def __init__(self, contracts: Sequence[Contract], services: Sequence[str] = (), *, observed: bool = True) -> None:
        names = services or [name for contract in contracts for name in contract.SERVICES]
        of = {name: contract for contract in contracts for name in contract.SERVICES}
        self._served = {name: of[name] for name in names}
        self._by_stem = {stem(name): contract for name, contract in self._served.items()}
        self._observed, self._callers = observed, Callers()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        """The handler of a call, with the metadata before its answer."""
        service = handler_call_details.method.rpartition("/")[0].lstrip("/")
        contract = self._served.get(service) or self._by_stem.get(stem(service))
        handler = await continuation(handler_call_details)
        if contract is None:
            return handler
        given = dict(handler_call_details.invocation_metadata or ())
        ending = self._ending(contract, service, str(given.get(VERSION_HEADER, "")))
        if ending is None and handler is None:
            ending = (
                grpc.StatusCode.UNIMPLEMENTED,
                f"{contract.NAME} {contract.VERSION} has no {handler_call_details.method}",
            )
        metadata = (
            (CONTRACT_HEADER, contract.NAME),
            (VERSION_HEADER, contract.VERSION),
            (DIGEST_HEADER, contract.DIGEST),
        )
        if ending:
            return _refusing(ending, metadata)
        rpc = handler_call_details.method.lstrip("/")
        if self._observed:
            self._callers.count(given.get(CONSUMER_HEADER), rpc)
        deprecated = getattr(contract, "DEPRECATED", {}) if self._observed else {}  # older packages have none
        return _announcing(handler, metadata, Notices(deprecated, rpc.replace("/", ".")))

    def _ending(self, contract: Contract, service: str, wanted: str) -> tuple[grpc.StatusCode, str] | None:
        """The refusal of a call before it begins; None for one that is served."""
        if wanted:
            try:
                problem = refusal(contract, wanted)
            except MalformedVersionError as error:
                return grpc.StatusCode.INVALID_ARGUMENT, str(error)
            if problem:
                return grpc.StatusCode.FAILED_PRECONDITION, problem
        package, _, name = service.rpartition(".")
        if service in self._served or any(package == other.rpartition(".")[0] for other in self._served):
            return None
        siblings = sorted(other for other in self._served if stem(other) == stem(service))
        same = [other for other in siblings if other.rpartition(".")[2] == name]
        return grpc.StatusCode.FAILED_PRECONDITION, (
            f"{package} is not served: this server has {contract.NAME} {contract.VERSION}; "
            f"install {contract.DISTRIBUTION} {contract.VERSION} and call {' or '.join(same or siblings)}"
        )


Metadata = tuple[tuple[str, str], ...]


def _refusing(ending: tuple[grpc.StatusCode, str], metadata: Metadata) -> Handler:
    async def refuse(_: object, context: Any) -> None:
        await context.send_initial_metadata(metadata)
        await context.abort(*ending)

    return grpc.stream_stream_rpc_method_handler(refuse)


def _announcing(handler: Handler, metadata: Metadata, notices: Notices) -> Handler:
    """The handler, which sends metadata first, and notices at the end."""
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[handler.request_streaming, handler.response_streaming]
    behavior = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    return make(_after(behavior, metadata, notices), handler.request_deserializer, handler.response_serializer)


def _after(behavior: Behavior, metadata: Metadata, notices: Notices) -> Behavior:
    """A servicer's method, of any of the kinds that `grpc.aio` calls, after metadata and before notices."""

    async def stream(request: object, context: Any) -> Any:
        await context.send_initial_metadata(metadata)
        told = _tell(request, context, notices)
        async with aclosing(behavior(request, context)) as answers:
            async for answer in answers:
                yield answer
        keep(context, told)

    async def call(request: object, context: Any) -> Any:
        await context.send_initial_metadata(metadata)
        told = _tell(request, context, notices)
        answer = await behavior(request, context)
        keep(context, told)
        return answer

    def block(request: object, context: Any) -> Any:
        context.send_initial_metadata(metadata)
        _tell(request, context, notices)
        return behavior(request, context)

    if inspect.isasyncgenfunction(behavior):
        return stream
    return call if inspect.iscoroutinefunction(behavior) else block


def _tell(request: object, context: Any, notices: Notices) -> Metadata:
    """Set the notices, which a call that fails has, too."""
    told = notices.of(request)
    if told:
        context.set_trailing_metadata(told)
    return told
