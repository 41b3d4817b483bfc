"""The rewards of a run, as a picture.

python -m telemetry_app.plot --database telemetry.db --run run --picture rewards.svg
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from fieldstone_runtime.errors import StorageError
from telemetry_storage.sqlite import SQLiteTelemetryRepository

_LONGEST_NAME = 200


def plot_rewards(run_id: str, rewards: Sequence[float], path: Path) -> None:
    """Draw the total reward of each episode.

    Args:
        run_id: the run, for the title.
        rewards: one for each episode, oldest first.
        path: where the picture goes; its ending says which kind: .svg or .png.

    Raises:
        ValueError: the ending is of no picture that can be drawn.
        OSError: the file cannot be written.
    """
    from matplotlib.figure import Figure  # takes half a second, and few ask for a picture

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="episode", ylabel="total reward")
    axes.set_title(run_id, parse_math=False)
    axes.plot(range(len(rewards)), rewards, linewidth=1)
    figure.savefig(path)


def picture_name(run_id: str) -> str:
    """A file's name for the picture of a run; a run may be called whatever a worker says."""
    return f"{quote(run_id, safe=' ')[:_LONGEST_NAME]}.svg"


def main() -> int:
    """The command; 2 where there is nothing to draw, or no place for it."""
    parser = argparse.ArgumentParser(description="Draw the total reward of each episode of a run.")
    parser.add_argument("--database", type=Path, required=True, help="the SQLite file of a hub")
    parser.add_argument("--run", required=True, help="the id of the training run")
    parser.add_argument("--picture", type=Path, required=True, help="where it goes: .svg or .png")
    asked = parser.parse_args()
    try:
        plot_rewards(asked.run, _rewards(asked.database, asked.run), asked.picture)
    except (StorageError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _rewards(database: Path, run_id: str) -> list[float]:
    if not database.is_file():
        raise FileNotFoundError(f"there is no {database}: name the file that the hub was given")
    repository = SQLiteTelemetryRepository(database)
    try:
        episodes = sorted(repository.episodes_by_run(run_id), key=lambda episode: episode.seq_id or 0)
    finally:
        repository.close()
    if not episodes:
        raise ValueError(f"{database} has no episodes of a run called {run_id}")
    return [episode.total_reward for episode in episodes]


if __name__ == "__main__":
    sys.exit(main())
