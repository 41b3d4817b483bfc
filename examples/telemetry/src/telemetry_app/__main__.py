"""The hub with its writer, its live view and the read API.

python -m telemetry_app --store telemetry.db --host 127.0.0.1 --port 50051
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

from fieldstone_runtime.errors import StorageError
from rich.console import Console

from telemetry_app.bus import RunBus
from telemetry_app.console import screen
from telemetry_app.console.printed import failed
from telemetry_app.console.settings import SettingsParser, address, at_least, between
from telemetry_app.hub import TelemetryAsyncHub
from telemetry_app.live import LiveTelemetryController
from telemetry_app.plot import picture_name, plot_rewards
from telemetry_app.server import telemetry_server
from telemetry_app.store import ADDRESSES, open_store, store_address
from telemetry_app.writer import TelemetryWriterService

_GRACE_SECONDS = 5.0


async def serve(settings: argparse.Namespace) -> None:
    """Take telemetry until SIGINT or SIGTERM; then store what was taken, and end.

    The first line printed has the address: port 0 takes a free one.

    Args:
        settings: the values of `hub_settings`.

    Raises:
        StorageError: the database cannot be opened, migrated or, at the end, written.
        RuntimeError: the address is taken.
        OSError: the folder for the plots cannot be made.
    """
    asked = _asked_to_stop()
    if settings.plots:
        settings.plots.mkdir(parents=True, exist_ok=True)
    repository, checkpoint = open_store(settings.store)
    repository.migrate()
    bus = RunBus()
    controller = LiveTelemetryController(bus, capacity=settings.live_queue)
    writer = TelemetryWriterService(bus, repository, checkpoint=checkpoint, capacity=settings.writer_queue)
    hub = TelemetryAsyncHub(bus, repository)
    server = await telemetry_server(hub, repository)
    listen = settings.listen or _joined(settings.host, settings.port)
    port = server.add_insecure_port(listen)
    await server.start()
    print(f"listening on {listen.rpartition(':')[0]}:{port}", flush=True)
    following = asyncio.create_task(controller.run())
    writing = asyncio.create_task(writer.run())
    drawing = None if settings.quiet else asyncio.create_task(screen.show(controller, Console(stderr=True)))
    await asyncio.wait([asyncio.create_task(asked.wait()), writing], return_when=asyncio.FIRST_COMPLETED)
    hub.stop()
    await server.stop(_GRACE_SECONDS)
    bus.close()
    await _written(writer, writing)
    await following
    await asyncio.get_running_loop().shutdown_default_executor()  # readers may still use the database
    if drawing:
        drawing.cancel()
        with suppress(asyncio.CancelledError):
            await drawing
    if settings.plots:
        _plot(controller, settings.plots)
    seen = f"live view saw: {controller.seen}, dropped: {controller.dropped}"
    print(f"stored: {writer.stored}, new: {writer.new}, {seen}", flush=True)
    repository.close()


def _plot(controller: LiveTelemetryController, folder: Path) -> None:
    for run_id, run in controller.runs.items():
        plot_rewards(run_id, run.rewards, folder / picture_name(run_id))


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


async def _written(writer: TelemetryWriterService, writing: asyncio.Task[None]) -> None:
    """Wait until all is stored, for as long as something is."""
    while not writing.done():
        before = writer.stored
        await asyncio.wait([writing], timeout=_GRACE_SECONDS)
        if writer.stored == before and not writing.done():
            writing.cancel()
            raise StorageError("the database takes nothing; workers will send again what they were not answered for")
    await writing


def _asked_to_stop() -> asyncio.Event:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    return asked


def hub_settings() -> SettingsParser:
    """The settings of the hub."""
    parser = SettingsParser("Take the telemetry of workers, show it and store it.")
    parser.setting("--store", "--database", read=store_address, required=True, about=ADDRESSES)
    parser.setting("--host", default="127.0.0.1", about="the address to listen on")
    parser.setting("--port", read=between(0, 65535), default=50051, about="the port; 0 takes a free one")
    parser.setting("--listen", read=address, about="HOST:PORT, instead of both")
    parser.setting("--writer-queue", read=at_least(1), default=5000, about="records that wait to be stored, at most")
    parser.setting("--live-queue", read=at_least(1), default=1000, about="events that wait to be shown, at most")
    parser.switch("--quiet", about="no live view")
    parser.setting("--plots", read=Path, about="a folder for a picture of each run's rewards at the end")
    return parser


def main() -> int:
    """The command; 2 where it cannot begin."""
    settings = hub_settings().values()
    try:
        asyncio.run(serve(settings))
    except (StorageError, RuntimeError, OSError) as error:
        return failed(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
