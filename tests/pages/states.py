"""The folders that pages start with. A page names one: `<!-- starts with: NAME -->`.

Each function makes the files in a folder that has its own name, which the reader sees as /home/you/NAME.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import release_all
from tests.cli.workspace import HERE, SHOP, SOURCES, Repo, new_repo, waiver
from tests.first_hour.shapes import DATE

REPORT = "proto/acme/weather/v1/report.proto"
FIELDS = ("string id = 1;", "google.type.Date day = 2;", "string stationName = 3;")
PARCELS_BUF = "version: v2\nmodules:\n  - path: proto\n    name: buf.build/acme/parcels\n"
PARCEL = """\
syntax = "proto3";

package acme.parcels.v1;

// A parcel on its way.
message Parcel {
  string id = 1;
  double weight_kg = 2;
}
"""
ORDERS = """\
import sys
from datetime import UTC, datetime
from orders_storage.records import MoneyV1, OrderLineV1, OrderRecord
from orders_storage.sqlite import SQLiteOrdersRepository

repository = SQLiteOrdersRepository(sys.argv[1])
repository.migrate()
total, now = MoneyV1(currency="EUR", cents=1300), datetime.now(UTC)
for customer, lines in {"ada": {"tea": 2}, "bob": {"pot": 1, "tea": 1}}.items():
    ordered = [OrderLineV1(sku=sku, quantity=quantity) for sku, quantity in lines.items()]
    repository.add_order(OrderRecord(order_id=customer, customer=customer, placed_at=now, lines=ordered, total=total))
"""
WEATHER_BUF = """\
version: v2
modules:
  - path: proto
  - path: third_party/googleapis
lint:
  use: [STANDARD]
breaking:
  use: [WIRE_JSON]
"""


def weather_report(fields: int) -> str:
    """The schema of `weather` with its first fields."""
    lines = "".join(f"  {field}\n" for field in FIELDS[:fields])
    head = 'syntax = "proto3";\n\npackage acme.weather.v1;\n\nimport "google/type/date.proto";\n\n'
    return f"{head}// What a station measured.\nmessage Report {{\n{lines}}}\n"


def empty(folder: Path, environment: Mapping[str, str]) -> None:
    """No file."""
    del environment
    folder.mkdir()


def weather(folder: Path, environment: Mapping[str, str]) -> Repo:
    """A repository before Fieldstone: a module with a fault of style, a copy of googleapis, and two tags."""
    files = {"buf.yaml": WEATHER_BUF, REPORT: weather_report(2), "third_party/googleapis/google/type/date.proto": DATE}
    repo = new_repo(folder, files, environment)
    repo.git("remote", "add", "origin", "https://git.example.com/acme/weather.git")
    repo.git("tag", "v1.0.0")
    repo.write(REPORT, weather_report(3))
    repo.commit("name the station")
    repo.git("tag", "v1.1.0")
    return repo


def parcels(folder: Path, environment: Mapping[str, str]) -> Repo:
    """A repository with one schema, before Fieldstone."""
    return new_repo(folder, {"buf.yaml": PARCELS_BUF, "proto/acme/parcels/v1/parcel.proto": PARCEL}, environment)


def telemetry(folder: Path, environment: Mapping[str, str]) -> Repo:
    """Fieldstone's own schemas, settings and registry."""
    for name in ("schemas", "registry"):
        shutil.copytree(HERE / name, folder / name)
    for name in ("buf.yaml", ".gitattributes"):
        shutil.copy(HERE / name, folder)
    return new_repo(folder, {"fieldstone.toml": "[modules.telemetry]\nnaming = true\n"}, environment)


def released_parcels(folder: Path, environment: Mapping[str, str]) -> Repo:
    """As `parcels`, released as 1.0.0."""
    repo = parcels(folder, environment)
    release_all(repo, "parcels")
    return repo


def unreachable(folder: Path, environment: Mapping[str, str]) -> Repo:
    """As `parcels`, with a locked dependency on a module of a server that does not exist."""
    repo = parcels(folder, environment)
    repo.write("buf.yaml", f"{PARCELS_BUF}deps:\n  - buf.example.invalid/acme/units\n")
    repo.edit("proto/acme/parcels/v1/parcel.proto", "// A parcel", 'import "acme/units/v1/mass.proto";\n\n// A parcel')
    pin = f"  - name: buf.example.invalid/acme/units\n    commit: {'1' * 32}\n    digest: b5:{'1' * 128}\n"
    repo.write("buf.lock", f"version: v2\ndeps:\n{pin}")
    return repo


def tagged(folder: Path, environment: Mapping[str, str]) -> Repo:
    """As `parcels`, with a tag for each of six versions: a field more, nothing, a break, no compiling, a field more."""
    repo = parcels(folder, environment)
    path = "proto/acme/parcels/v1/parcel.proto"
    edits = {
        "v1.0.0": ("", ""),
        "v1.1.0": ("weight_kg = 2;\n", "weight_kg = 2;\n  string carrier = 3;\n"),
        "v1.1.1": ("", ""),
        "v1.2.0": ("double weight_kg", "float weight_kg"),
        "v1.3.0": ("carrier = 3;\n", "carrier = 3;\n  Place place = 4;\n"),
        "v1.4.0": ("Place place", "string place"),
    }
    for tag, (old, new) in edits.items():
        if old:
            repo.edit(path, old, new)
            repo.commit(tag)
        repo.git("tag", tag)
    return repo


