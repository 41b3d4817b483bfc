"""The gRPC server: takes what workers stream, and answers who reads what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import telemetry_contracts.release
import trainer_contracts.release
from fieldstone_runtime.serving import new_server
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2_grpc as query_v1
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_pb2_grpc as query_v2
from telemetry_storage.telemetry_query_service_v1 import TelemetryQueryServiceV1
from telemetry_storage.telemetry_query_service_v2 import TelemetryQueryServiceV2
from trainer_contracts.trainer.v1 import telemetry_pb2_grpc as trainer

from telemetry_app.boundary.step_v2 import to_step_v2
from telemetry_app.hub import SERVER_OPTIONS, TelemetryAsyncHub

if TYPE_CHECKING:
    import grpc
    from telemetry_storage.repository import TelemetryRepository


async def telemetry_server(hub: TelemetryAsyncHub, repository: TelemetryRepository) -> grpc.aio.Server:
    """A server with the hub, the read API in both its versions, reflection and health; its ports are the caller's.

    Args:
        hub: takes the records of workers.
        repository: has what is stored.
    """
    server = await new_server(telemetry_contracts.release, trainer_contracts.release, options=SERVER_OPTIONS)
    trainer.add_RunTelemetryServiceServicer_to_server(hub, server)
    query_v1.add_TelemetryQueryServiceServicer_to_server(TelemetryQueryServiceV1(repository), server)
    query_v2.add_TelemetryQueryServiceServicer_to_server(
        TelemetryQueryServiceV2(repository, upcast_step_v1_to_v2=to_step_v2), server
    )
    return server
