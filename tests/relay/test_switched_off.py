"""An entity that loses its outbox: its code writes no more events, and those that are there are delivered."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from fieldstone_runtime.relay.relay import Relay
from fieldstone_runtime.relay.urls import open_outbox, open_sink

from fieldstone.project.project import Project
from fieldstone.workflows.generate import generate
from tests.codegen.cases import ROOT, build_case

pytestmark = pytest.mark.slow

SOURCE = "schemas/orders/acme/orders/v1/orders.proto"
WRITE = """
import sys
from orders_storage.contract import example_order
from orders_storage.sqlite import SQLiteOrdersRepository
repository = SQLiteOrdersRepository(sys.argv[1])
repository.migrate()
first, last = map(int, sys.argv[2:])
repository.add_orders([example_order(n) for n in range(first, last)])
repository.save_order(example_order(first))
repository.delete_order(example_order(first).shop, example_order(first).number)
repository.close()
"""


def write(package: Path, *arguments: object) -> None:
    places = [ROOT / "packages/fieldstone-runtime/src", *package.glob("python/*")]
    environment = {"PYTHONPATH": os.pathsep.join(map(str, places)), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", WRITE, *map(str, arguments)]
    subprocess.run(command, env=os.environ | environment, check=True, cwd=package)


def test_an_outbox_is_drained_and_switched_off(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    project, database = build_case("orders", tmp_path / "orders"), tmp_path / "o.db"
    generate(project, ["orders"], out=tmp_path / "on")
    write(tmp_path / "on", database, 0, 5)
    source = project.settings.root / SOURCE
    source.write_text(source.read_text().replace('    outbox: {aggregate_key: "customer_id"}\n', ""))
    generate(Project.at(project.settings.root), ["orders"], out=tmp_path / "off")
    assert "outbox" not in (tmp_path / "off/python/orders-storage/orders_storage/sqlite.py").read_text()
    write(tmp_path / "off", database, 5, 9)
    write(tmp_path / "on", database, 9, 10)  # older code that still runs
    with (
        closing(open_outbox(f"sqlite:///{database}")) as outbox,
        closing(open_sink(f"sqlite:///{tmp_path / 'e.db'}")) as sink,
    ):
        relay = Relay(outbox, sink, keep=-1.0)
        relay.drain(Event())
        assert (relay.counts.delivered, relay.counts.cleaned) == (10, 10)
