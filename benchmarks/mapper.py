"""Generated mappers against what people write by hand, betterproto2 and json_format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from telemetry_contracts.telemetry.v1 import telemetry_v1_pb2  # type: ignore[import-not-found, unused-ignore]

from benchmarks import mapper_others as others
from benchmarks import mapper_peers as peers
from benchmarks.rounds import Case, Goal, Run, own_cpu, repeated, report
from benchmarks.steps import KINDS, episode

Call = Callable[[Any], object]

MESSAGES = 50
"""Kept alive together, as in a batch."""

SAMPLE_S = 0.004
ROUNDS = 41

BEST, USUAL, BETTERPROTO, JSON = "hand-written", "usual style", "betterproto2", "json_format"
_UPB = (Goal(BEST, at_most=1.05), Goal(USUAL, at_least=1.8))
_ALL = (*_UPB, Goal(BETTERPROTO, at_least=15), Goal(JSON, at_least=15))


def main(run: Run, scratch: Path) -> None:
    """Measure both ways, to and from the message alone and with its bytes."""
    mapper = import_module("telemetry_storage.mapper")
    better = others.betterproto_step(scratch)
    rounds = run.rounds_or(ROUNDS)
    print(
        "\nCPU time of this thread for one message. Goals are for mapping, so they are judged on messages without JSON;"
        "\nwhere there is JSON, the same calls of json are in every column and most of the time."
    )
    for title, table in (
        ("mapper: record -> DTO", to_dto(mapper)),
        ("mapper: DTO -> record", from_dto(mapper)),
        ("mapper: record -> bytes (JSON text for json_format)", to_bytes(mapper, better)),
        ("mapper: bytes -> record (JSON text for json_format)", from_bytes(mapper, better)),
    ):
        report(title, table(run), rounds, run.rng)


Table = Callable[[Run], list[Case]]
Ways = Callable[[list[Any]], Mapping[str, tuple[Call, Sequence[Any]]]]
"""From records to the ways to handle them: a function, and what it takes."""


def cases(run: Run, ways: Ways, goals: Sequence[Goal], episode_ways: Ways) -> list[Case]:
    """A case for each kind of step, and one for an episode."""
    count = 5 if run.quick else MESSAGES
    kinds = {"episode, no JSON": (episode, episode_ways)} | {name: (make, ways) for name, make in KINDS.items()}
    return [
        case(name, ways_of([make(number) for number in range(count)]), goals, run)
        for name, (make, ways_of) in kinds.items()
    ]


def case(name: str, ways: Mapping[str, tuple[Call, Sequence[Any]]], goals: Sequence[Goal], run: Run) -> Case:
    """A case from its ways; its goals are judged where no JSON hides the mapper."""
    shown = goals if name.endswith("no JSON") else [goal.unjudged() for goal in goals]
    return Case(
        name,
        {
            way: repeated(each(call, given), len(given), own_cpu, 0.0 if run.quick else SAMPLE_S)
            for way, (call, given) in ways.items()
        },
        [goal for goal in shown if goal.peer in ways],
    )


def each(call: Call, given: Sequence[Any]) -> Callable[[], list[object]]:
    """A function that calls for each and keeps the results."""
    return lambda: [call(item) for item in given]


def to_dto(mapper: Any) -> Table:
    """Record to message."""

    def steps(records: list[Any]) -> Mapping[str, tuple[Call, Sequence[Any]]]:
        return {
            "generated": (mapper.to_dto_step, records),
            BEST: (peers.best_to_step, records),
            USUAL: (peers.usual_to_step, records),
        }

    def episodes(records: list[Any]) -> Mapping[str, tuple[Call, Sequence[Any]]]:
        return {
            "generated": (mapper.to_dto_episode, records),
            BEST: (peers.best_to_episode, records),
            USUAL: (peers.usual_to_episode, records),
        }

    return lambda run: cases(run, steps, _UPB, episodes)


def from_dto(mapper: Any) -> Table:
    """Message to record."""

    def steps(records: list[Any]) -> Mapping[str, tuple[Call, Sequence[Any]]]:
        dtos = [mapper.to_dto_step(record) for record in records]
        for dto, record in zip(dtos, records, strict=True):
            assert mapper.from_dto_step(dto) == peers.best_from_step(dto) == peers.usual_from_step(dto) == record
        return {
            "generated": (mapper.from_dto_step, dtos),
            BEST: (peers.best_from_step, dtos),
            USUAL: (peers.usual_from_step, dtos),
        }

    def episodes(records: list[Any]) -> Mapping[str, tuple[Call, Sequence[Any]]]:
        dtos = [mapper.to_dto_episode(record) for record in records]
        for dto, record in zip(dtos, records, strict=True):
            assert (
                mapper.from_dto_episode(dto) == peers.best_from_episode(dto) == peers.usual_from_episode(dto) == record
            )
        return {
            "generated": (mapper.from_dto_episode, dtos),
            BEST: (peers.best_from_episode, dtos),
            USUAL: (peers.usual_from_episode, dtos),
        }

    return lambda run: cases(run, steps, _UPB, episodes)


def to_bytes(mapper: Any, better: Any) -> Table:
    """Record to bytes."""

    def steps(records: list[Any]) -> Mapping[str, tuple[Call, Sequence[Any]]]:
        written, best = mapper.to_dto_step, peers.best_to_step
        for record in records:
            assert written(record) == best(record) == peers.usual_to_step(record)
        return {
            "generated": (lambda record: written(record).SerializeToString(), records),
            BEST: (lambda record: best(record).SerializeToString(), records),
            USUAL: (lambda record: peers.usual_to_step(record).SerializeToString(), records),
            BETTERPROTO: (lambda record: bytes(others.betterproto_to_step(record, better)), records),
            JSON: (lambda record: json_format.MessageToJson(best(record)), records),
        }

    def episodes(records: list[Any]) -> Mapping[str, tuple[Call, Sequence[Any]]]:
        written, best = mapper.to_dto_episode, peers.best_to_episode
        for record in records:
            assert written(record) == best(record) == peers.usual_to_episode(record)
        return {
            "generated": (lambda record: written(record).SerializeToString(), records),
            BEST: (lambda record: best(record).SerializeToString(), records),
            USUAL: (lambda record: peers.usual_to_episode(record).SerializeToString(), records),
            JSON: (lambda record: json_format.MessageToJson(best(record)), records),
        }

    return lambda run: cases(run, steps, _ALL, episodes)


def from_bytes(mapper: Any, better: Any) -> Table:
    """Bytes to record."""

    def steps(records: list[Any]) -> Mapping[str, tuple[Call, Sequence[Any]]]:
        read, best, message = mapper.from_dto_step, peers.best_from_step, telemetry_v1_pb2.TelemetryStepV1
        dtos = [peers.best_to_step(record) for record in records]
        data = [dto.SerializeToString() for dto in dtos]
        for item, record in zip(data, records, strict=True):
            assert others.betterproto_from_step(better.parse(item)) == record
        return {
            "generated": (lambda item: read(message.FromString(item)), data),
            BEST: (lambda item: best(message.FromString(item)), data),
            USUAL: (lambda item: peers.usual_from_step(message.FromString(item)), data),
            BETTERPROTO: (lambda item: others.betterproto_from_step(better.parse(item)), data),
            JSON: (lambda text: best(json_format.Parse(text, message())), [*map(json_format.MessageToJson, dtos)]),
        }

    def episodes(records: list[Any]) -> Mapping[str, tuple[Call, Sequence[Any]]]:
        read, best, message = mapper.from_dto_episode, peers.best_from_episode, telemetry_v1_pb2.TelemetryEpisodeV1
        dtos = [peers.best_to_episode(record) for record in records]
        data = [dto.SerializeToString() for dto in dtos]
        return {
            "generated": (lambda item: read(message.FromString(item)), data),
            BEST: (lambda item: best(message.FromString(item)), data),
            USUAL: (lambda item: peers.usual_from_episode(message.FromString(item)), data),
            JSON: (lambda text: best(json_format.Parse(text, message())), [*map(json_format.MessageToJson, dtos)]),
        }

    return lambda run: cases(run, steps, _ALL, episodes)
