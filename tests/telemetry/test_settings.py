"""Settings of the commands: from options, from TELEMETRY_* variables, and wrong ones told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from telemetry_app.__main__ import hub_settings
from telemetry_app.replay import replay_settings
from telemetry_app.worker import new_run_id, worker_settings

if TYPE_CHECKING:
    from telemetry_app.console.settings import SettingsParser

HUB = {
    "TELEMETRY_STORE": "a.db",
    "TELEMETRY_HOST": "::1",
    "TELEMETRY_PORT": "7",
    "TELEMETRY_LISTEN": "localhost:8",
    "TELEMETRY_WRITER_QUEUE": "70",
    "TELEMETRY_LIVE_QUEUE": "80",
    "TELEMETRY_QUIET": "Yes",
    "TELEMETRY_PLOTS": "plots",
}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for parser in (hub_settings(), worker_settings(), replay_settings()):
        for action in parser._actions:  # noqa: SLF001
            monkeypatch.delenv(f"TELEMETRY_{action.dest.upper()}", raising=False)


def values(parser: SettingsParser, *arguments: str) -> dict[str, object]:
    return vars(parser.values(arguments))


def test_defaults() -> None:
    assert values(hub_settings(), "--store", "t.db") == {
        "store": "t.db",
        "host": "127.0.0.1",
        "port": 50051,
        "listen": None,
        "writer_queue": 5000,
        "live_queue": 1000,
        "quiet": False,
        "plots": None,
    }


def test_variables_stand_in_for_options_and_options_win(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in HUB.items():
        monkeypatch.setenv(name, value)
    expected = ["a.db", "::1", 7, "localhost:8", 70, 80, True, Path("plots")]
    assert list(values(hub_settings()).values()) == expected
    given = values(hub_settings(), "--store", "b.db", "--port", "9", "--live-queue", "1")
    assert (given["store"], given["port"], given["live_queue"]) == ("b.db", 9, 1)
    assert given["writer_queue"] == 70


def test_every_setting_of_the_hub_has_a_variable() -> None:
    found = {f"TELEMETRY_{action.dest.upper()}" for action in hub_settings()._actions if action.dest != "help"}  # noqa: SLF001
    assert found == HUB.keys()


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("TELEMETRY_STORE", "", "give --store, or set TELEMETRY_STORE"),
        ("TELEMETRY_STORE", "mysql://u:secret@h/d", "must be a file such as telemetry.db, or postgresql://"),
        ("TELEMETRY_PORT", "70000", "TELEMETRY_PORT: must be a whole number from 0 to 65535, and is '70000'"),
        ("TELEMETRY_PORT", "x\ny", r"TELEMETRY_PORT: must be a whole number from 0 to 65535, and is 'x\ny'"),
        ("TELEMETRY_PORT", "٣", "TELEMETRY_PORT: must be a whole number"),
        ("TELEMETRY_LISTEN", "host", "TELEMETRY_LISTEN: must be HOST:PORT with a port from 0 to 65535"),
        ("TELEMETRY_LISTEN", "::1:5", "TELEMETRY_LISTEN: must be HOST:PORT"),
        ("TELEMETRY_WRITER_QUEUE", "0", "TELEMETRY_WRITER_QUEUE: must be a whole number of at least 1, and is '0'"),
        ("TELEMETRY_LIVE_QUEUE", "1.5", "TELEMETRY_LIVE_QUEUE: must be a whole number of at least 1, and is '1.5'"),
        ("TELEMETRY_QUIET", "maybe", "TELEMETRY_QUIET: must be one of 1, true"),
    ],
)
def test_a_wrong_variable_is_named_in_one_line(
    variable: str, value: str, problem: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TELEMETRY_STORE", "t.db")
    monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as ended:
        values(hub_settings())
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ")
    assert problem in told
    assert told.count("\n") == 1
    assert "secret" not in told


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--episodes", "-1"], "--episodes: must be a whole number of at least 0, and is '-1'"),
        (["--patience", "nan"], "--patience: must be a number of seconds, 0 or more, and is 'nan'"),
        (["--window", "0"], "--window: must be a whole number of at least 1"),
        (["--hub", "100%s"], "--hub: must be HOST:PORT with a port from 0 to 65535, and is '100%s'"),
        (["--nothing"], "unrecognized arguments: --nothing"),
    ],
)
def test_a_wrong_option_is_named_in_one_line(
    arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        values(worker_settings(), *arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: {problem}")


@pytest.mark.parametrize(("text", "speed"), [("2", 2.0), ("max", float("inf")), ("0.5", 0.5)])
def test_speeds(text: str, speed: float) -> None:
    assert values(replay_settings(), "--run", "r", "--speed", text)["speed"] == speed


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "fast"])
def test_what_is_no_speed(text: str) -> None:
    with pytest.raises(SystemExit):
        values(replay_settings(), "--run", "r", "--speed", text)


def test_run_ids_are_unique() -> None:
    assert len({new_run_id() for _ in range(1000)}) == 1000
    assert values(worker_settings())["run"] is None
