"""The rewards of a run, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


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
    axes = figure.add_subplot(title=run_id, xlabel="episode", ylabel="total reward")
    axes.plot(range(len(rewards)), rewards, linewidth=1)
    figure.savefig(path)
