"""A worker: plays a gymnasium environment, and streams each step to the hub.

python -m telemetry_app.worker --hub localhost:50051 --env FrozenLake-v1 --episodes 50
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import grpc
import gymnasium
import numpy as np
from trainer_contracts.trainer.v1 import telemetry_pb2 as trainer
from trainer_contracts.trainer.v1 import telemetry_pb2_grpc as trainer_grpc

from telemetry_app.delivery import Delivery

_PAYLOAD_VERSION = 1


def played(
    env_id: str, *, run_id: str, episodes: int, seed: int, agent_id: str | None = None
) -> Iterator[trainer.RunStep | trainer.RunEpisode]:
    """The steps of a random agent, and after each episode what became of it; the same for the same seed.

    Args:
        env_id: the environment, as gymnasium names it.
        run_id: the training run.
        episodes: how many to play.
        seed: of the first episode; each next one has the next.
        agent_id: the acting agent.
    """
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
    """What JSON has for a number or an array of numpy."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON")


async def stream(
    hub: str,
    messages: Iterator[trainer.RunStep | trainer.RunEpisode],
    *,
    patience: float = 60.0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[int, int]:
    """Send messages to the hub, again after a broken connection, until all are stored.

    Args:
        hub: its address, HOST:PORT.
        messages: what to send.
        patience: how long to try to reach a hub that is away, in seconds.
        progress: told how many steps and how many episodes are stored, as often as that grows.

    Returns:
        How many steps and how many episodes are stored.

    Raises:
        grpc.aio.AioRpcError: the hub refused one, or stayed away.
    """

    def stored() -> None:
        if progress:
            progress(steps.stored, episodes.stored)

    steps = Delivery[trainer.PublishRunStepsRequest](patience=patience, progress=stored)
    episodes = Delivery[trainer.PublishRunEpisodesRequest](patience=patience, progress=stored)

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


def main() -> int:
    """The command; 2 where the hub refused something, or stayed away."""
    parser = argparse.ArgumentParser(description="Play a gymnasium environment, and stream each step to the hub.")
    parser.add_argument("--hub", required=True, help="HOST:PORT")
    parser.add_argument("--env", default="FrozenLake-v1", help="as gymnasium names it")
    parser.add_argument("--run", default="run", help="the id of the training run")
    parser.add_argument("--agent", default=None, help="the id of the agent")
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=60.0, help="how long a hub may be away, in seconds")
    parser.add_argument("--progress", action="store_true", help="print how many are stored, as often as that grows")
    asked = parser.parse_args()
    progress = _print_stored if asked.progress else None
    messages = played(asked.env, run_id=asked.run, episodes=asked.episodes, seed=asked.seed, agent_id=asked.agent)
    try:
        steps, episodes = asyncio.run(stream(asked.hub, messages, patience=asked.patience, progress=progress))
    except grpc.aio.AioRpcError as error:
        print(f"error: {asked.hub} answered {error.code().name}: {error.details()}", file=sys.stderr)
        return 2
    _print_stored(steps, episodes)
    return 0


def _print_stored(steps: int, episodes: int) -> None:
    print(f"stored: {steps} steps, {episodes} episodes", flush=True)


if __name__ == "__main__":
    sys.exit(main())
