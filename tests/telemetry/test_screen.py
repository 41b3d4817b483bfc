"""The live view shows ids from outside as text."""

from __future__ import annotations

import asyncio
import io

import pytest
from rich.console import Console
from telemetry_app.bus import RunBus, Topic
from telemetry_app.console.screen import table
from telemetry_app.live import LiveTelemetryController

from tests.telemetry.records import records


def shown(run_id: str, agent_id: str | None) -> str:
    """The live view of one step, as a terminal of 200 columns gets it."""

    async def scenario() -> str:
        bus = RunBus()
        controller = LiveTelemetryController(bus)
        (step,) = records(1)
        step.run_id, step.agent_id = run_id, agent_id
        bus.publish(Topic.STEP, step)
        bus.close()
        await controller.run()
        console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system="truecolor")
        console.print(table(controller))
        return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("[bold red]run[/]", "[bold red]run[/]"),
        ("[/]", "[/]"),
        ("[link=https://example.org]here", "[link=https://example.org]here"),
        (":boom:", ":boom:"),
        ("run\x1b[2Jgone", r"run\x1b[2Jgone"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\\[x]", "\\[x]"),
        ("läuft 世界", "läuft 世界"),
    ],
)
def test_ids_are_text_and_no_markup(given: str, text: str) -> None:
    for printed in (shown(given, "a"), shown("r", given)):
        assert text in printed
        assert "\x1b[2J" not in printed
        assert "\x1b]8" not in printed
