"""The hub with its writer, its live view and the read API.

python -m telemetry_app --database telemetry.db --listen 127.0.0.1:50051
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

from fieldstone_runtime.errors import StorageError
from fieldstone_runtime.sqlite import SQLiteDatabase
from rich.console import Console
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from telemetry_app import screen
from telemetry_app.bus import RunBus
from telemetry_app.hub import TelemetryAsyncHub
from telemetry_app.live import LiveTelemetryController
from telemetry_app.plot import picture_name, plot_rewards
from telemetry_app.server import telemetry_server
from telemetry_app.writer import TelemetryWriterService

_GRACE_SECONDS = 5.0


async def serve(database: Path, listen: str, *, quiet: bool, plots: Path | None) -> None:
    """Take telemetry until SIGINT or SIGTERM; then store what was taken, and end.

    Args:
        database: the SQLite file.
        listen: HOST:PORT; port 0 takes a free one. The first line printed tells which.
        quiet: no live view.
        plots: a folder for a picture of the rewards of each run at the end.

    Raises:
        StorageError: the database cannot be opened, migrated or, at the end, written.
        RuntimeError: the address is taken.
    """
    asked = _asked_to_stop()
    opened = SQLiteDatabase(database)
    repository = SQLiteTelemetryRepository(opened)
    repository.migrate()
    bus = RunBus()
    controller = LiveTelemetryController(bus)
    writer = TelemetryWriterService(bus, repository, checkpoint=opened.checkpoint)
    hub = TelemetryAsyncHub(bus, repository)
    server = await telemetry_server(hub, repository)
    port = server.add_insecure_port(listen)
    await server.start()
    print(f"listening on {listen.rpartition(':')[0]}:{port}", flush=True)
    following = asyncio.create_task(controller.run())
    writing = asyncio.create_task(writer.run())
    drawing = None if quiet else asyncio.create_task(screen.show(controller, Console(stderr=True)))
    await asyncio.wait([asyncio.create_task(asked.wait()), writing], return_when=asyncio.FIRST_COMPLETED)
    hub.stop()
    await server.stop(_GRACE_SECONDS)
    bus.close()
    await _written(writer, writing)
    await following
    await asyncio.get_running_loop().shutdown_default_executor()  # whoever still reads must not lose the database
    if drawing:
        drawing.cancel()
        with suppress(asyncio.CancelledError):
            await drawing
    for run_id, run in controller.runs.items() if plots else ():
        plot_rewards(run_id, run.rewards, Path(plots or ".", picture_name(run_id)))
    seen = f"live view saw: {controller.seen}, dropped: {controller.dropped}"
    print(f"stored: {writer.stored}, new: {writer.new}, {seen}", flush=True)
    repository.close()


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


def main() -> int:
    """The command; 2 where it cannot begin."""
    parser = argparse.ArgumentParser(description="Take the telemetry of workers, show it and store it.")
    parser.add_argument("--database", type=Path, required=True, help="an SQLite file")
    parser.add_argument("--listen", default="127.0.0.1:50051", help="HOST:PORT; port 0 takes a free one")
    parser.add_argument("--quiet", action="store_true", help="no live view")
    parser.add_argument("--plots", type=Path, help="a folder for a picture of each run's rewards at the end")
    asked = parser.parse_args()
    try:
        asyncio.run(serve(asked.database, asked.listen, quiet=asked.quiet, plots=asked.plots))
    except (StorageError, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
