"""A worker: plays a gymnasium environment, and streams each step to the hub.

python -m telemetry_app.worker --hub localhost:50051 --env FrozenLake-v1 --episodes 50
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import grpc
import gymnasium
import numpy as np
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer
from trainer_contracts.trainer.v1 import telemetry_pb2_grpc as trainer_grpc

from telemetry_app.console.printed import failed
from telemetry_app.console.settings import SettingsParser, address, at_least, between, seconds
from telemetry_app.delivery import Delivery

_PAYLOAD_VERSION = 1
_INTERRUPTED = 130
"""The exit code of a command that SIGINT ended (https://tldp.org/LDP/abs/html/exitcodes.html)."""


class PlayError(Exception):
    """An environment cannot be played; the text says which one, and why."""


def new_run_id() -> str:
    """A run id that no other worker has: the time, UTC, and 8 random hex digits."""
    return f"run-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def played(
    env_id: str, *, run_id: str, episodes: int, seed: int, agent_id: str | None = None
) -> Iterator[trainer.RunStep | trainer.RunEpisode]:
    """The steps of a random agent, and each episode after its steps; the same for the same seed.

    Args:
        env_id: the environment, as gymnasium names it.
        run_id: the training run.
        episodes: how many to play.
        seed: of the first episode; each next one has the next.
        agent_id: the acting agent.

    Raises:
        PlayError: gymnasium has no such environment, it failed, or JSON cannot hold what it gave.
    """
    try:
        yield from _played(env_id, run_id, episodes, seed, agent_id)
    except Exception as error:  # an environment is anybody's code
        raise PlayError(f"{env_id} cannot be played: {error}") from error


def _played(
    env_id: str, run_id: str, episodes: int, seed: int, agent_id: str | None
) -> Iterator[trainer.RunStep | trainer.RunEpisode]:
    env = gymnasium.make(env_id)
    worker_id = f"worker-{os.getpid()}"
    common: dict[str, Any] = {"run_id": run_id, "agent_id": agent_id, "game_id": env_id, "worker_id": worker_id}
    time_step = 0
    for number in range(episodes):
        episode_seed = seed + number
        key = {**common, "episode_id": f"{agent_id or 'agent'}-{number:06}"}
        env.action_space.seed(episode_seed)
        observation, info = env.reset(seed=episode_seed)
        yield _step(key, 0, None, observation, 0.0, (False, False), info, time_step, episode_seed)
        index, total, ended = 0, 0.0, (False, False)
        while not any(ended):
            action = env.action_space.sample()
            observation, reward, terminated, truncated, info = env.step(action)
            index, total, ended = index + 1, total + float(reward), (bool(terminated), bool(truncated))
            time_step += 1
            yield _step(key, index, action, observation, float(reward), ended, info, time_step, episode_seed)
        episode = trainer.RunEpisode(**key, total_reward=total, steps=index, terminated=ended[0], truncated=ended[1])
        episode.timestamp.FromDatetime(datetime.now(UTC))
        yield episode
    env.close()


def _step(  # noqa: PLR0917
    key: dict[str, Any],
    index: int,
    action: Any,
    observation: Any,
    reward: float,
    ended: tuple[bool, bool],
    info: dict[str, Any],
    time_step: int,
    seed: int,
) -> trainer.RunStep:
    step = trainer.RunStep(
        **key,
        step_index=index,
        observation_json=_json(observation),
        reward=reward,
        terminated=ended[0],
        truncated=ended[1],
        payload_version=_PAYLOAD_VERSION,
        time_step=time_step,
        episode_seed=seed,
    )
    if action is not None:
        step.action_json = _json(action)
    if info:
        step.info_json = _json(info)
    step.timestamp.FromDatetime(datetime.now(UTC))
    return step


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """A number or an array of numpy as a value of JSON."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON")


async def stream(
    hub: str,
    messages: Iterator[trainer.RunStep | trainer.RunEpisode],
    *,
    patience: float = 60.0,
    window: int = 1000,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, int]:
    """Send messages to the hub, again after a broken connection, until all are stored.

    Args:
        hub: its address, HOST:PORT.
        messages: what to send.
        patience: how long to try to reach a hub that is away, in seconds.
        window: how many steps, and how many episodes, may be on their way before the worker waits.
        progress: told how many steps and how many episodes are stored, as often as that grows.

    Returns:
        How many steps and how many episodes are stored.

    Raises:
        grpc.aio.AioRpcError: the hub refused one, or stayed away.
    """

    def stored() -> None:
        if progress:
            progress(steps.stored, episodes.stored)

    steps = Delivery[trainer.PublishRunStepsRequest](window=window, patience=patience, progress=stored)
    episodes = Delivery[trainer.PublishRunEpisodesRequest](window=window, patience=patience, progress=stored)

    async def play() -> None:
        for message in messages:
            if isinstance(message, trainer.RunStep):
                await steps.put(trainer.PublishRunStepsRequest(step=message))
            else:
                await episodes.put(trainer.PublishRunEpisodesRequest(episode=message))
            await asyncio.sleep(0)  # what is played must get out between two steps
        steps.end()
        episodes.end()

    try:
        async with grpc.aio.insecure_channel(hub) as channel, asyncio.TaskGroup() as tasks:
            stub = trainer_grpc.RunTelemetryServiceStub(channel)
            tasks.create_task(play())
            tasks.create_task(steps.run(stub.PublishRunSteps))
            tasks.create_task(episodes.run(stub.PublishRunEpisodes))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return steps.stored, episodes.stored


def worker_settings() -> SettingsParser:
    """The settings of a worker."""
    parser = SettingsParser("Play a gymnasium environment, and stream each step to the hub.")
    parser.setting("--hub", read=address, default="127.0.0.1:50051", about="HOST:PORT")
    parser.setting("--env", default="FrozenLake-v1", about="the environment, as gymnasium names it")
    parser.setting("--run", about="the id of the training run; by default a new one, which is printed")
    parser.setting("--agent", about="the id of the agent")
    parser.setting("--episodes", read=at_least(0), default=50, about="how many to play")
    parser.setting("--seed", read=between(0, 2**31 - 1), default=0, about="the seed of the first episode")
    parser.setting("--patience", read=seconds, default=60.0, about="how long the hub may be away, in seconds")
    parser.setting("--window", read=at_least(1), default=1000, about="steps on their way before the worker waits")
    parser.switch("--progress", about="print how many are stored, as often as that grows")
    return parser


def main() -> int:
    """The command; 2 where the environment cannot be played, or the hub refused something or stayed away."""
    settings = worker_settings().values()
    logging.basicConfig(format="%(message)s")
    if settings.run is None:
        settings.run = new_run_id()
        print(f"run: {settings.run}", file=sys.stderr, flush=True)
    messages = played(
        settings.env, run_id=settings.run, episodes=settings.episodes, seed=settings.seed, agent_id=settings.agent
    )
    progress = _print_stored if settings.progress else None
    delivery = {"patience": settings.patience, "window": settings.window, "progress": progress}
    try:
        steps, episodes = asyncio.run(stream(settings.hub, messages, **delivery))
    except grpc.aio.AioRpcError as error:
        return failed(f"{settings.hub} answered {error.code().name}: {error.details()}")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    except PlayError as error:
        return failed(error)
    _print_stored(steps, episodes)
    return 0


def _print_stored(steps: int, episodes: int) -> None:
    print(f"stored: {steps} steps, {episodes} episodes", flush=True)


if __name__ == "__main__":
    sys.exit(main())
