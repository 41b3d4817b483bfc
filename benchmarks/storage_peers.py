"""SQLAlchemy on the tables of the generated migrations: its Core with dicts, and its ORM with objects.

Either values are converted by hand, as generated code does it, or SQLAlchemy's own types for datetimes, booleans
and JSON do it, as is usual.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fieldstone_runtime.json_values import dump_json  # type: ignore[import-not-found, unused-ignore]
from fieldstone_runtime.values import EPOCH  # type: ignore[import-not-found, unused-ignore]
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Engine,
    Float,
    Integer,
    LargeBinary,
    Table,
    Text,
    TypeDecorator,
    insert,
)
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:
    from telemetry_app.records import StepRecord  # type: ignore[import-not-found, unused-ignore]

Types = dict[str, TypeEngine[Any]]

COLUMNS = (
    "run_id episode_id step_index agent_id game_id action observation reward terminated truncated info render_payload "
    "render_hint timestamp episode_seed frame_ref payload_version seq_id worker_id time_step space_signature "
    "vector_metadata".split()
)
KEY = COLUMNS[:3]


class _JSONInText(TypeDecorator[Any]):
    """JSON in a column of text: SQLAlchemy would cast to `json` in PostgreSQL."""

    impl = Text
    cache_ok = True

    def __init__(self, *, none_as_null: bool) -> None:
        super().__init__()
        self.none_as_null = none_as_null

    def process_bind_param(self, value: Any, _dialect: object) -> str | None:
        return None if value is None and self.none_as_null else json.dumps(value)


SQLITE: Types = {
    **{name: Text() for name in COLUMNS},
    **{
        name: Integer()
        for name in "step_index terminated truncated timestamp episode_seed payload_version seq_id time_step".split()
    },
    "reward": Float(),
    "render_payload": LargeBinary(),
}
POSTGRES: Types = {
    **SQLITE,
    **{name: BigInteger() for name in "step_index episode_seed seq_id time_step".split()},
    **{name: Boolean() for name in ("terminated", "truncated")},
    "timestamp": DateTime(timezone=True),
}
_TYPED: Types = {
    "timestamp": DateTime(timezone=True),
    **{name: Boolean() for name in ("terminated", "truncated")},
    **{
        name: JSON(none_as_null=name != "observation")
        for name in "action observation info render_hint space_signature vector_metadata".split()
    },
}
SQLITE_TYPED: Types = {**SQLITE, **_TYPED}
POSTGRES_TYPED: Types = {
    **POSTGRES,
    **{name: _JSONInText(none_as_null=kind.none_as_null) for name, kind in _TYPED.items() if isinstance(kind, JSON)},
}


def mapped(types: Types) -> Any:
    """The ORM's class of a step, with these types; its `__table__` is Core's."""

    class Base(DeclarativeBase):
        pass

    columns = {name: mapped_column(kind, primary_key=name in KEY) for name, kind in types.items()}
    return type("Step", (Base,), {"__tablename__": "telemetry_steps", **columns})


def values(record: StepRecord, timestamp: object, flag: type[int]) -> dict[str, Any]:
    """A record as SQLAlchemy takes it; `flag` is bool where the database has booleans, else int."""
    return {
        "run_id": record.run_id,
        "episode_id": record.episode_id,
        "step_index": record.step_index,
        "agent_id": record.agent_id,
        "game_id": record.game_id,
        "action": None if record.action is None else dump_json(record.action),
        "observation": dump_json(record.observation),
        "reward": record.reward,
        "terminated": flag(record.terminated),
        "truncated": flag(record.truncated),
        "info": None if record.info is None else dump_json(record.info),
        "render_payload": record.render_payload,
        "render_hint": None if record.render_hint is None else dump_json(record.render_hint),
        "timestamp": timestamp,
        "episode_seed": record.episode_seed,
        "frame_ref": record.frame_ref,
        "payload_version": record.payload_version,
        "seq_id": record.seq_id,
        "worker_id": record.worker_id,
        "time_step": record.time_step,
        "space_signature": None if record.space_signature is None else dump_json(record.space_signature),
        "vector_metadata": None if record.vector_metadata is None else dump_json(record.vector_metadata),
    }


def sqlite_values(record: StepRecord) -> dict[str, Any]:
    """The values of the SQLite table."""
    assert record.timestamp is not None
    since = record.timestamp - EPOCH
    micros = (since.days * 86400 + since.seconds) * 1000000 + since.microseconds
    return values(record, micros, int)


def postgres_values(record: StepRecord) -> dict[str, Any]:
    """The values of the PostgreSQL table."""
    return values(record, record.timestamp, bool)


def typed_values(record: StepRecord) -> dict[str, Any]:
    """A record as it is: the types convert."""
    return {
        "run_id": record.run_id,
        "episode_id": record.episode_id,
        "step_index": record.step_index,
        "agent_id": record.agent_id,
        "game_id": record.game_id,
        "action": record.action,
        "observation": record.observation,
        "reward": record.reward,
        "terminated": record.terminated,
        "truncated": record.truncated,
        "info": record.info,
        "render_payload": record.render_payload,
        "render_hint": record.render_hint,
        "timestamp": record.timestamp,
        "episode_seed": record.episode_seed,
        "frame_ref": record.frame_ref,
        "payload_version": record.payload_version,
        "seq_id": record.seq_id,
        "worker_id": record.worker_id,
        "time_step": record.time_step,
        "space_signature": record.space_signature,
        "vector_metadata": record.vector_metadata,
    }


def core_insert(engine: Engine, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """A batch by Core."""
    with engine.begin() as connection:
        connection.execute(insert(table), rows)


def orm_insert(engine: Engine, step: Any, rows: Sequence[dict[str, Any]]) -> None:
    """A batch by the ORM's unit of work."""
    with Session(engine) as session:
        session.add_all([step(**row) for row in rows])
        session.commit()