def many(folder: Path, environment: Mapping[str, str]) -> Repo:
    """A released module with 200 messages in 40 files of one package, and a message of another package."""
    files = {
        "buf.yaml": "version: v2\nmodules:\n  - path: proto\n    name: buf.build/acme/app\nlint:\n  use: [MINIMAL]\n"
    }
    for number in range(40):
        messages = "".join(f"message M{number * 5 + n} {{\n  string id = 1;\n}}\n" for n in range(5))
        files[f"proto/acme/many/v1/f{number}.proto"] = f'syntax = "proto3";\npackage acme.many.v1;\n{messages}'
    files["proto/acme/other/v1/other.proto"] = PARCEL.replace("acme.parcels.v1", "acme.other.v1")
    repo = new_repo(folder, files, environment)
    release_all(repo, "app")
    return repo


def with_tables(folder: Path, environment: Mapping[str, str]) -> Repo:
    """As `telemetry`, with a database whose tables somebody made by hand, and a column short."""
    repo = telemetry(folder, environment)
    sql = (HERE / "generated/sql/telemetry/sqlite/1.3.0.sql").read_text("utf-8")
    before, _, after = sql.rpartition("    worker_id TEXT,\n")
    with closing(sqlite3.connect(folder / "telemetry.db")) as database:
        database.executescript(before + after)
    return repo


def released(folder: Path, environment: Mapping[str, str]) -> Repo:
    """The modules money and shop, both released as 1.0.0, everything committed."""
    repo = new_repo(folder, SOURCES, environment)
    release_all(repo, "money", "shop")
    repo.git("tag", "v1.0.0")
    return repo


def grown(folder: Path, environment: Mapping[str, str]) -> Repo:
    """As `released`; then shop 1.1.0 with a field `note`, and 1.2.0 with a value `STATUS_SENT`."""
    repo = released(folder, environment)
    repo.edit(SHOP, "  Status status = 3;\n", "  Status status = 3;\n  string note = 4;\n")
    release_all(repo, "shop")
    repo.git("tag", "v1.1.0")
    repo.edit(SHOP, "  STATUS_PAID = 1;\n", "  STATUS_PAID = 1;\n  STATUS_SENT = 2;\n")
    release_all(repo, "shop")
    repo.git("tag", "v1.2.0")
    return repo


def shrunk(folder: Path, environment: Mapping[str, str]) -> Repo:
    """As `grown`; then shop 2.0.0, without the field `note`."""
    repo = grown(folder, environment)
    repo.edit(SHOP, "  string note = 4;\n", '  reserved 4;\n  reserved "note";\n')
    repo.settings(waiver("field-removed", "acme.shop.v1.Order.note"))
    repo.commit("remove the note")
    release_all(repo, "shop")
    repo.settings("")
    repo.commit("the waiver is in 2.0.0")
    return repo


def examples(folder: Path, environment: Mapping[str, str]) -> Repo:
    """A clone of this repository, with the shop, its consumer, and the runtime that the shop needs."""
    made = shutil.ignore_patterns(".venv", "__pycache__", "dist", "node_modules", "*.db*")
    for name in ("examples/shop", "examples/kafka-consumer", "packages/fieldstone-runtime"):
        shutil.copytree(HERE / name, folder / name, ignore=made)
    return new_repo(folder, {}, environment)


def examples_with_orders(folder: Path, environment: Mapping[str, str]) -> None:
    """As `examples`; then two customers of the shop placed an order."""
    repo = examples(folder, environment)
    generated = [str(path) for path in (repo.root / "examples/shop/generated/python").iterdir()]
    subprocess.run(
        [sys.executable, "-c", ORDERS, repo.root / "examples/shop/shop.db"],
        env={**environment, "PYTHONPATH": os.pathsep.join(generated)},
        check=True,
    )


class Beginnings:
    """The states that pages start with, each made once and copied."""

    def __init__(self, templates: Path, environment: Mapping[str, str]) -> None:
        self._templates = templates
        self._environment = environment

    def begin(self, state: str, folder: Path) -> None:
        """Make a folder with the files of a state."""
        template = self._templates / state
        if not template.exists():
            STATES[state](template, self._environment)
        shutil.copytree(template, folder, symlinks=True)


STATES: Mapping[str, Callable[[Path, Mapping[str, str]], object]] = {
    made.__name__.replace("_", "-"): made
    for made in (
        empty,
        parcels,
        released_parcels,
        unreachable,
        tagged,
        many,
        weather,
        telemetry,
        with_tables,
        released,
        grown,
        shrunk,
        examples,
        examples_with_orders,
    )
}
