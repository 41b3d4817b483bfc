"""A picture of a run's rewards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from telemetry_app.plot import picture_name
from telemetry_app.records import EpisodeRollup
from telemetry_storage.sqlite import SQLiteTelemetryRepository


def plotted(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "telemetry_app.plot", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with a run of five episodes, whose name is nothing for matplotlib."""
    repository = SQLiteTelemetryRepository(tmp_path / "t.db")
    repository.migrate()
    for number in range(5):
        repository.add_episode(
            EpisodeRollup(
                run_id="$run_{",
                episode_id=str(number),
                total_reward=float("nan") if number == 3 else number,
                steps=1,
                terminated=True,
                truncated=False,
                seq_id=number,
            )
        )
    repository.close()
    return tmp_path / "t.db"


@pytest.mark.parametrize(("name", "begins"), [("r.svg", b"<?xml"), ("r.png", b"\x89PNG")])
def test_a_run_is_drawn(name: str, begins: bytes, database: Path) -> None:
    done = plotted("--database", database, "--run", "$run_{", "--picture", database.parent / name)
    assert (done.returncode, done.stderr) == (0, "")
    assert (database.parent / name).read_bytes().startswith(begins)


def test_what_cannot_be_drawn_is_said(database: Path) -> None:
    for run, picture, problem in [
        ("other", "r.svg", "has no episodes of a run called other"),
        ("$run_{", "r.txt", "Format 'txt' is not supported"),
        ("$run_{", "none/r.svg", "No such file or directory"),
    ]:
        done = plotted("--database", database, "--run", run, "--picture", database.parent / picture)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert problem in done.stderr
    done = plotted("--database", database.parent / "none.db", "--run", "r", "--picture", "r.svg")
    assert "there is no" in done.stderr
    assert not (database.parent / "none.db").exists()


@pytest.mark.parametrize("run_id", ["run", "../../etc/passwd", "/etc/run", "é" * 500, ".", "a b"])
def test_a_run_is_drawn_in_its_folder_whatever_it_is_called(run_id: str, tmp_path: Path) -> None:
    path = tmp_path / picture_name(run_id)
    path.write_bytes(b"")
    assert path.parent == tmp_path
    assert list(tmp_path.iterdir()) == [path]
