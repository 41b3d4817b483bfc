"""The writer's former name."""

from __future__ import annotations

from typing import Any
from warnings import warn

from telemetry_app.writer import TelemetryWriterService


class TelemetryDBSink(TelemetryWriterService):
    """Deprecated: `TelemetryWriterService` with the same arguments."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        warn("TelemetryDBSink is now TelemetryWriterService", DeprecationWarning, stacklevel=2)
        super().__init__(*arguments, **named)
