"""A gRPC server of one or more contracts, with reflection and health."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import grpc

from fieldstone_runtime.serving.contract import Contract
from fieldstone_runtime.serving.interceptor import ContractInterceptor

if TYPE_CHECKING:
    from grpc_health.v1 import health as health_servicers


async def new_server(
    *contracts: Contract,
    without: Collection[str] = (),
    health: health_servicers.aio.HealthServicer | None = None,
    interceptors: Sequence[Any] = (),
    observed: bool = True,
    **options: Any,
) -> grpc.aio.Server:
    """A server that knows which contracts it is for; servicers, ports and `start` are the caller's.

    It answers reflection (`grpc.reflection.v1alpha`) and health (`grpc.health.v1`; SERVING for the server and
    for each service), and does what `ContractInterceptor` says.

    Args:
        contracts: the modules `release` of the contracts packages.
        without: full names of services of theirs that this server does not serve.
        health: the servicer to change the health by later; by default one that says SERVING.
        interceptors: more, called after that of the contracts.
        observed: whether calls are counted and deprecated parts told; see `ContractInterceptor`.
        options: what else `grpc.aio.server` takes.

    Raises:
        ModuleNotFoundError: the extra `grpc` of fieldstone-runtime is not installed.
    """
    from grpc_health.v1 import health as health_servicers
    from grpc_health.v1 import health_pb2, health_pb2_grpc
    from grpc_reflection.v1alpha import reflection

    services = [name for contract in contracts for name in contract.SERVICES if name not in without]
    own = ContractInterceptor(contracts, services, observed=observed)
    server = grpc.aio.server(interceptors=(own, *interceptors), **options)
    servicer = health_servicers.aio.HealthServicer() if health is None else health
    for name in (health_servicers.OVERALL_HEALTH, *services):
        await servicer.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    reflection.enable_server_reflection((*services, health_servicers.SERVICE_NAME, reflection.SERVICE_NAME), server)
    return server
