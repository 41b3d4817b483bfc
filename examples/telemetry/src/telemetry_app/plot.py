"""The rewards of a run, as a picture.

python -m telemetry_app.plot --store telemetry.db --run run --picture rewards.svg
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from fieldstone_runtime.errors import StorageError

from telemetry_app.console.printed import failed
from telemetry_app.console.settings import SettingsParser
from telemetry_app.store import ADDRESSES, open_store, store_address

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
    parser = SettingsParser("Draw the total reward of each episode of a run.")
    parser.setting("--store", "--database", read=store_address, required=True, about=f"the store of a hub: {ADDRESSES}")
    parser.setting("--run", required=True, about="the id of the training run")
    parser.setting("--picture", read=Path, required=True, about="the file to write: .svg or .png")
    settings = parser.values()
    try:
        plot_rewards(settings.run, _rewards(settings.store, settings.run), settings.picture)
    except (StorageError, OSError, ValueError) as error:
        return failed(error)
    return 0


def _rewards(store: str, run_id: str) -> list[float]:
    repository = open_store(store, existing=True).repository
    try:
        episodes = sorted(repository.episodes_by_run(run_id), key=lambda episode: episode.seq_id or 0)
    finally:
        repository.close()
    if not episodes:
        raise ValueError(f"the store has no episodes of a run called {run_id}")
    return [episode.total_reward for episode in episodes]


if __name__ == "__main__":
    sys.exit(main())
