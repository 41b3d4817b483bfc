"""The live view in a terminal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from rich.live import Live
from rich.table import Table
from rich.text import Text

from telemetry_app.console.printed import printable
from telemetry_app.live import LiveTelemetryController

if TYPE_CHECKING:
    from rich.console import Console

_REFRESH_SECONDS = 0.25


def table(controller: LiveTelemetryController) -> Table:
    """Runs and agents, a line each. Their ids are text from outside, and never markup."""
    controller.measure()
    title = f"{len(controller.runs)} runs, lag {controller.lag * 1000:.1f} ms, {controller.dropped} dropped"
    shown = Table(title=title, title_justify="left")
    for name in ("run", "agent"):
        shown.add_column(name, overflow="fold")
    for name in ("steps", "steps/s", "episodes", "reward", "gaps"):
        shown.add_column(name, justify="right")
    for run_id, run in sorted(controller.runs.items()):
        for agent_id, agent in sorted(run.agents.items()):
            counts = (agent.steps, f"{agent.rate:.0f}", agent.episodes, f"{agent.reward:.2f}", agent.gaps)
            shown.add_row(Text(printable(run_id)), Text(printable(agent_id)), *map(str, counts))
    return shown


async def show(controller: LiveTelemetryController, console: Console) -> None:
    """Draw the view anew, four times a second, until cancelled."""
    with Live(table(controller), console=console, auto_refresh=False) as live:
        try:
            while True:
                await asyncio.sleep(_REFRESH_SECONDS)
                live.update(table(controller), refresh=True)
        finally:
            live.update(table(controller), refresh=True)
