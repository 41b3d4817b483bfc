"""One new file is a new rule, output format, registry, database or client language: what CONTRIBUTING.md says of each.

Each file is dropped into a copy of the package, and the command is used as a person uses it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.workspace import HERE, Repo, new_repo, pinned_environment

RULE = '''\
"""A field's name is in capitals."""

from collections.abc import Iterator

from fieldstone.compatibility.finding import Surface
from fieldstone.compatibility.pairing import Added
from fieldstone.compatibility.rules import Context, Hit, hit, miss, rule
from fieldstone.schema.model import Field


@rule(
    on=[(Added, Field)],
    summary="No field's name is in capitals.",
    message="field `{name}` of `{parent}` shouts",
    fix="write it in lower case",
    breaks=[Surface.SOURCE],
    examples=[
        hit("message M { int32 a = 1; }", "message M { int32 a = 1; int32 LOUD = 2; }"),
        miss("message M { int32 a = 1; }", "message M { int32 a = 1; int32 b = 2; }"),
    ],
)
def field_shouts(change: Added[Field], context: Context) -> Iterator[Hit]:
    """Capitals are hard to read."""
    if change.new.name.isupper():
        yield Hit()
'''
FORMAT = '''\
"""The number of findings."""


def render(report, options):
    """The number, on a line."""
    return f"{len(report.findings)}\\n"
'''
DIALECT = '''\
"""Duck: SQLite with another type for text."""

from msgspec.structs import replace

from fieldstone.codegen.storage.dialects.sqlite import DIALECT as SQLITE

DIALECT = replace(
    SQLITE,
    title="Duck",
    folder="duckdb",
    addresses=("duck:",),
    extra="duck",
    types={**SQLITE.types, "text": "VARCHAR"},
    words=SQLITE.words | {"quack"},
)
'''
TEMPLATE = '''\
"""Types of columns in Duck."""

from {{ view.storage }}.migrations import DUCK

MIGRATIONS = DUCK
{% for entity in view.entities %}
TYPES_OF_{{ entity.name | upper }} = "{% for column in entity.columns %}{{ column.on.duck.type }};{% endfor %}"
{% endfor %}
'''
LANGUAGE = '''\
"""Plain text: the name of the module."""

from fieldstone.codegen.clients import Target
from fieldstone.packaging.tree import write_tree

TARGET = Target(
    tree=lambda client, scope: {"NAME": f"{scope}/{client.module}".encode()},
    build=lambda client, tree, folder: write_tree(tree, folder / f"{client.module}-plain"),
    check=lambda client, scope, own, needed: len([*own.iterdir(), *needed.iterdir()]),
    setting="npm-scope",
)
'''
REGISTRY = '''\
"""A folder that is called by a scheme: `shelf:FOLDER`."""

from pathlib import Path

from fieldstone.registry.folder import FolderRegistry


def open_address(address, cache):
    """The registry in the folder."""
    return FolderRegistry(Path(address.partition(":")[2]), cache)
'''
DROPPED = {
    "registry/shelf.py": REGISTRY,
    "compatibility/rules/field_shouts.py": RULE,
    "report/count.py": FORMAT,
    "codegen/storage/dialects/duck.py": DIALECT,
    "codegen/templates/duck/repository.py.j2": TEMPLATE,
    "codegen/clients/plain.py": LANGUAGE,
}
ORDERS = "schemas/orders/acme/orders/v1/orders.proto"
SOURCES = {
    "buf.yaml": "version: v2\nmodules:\n  - path: imports/fieldstone\n  - path: schemas/orders\n",
    "fieldstone.toml": '[package]\nnpm-scope = "acme"\n',
    ORDERS: """\
syntax = "proto3";

package acme.orders.v1;

import "fieldstone/v1/annotations.proto";

// An order.
message Order {
  option (fieldstone.v1.entity) = {
    primary_key: ["id"]
  };
  string id = 1;
  int64 total = 2;
}
""",
}


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A repository with a release, and the command of a package with the new files."""
    top = tmp_path_factory.mktemp("drop-in")
    package = top / "fieldstone"
    shutil.copytree(HERE / "src/fieldstone", package, ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in DROPPED.items():
        (package / path).parent.mkdir(exist_ok=True)
        (package / path).write_text(text, "utf-8")
    root = top / "workspace"
    shutil.copytree(HERE / "schemas/fieldstone", root / "imports/fieldstone")
    repo = new_repo(root, SOURCES, {**pinned_environment(top), "PYTHONPATH": str(top)})
    for module in ("fieldstone", "orders"):
        assert repo.spawn("release", module).code == 0
    repo.commit("release")
    return repo


@contextmanager
def edited(repo: Repo, old: str, new: str) -> Iterator[None]:
    """The schema with another text for a while."""
    before = repo.read(ORDERS)
    repo.edit(ORDERS, old, new)
    try:
        yield
    finally:
        repo.write(ORDERS, before)


def test_a_rule_and_a_format(released: Repo) -> None:
    with edited(released, "total = 2;\n", "total = 2;\n  string LOUD = 3;\n"):
        ran = released.spawn("check", "orders", "--format", "concise")
        counted = released.spawn("check", "orders", "--format", "count")
    assert (ran.code, counted.code) == (1, 1), ran
    assert "field `LOUD` of `acme.orders.v1.Order` shouts" in ran.out
    assert int(counted.out) == len(ran.out.splitlines())
    assert "Capitals are hard to read." in released.spawn("explain", "field-shouts").out


def test_a_database(released: Repo) -> None:
    ran = released.spawn("generate", "orders")
    assert ran.code == 0, ran
    assert "id VARCHAR NOT NULL" in released.read("generated/sql/orders/duckdb/1.0.0.sql")
    assert "id TEXT NOT NULL" in released.read("generated/sql/orders/sqlite/1.0.0.sql")
    storage = "generated/python/orders-storage"
    assert 'TYPES_OF_ORDER = "VARCHAR;INTEGER;"' in released.read(f"{storage}/orders_storage/duck.py")
    assert '"""For Duck."""' in released.read(f"{storage}/orders_storage/migrations.py")
    assert 'duck = ["fieldstone-runtime[duck]' in released.read(f"{storage}/pyproject.toml")
    assert released.spawn("migrate", "duck:orders.db").code == 0
    assert "a database of duck cannot be taken over" in released.spawn("migrate", "duck:orders.db", "--baseline").err
    assert (released.root / "orders.db").is_file()


def test_the_names_that_a_database_reserves(released: Repo) -> None:
    with edited(released, "total", "quack"):
        ran = released.spawn("generate", "orders", "--out", "elsewhere")
    assert 'Order.quack is called "quack", a reserved word of SQL' in ran.err


def test_a_language(released: Repo) -> None:
    ran = released.spawn("package", "orders", "--lang", "plain")
    assert (ran.code, ran.out) == (0, "dist/orders-plain\n")
    assert released.read("dist/orders-plain/NAME") == "acme/orders"
    checked = released.spawn("package", "orders", "--lang", "plain", "--check")
    assert (checked.code, checked.err) == (0, "orders 1.0.0: its plain package works, 1 message encoded and decoded.\n")


def test_a_registry(released: Repo) -> None:
    settings = released.read("fieldstone.toml")
    released.settings(f'registry = "shelf:{released.root}/shelf"\n{settings}')
    try:
        for module in ("fieldstone", "orders"):
            assert released.spawn("release", module).code == 0
        assert (released.root / "shelf/orders/1.0.0/release.toml").is_file()
        assert released.spawn("check").code == 0
        assert released.spawn("registry", "verify").code == 0
    finally:
        released.settings(settings)
