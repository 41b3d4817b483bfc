"""Plays 50 episodes of FrozenLake through worker, hub, live view, writer, outbox and relay, and reads them back.

Each stage is a process of its own, as in a trainer; the folder for their files is the only argument.
"""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
from telemetry_contracts.telemetry.v1 import telemetry_query_v1_pb2_grpc as v1
from telemetry_contracts.telemetry.v1.telemetry_query_v1_pb2 import (
    GetStepRequest,
    ListEpisodesRequest,
    ListStepsRequest,
)
from telemetry_contracts.telemetry.v2 import telemetry_query_v2_pb2_grpc as v2
from telemetry_contracts.telemetry.v2.telemetry_query_v2_pb2 import StreamStepsRequest

EPISODES = 50
PYTHON = sys.executable


def main(folder: Path) -> int:
    """Play, store, relay, count; 1 where the counts differ."""
    database, events = folder / "telemetry.db", folder / "events.db"
    hub = subprocess.Popen(
        [
            PYTHON,
            "-m",
            "telemetry_app",
            "--store",
            database,
            "--port",
            "0",
            "--quiet",
            "--plots",
            folder,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert hub.stdout is not None
        address = hub.stdout.readline().strip().removeprefix("listening on ")
        played = _run("-m", "telemetry_app.worker", "--hub", address, "--run", "run", "--episodes", str(EPISODES))
        given = read_back(address)
        hub.send_signal(signal.SIGTERM)
        ended, _ = hub.communicate(timeout=60)
    finally:
        hub.kill()
    relayed = _run(
        "-m", "fieldstone", "relay", "--from", f"sqlite:///{database}", "--to", f"sqlite:///{events}", "--once"
    )
    stages = {
        "the worker was answered for": sum(_numbers(played)),
        "the live view saw": _number("live view saw", ended),
        "the writer stored": _number("new", ended),
        "SQLite has": _count(database, "telemetry_steps") + _count(database, "telemetry_episodes"),
        "the read API gave (v1)": given[1],
        "the read API streamed (v2)": given[2],
        "the outbox has": _count(database, "telemetry_outbox"),
        "the relay delivered": _number("delivered", relayed),
        "the second store has": _count(events, "fieldstone_events"),
    }
    for stage, count in stages.items():
        print(f"{stage:<28} {count:>6}")
    agree = len(set(stages.values())) == 1 and _count(database, "telemetry_episodes") == EPISODES
    print("all agree" if agree else "they differ")
    return 0 if agree else 1


def read_back(address: str) -> dict[int, int]:
    """How many records the read API gives by each of its versions, to the client that `telemetry-contracts` has."""
    with grpc.insecure_channel(address) as channel:
        first, second = v1.TelemetryQueryServiceStub(channel), v2.TelemetryQueryServiceStub(channel)
        answer, call = first.GetStep.with_call(GetStepRequest(run_id="run", episode_id="agent-000000", step_index=0))
        told = {str(key): str(value) for key, value in call.initial_metadata()}
        print(f"read: {answer.step.game_id}, by {told['fieldstone-contract']} {told['fieldstone-version']}")
        episodes = sum(1 for _ in pages(first.ListEpisodes, ListEpisodesRequest(run_id="run"), "episodes"))
        listed = sum(1 for _ in pages(first.ListSteps, ListStepsRequest(run_id="run"), "steps"))
        streamed = sum(1 for _ in second.StreamSteps(StreamStepsRequest(run_id="run")))
    return {1: listed + episodes, 2: streamed + episodes}


def pages(call: Callable[[Any], Any], request: Any, field: str) -> Iterator[Any]:
    """All that a paged rpc gives."""
    while True:
        page = call(request)
        yield from getattr(page, field)
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def _run(*arguments: str) -> str:
    done = subprocess.run([PYTHON, *arguments], check=True, stdout=subprocess.PIPE, text=True, timeout=120)
    print(done.stdout, end="")
    return done.stdout


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def _number(label: str, text: str) -> int:
    found = re.search(rf"\b{label}:? (\d+)", text)
    assert found, f"there is no {label!r} in {text!r}"
    return int(found[1])


def _count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        return count


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
