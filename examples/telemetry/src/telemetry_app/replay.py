"""A replay: prints the steps of a run, or of one episode, in the order played.

python -m telemetry_app.replay --hub localhost:50051 --run RUN --episode EPISODE --speed 2
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

import grpc
from telemetry_contracts.telemetry.v1.telemetry_query_v1_client import TelemetryQueryServiceAsyncClient
from telemetry_storage.mapper import TelemetryMapper

from telemetry_app.console.printed import failed, printable
from telemetry_app.console.settings import SettingsParser, address, speed
from telemetry_app.records import StepRecord

if TYPE_CHECKING:
    from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2 as query

_INTERRUPTED = 130


class NoStepsError(Exception):
    """There is nothing to replay; the text says of what."""


async def replayed(hub: str, run_id: str, episode_id: str | None = None) -> AsyncIterator[StepRecord]:
    """The stored steps of a run, or of one of its episodes, in the order played.

    Args:
        hub: its address, HOST:PORT.
        run_id: the training run.
        episode_id: the episode; None for all, as they were played side by side.

    Raises:
        grpc.aio.AioRpcError: the hub refused, or is away.
    """
    async with grpc.aio.insecure_channel(hub) as channel:
        # The mapper takes v1, whose owner this application is: it needs no warning that v1 is deprecated.
        client = TelemetryQueryServiceAsyncClient(channel, consumer="telemetry-replay", deprecations=False)
        answers: AsyncIterator[query.ReplayStepsResponse | query.StreamEpisodeStepsResponse] = (
            client.replay_steps(run_id=run_id)
            if episode_id is None
            else client.stream_episode_steps(run_id=run_id, episode_id=episode_id)
        )
        async for answer in answers:
            yield TelemetryMapper.from_dto_step(answer.step)


async def paced(steps: AsyncIterator[StepRecord], pace: float) -> AsyncIterator[StepRecord]:
    """Give steps in time, as far apart as their timestamps are.

    Args:
        steps: the steps, in the order played; one without a timestamp comes at once.
        pace: the factor of the recording's speed: 2 is twice as fast, infinity as fast as possible.
    """
    first: datetime | None = None
    began = 0.0
    async for step in steps:
        if step.timestamp is not None:
            if first is None:
                first, began = step.timestamp, monotonic()
            due = began + (step.timestamp - first).total_seconds() / pace
            await asyncio.sleep(max(0.0, due - monotonic()))
        yield step


def line(step: StepRecord) -> str:
    """A step in one line: time, episode and index, then what was done, seen and earned."""
    at = f"{step.timestamp:%H:%M:%S.%f}"[:-3] if step.timestamp else "-"
    ended = " terminated" * step.terminated + " truncated" * step.truncated
    parts = (at, step.episode_id, f"#{step.step_index}", f"action {step.action}", f"observation {step.observation}")
    return printable(f"{'  '.join(parts)}  reward {step.reward}{ended}")


async def replay(hub: str, run_id: str, episode_id: str | None, pace: float) -> int:
    """Print a replay.

    Returns:
        How many steps it has.

    Raises:
        NoStepsError: it has none.
        grpc.aio.AioRpcError: the hub refused, or is away.
    """
    count = 0
    async for step in paced(replayed(hub, run_id, episode_id), pace):
        print(line(step), flush=True)
        count += 1
    if not count:
        of = f"run {run_id!r}" if episode_id is None else f"episode {episode_id!r} of run {run_id!r}"
        raise NoStepsError(f"{hub} has no steps of {of}")
    return count


def replay_settings() -> SettingsParser:
    """The settings of a replay."""
    parser = SettingsParser(
        "Print the steps of a run, or of one episode, in the order and at the pace in which they were played."
    )
    parser.setting("--hub", read=address, default="127.0.0.1:50051", about="HOST:PORT")
    parser.setting("--run", required=True, about="the id of the training run")
    parser.setting("--episode", about="the id of an episode; by default all of the run")
    parser.setting("--speed", read=speed, default=1.0, about='2 is twice as fast, "max" as fast as possible')
    return parser


def main() -> int:
    """The command; 2 where there is nothing to replay."""
    settings = replay_settings().values()
    logging.basicConfig(format="%(message)s")
    try:
        count = asyncio.run(replay(settings.hub, settings.run, settings.episode, settings.speed))
    except grpc.aio.AioRpcError as error:
        return failed(f"{settings.hub} answered {error.code().name}: {error.details()}")
    except NoStepsError as error:
        return failed(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    print(f"replayed: {count} steps", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
