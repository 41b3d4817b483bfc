"""`fieldstone migrate --baseline` on real databases that were made without Fieldstone, or with its SQL by hand."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from telemetry_storage.postgres import PostgresTelemetryRepository
from telemetry_storage.sqlite import SQLiteTelemetryRepository

from fieldstone.cli.migrate import command
from fieldstone.codegen.storage.build import outbox_table
from fieldstone.codegen.storage.dialects import all_dialects
from fieldstone.codegen.storage.sql import migration_views
from fieldstone.codegen.storage.views import MigrationView
from fieldstone.errors import FieldstoneError
from fieldstone.project.project import Project
from fieldstone.workflows.generating.generated_modules import released_schemas
from fieldstone.workflows.migrate import Migrated, migrate, take_over
from fieldstone.workflows.taking_over.baseline import fits
from fieldstone.workflows.taking_over.differences import Difference
from fieldstone.workflows.taking_over.introspection import Introspection, introspection
from tests.codegen.cases import ROOT, build_case
from tests.codegen.server import PostgresServer, running_postgres

VERSIONS = ("1.0.0", "1.1.0", "1.2.0")


class Existing:
    """A database that was made by hand."""

    def __init__(self, dialect: str, url: str, views: Sequence[MigrationView]) -> None:
        self.dialect, self.url, self.views = dialect, url, views

    def run(self, *statements: str) -> None:
        """Run statements, each a transaction of its own."""
        if self.dialect == "sqlite":
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
                for statement in statements:
                    connection.execute(statement)
        else:
            with psycopg.connect(self.url, autocommit=True) as connection:
                for statement in statements:
                    connection.execute(statement.encode())

    def make(self, releases: int, change: Callable[[str], str] = lambda text: text) -> None:
        """Run the migrations of the oldest releases, each statement changed."""
        self.run(*(change(text) for view in self.views[:releases] for text in view.statements[self.dialect]))

    def listed(self) -> list[str]:
        """The differences from the tables of the releases, each as "table.part: found, wanted"."""
        return [
            f"{found.table}.{found.part}: {found.found}, {found.wanted}".replace("integer", "INTEGER")
            for found in self.differences()
        ]

    def differences(self) -> Sequence[Difference]:
        """The differences from the tables of the releases."""
        with introspection(self.dialect).inspecting(self.url) as cursor:
            return fits(cursor, self.dialect, {"orders": self.views})["orders"].differences

    def recorded(self) -> list[str]:
        """The versions that are recorded."""
        query = "SELECT version FROM fieldstone_migrations WHERE module = 'orders' ORDER BY version"
        if self.dialect == "sqlite":
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection:
                return [version for (version,) in connection.execute(query)]
        with psycopg.connect(self.url) as connection:
            return [version for (version,) in connection.execute(query)]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return build_case("orders", tmp_path_factory.mktemp("orders"))


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with running_postgres() as running:
        yield running


@pytest.fixture(scope="module")
def views(orders: Project) -> list[MigrationView]:
    module = orders.workspace.module("orders")
    return migration_views(released_schemas(orders, module), outbox=outbox_table("orders"))


@pytest.fixture(params=["lite", "big"])
def existing(request: pytest.FixtureRequest) -> Existing:
    """An empty database of each kind."""
    found: Existing = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def lite(views: Sequence[MigrationView], tmp_path: Path) -> Existing:
    return Existing("sqlite", f"sqlite:///{tmp_path / 'orders.db'}", views)


@pytest.fixture
def big(views: Sequence[MigrationView], server: PostgresServer) -> Existing:
    return Existing("postgres", server.new_database(), views)


@pytest.mark.parametrize("releases", [1, 2, 3])
def test_tables_of_a_release_are_recorded_and_the_rest_is_applied(
    orders: Project, existing: Existing, releases: int
) -> None:
    existing.make(releases)
    existing.run("INSERT INTO shop_customers (id, name) VALUES (7, 'kept')")
    outcome = take_over(orders, existing.url)
    assert outcome.differences == {}
    assert outcome.migrated == [Migrated("orders", VERSIONS[releases:], "1.2.0", VERSIONS[:releases])]
    assert existing.recorded() == list(VERSIONS)
    assert take_over(orders, existing.url).migrated == [Migrated("orders", (), "1.2.0")]
    assert migrate(orders, existing.url) == [Migrated("orders", (), "1.2.0")]


def test_additional_tables_and_columns_may_be_there(orders: Project, existing: Existing) -> None:
    existing.make(2)
    existing.run(
        "CREATE TABLE audit (id INTEGER PRIMARY KEY)",
        "ALTER TABLE orders ADD COLUMN memo TEXT",
        "ALTER TABLE orders ADD COLUMN weight_class INTEGER NOT NULL DEFAULT 3",
        "CREATE INDEX orders_memo_idx ON orders (memo)",
        "CREATE UNIQUE INDEX orders_twice_idx ON orders (number, shop, memo)",
    )
    assert take_over(orders, existing.url).migrated[0].recorded == VERSIONS[:2]


def test_indexes_that_are_not_unique_are_made(orders: Project, existing: Existing) -> None:
    existing.make(3, lambda text: "SELECT 1" if "CREATE INDEX" in text else text)
    existing.run("CREATE INDEX another_name ON orders (shop, urgency)")
    [done] = take_over(orders, existing.url).migrated
    assert done.recorded == VERSIONS
    index = "orders_customer_id_placed_at_micros_idx ON orders (customer_id, placed_at_micros)"
    assert f"CREATE INDEX {index}" in done.indexes
    assert [made for made in done.indexes if "(shop, urgency)" in made or "UNIQUE" in made] == []
    with pytest.raises((sqlite3.Error, psycopg.Error), match="already exists"):
        existing.run(f"CREATE INDEX {index}")


def test_unique_constraints_and_other_names_of_indexes_fit(existing: Existing) -> None:
    def constraint(text: str) -> str:
        if "CREATE UNIQUE INDEX" in text:
            return "SELECT 1"
        return text.replace("PRIMARY KEY (shop, number)\n", "PRIMARY KEY (shop, number), UNIQUE (reference)\n")

    existing.make(1, constraint)
    assert existing.listed() == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("card TEXT", "cards TEXT", r"orders\.card: nothing, TEXT"),
        (
            "invoice_days INTEGER",
            "invoice_days BLOB|invoice_days BYTEA",
            r"orders\.invoice_days: (BLOB|BYTEA), INTEGER",
        ),
        ("total TEXT", "total INTEGER", r"orders\.total: INTEGER, TEXT"),
        ("total TEXT", "total TEXT NOT NULL", r"orders\.total: NOT NULL, NULL allowed"),
        (" NOT NULL DEFAULT 'null'", "", r"orders\.note: NULL allowed, NOT NULL"),
        ("total TEXT", "total TEXT, needed INTEGER NOT NULL", r"orders\.needed: INTEGER NOT NULL, no such column"),
        ("PRIMARY KEY (id)", "PRIMARY KEY (id, name)", r"shop_customers\.primary key: \(id, name\), \(id\)"),
        ("CREATE UNIQUE INDEX", "CREATE INDEX", r"orders\.unique index orders_reference_idx: nothing, \(reference\)"),
        (
            "(reference)",
            "(reference) WHERE number > 1",
            r"orders\.unique index orders_reference_idx: nothing, \(reference\)",
        ),
        (
            "CREATE INDEX orders_customer_id_placed_at_micros_idx",
            "CREATE UNIQUE INDEX other",
            r"orders\.unique index other: \(customer_id, placed_at_micros\), nothing",
        ),
        ("ON DELETE CASCADE", "", r"orders_labels\.foreign key: nothing, FOREIGN KEY \(number, shop\) REFERENCES"),
    ],
)
def test_what_does_not_fit_is_listed(existing: Existing, old: str, new: str, expected: str) -> None:
    variants = new.split("|")
    new = variants[-1] if existing.dialect == "postgres" else variants[0]
    existing.make(1, lambda text: changed(text, old, new))
    assert re.search(expected, "\n".join(existing.listed()), re.IGNORECASE)


def changed(text: str, old: str, new: str) -> str:
    """A statement with the change, unless it is about the lines or the outbox."""
    return text if "orders_lines" in text or "orders_outbox" in text else text.replace(old, new)


def test_an_outbox_without_a_default_is_listed(existing: Existing) -> None:
    existing.make(1, lambda text: text.replace("attempts INTEGER NOT NULL DEFAULT 0", "attempts INTEGER NOT NULL"))
    assert existing.listed() == ["orders_outbox.attempts: no default, DEFAULT 0"]


def test_tables_that_are_missing_are_listed_with_the_sql_that_makes_them(existing: Existing) -> None:
    existing.make(1, lambda text: "SELECT 1" if "orders_labels" in text or "outbox" in text else text)
    assert existing.listed() == ["orders_labels.: nothing, a table", "orders_outbox.: nothing, a table"]
    fixes = [difference.fix for difference in existing.differences()]
    existing.run(*(statement for fix in fixes for statement in fix.split("; ")))
    assert existing.listed() == []


def test_a_part_of_a_later_release_asks_for_all_of_it(orders: Project, existing: Existing) -> None:
    existing.make(1)
    existing.run("ALTER TABLE orders ADD COLUMN carrier TEXT")
    assert existing.listed() == ["orders.urgency: nothing, INTEGER NOT NULL DEFAULT 3"]
    [difference] = existing.differences()
    existing.run(difference.fix)
    assert take_over(orders, existing.url).migrated[0].recorded == VERSIONS[:2]


def test_a_view_in_the_place_of_a_table(existing: Existing) -> None:
    existing.make(1, lambda text: text.replace("shop_customers", "customers"))
    existing.run("CREATE VIEW shop_customers AS SELECT * FROM customers")
    assert existing.listed() == ["shop_customers.: a view, a table"]


def test_a_database_without_any_of_the_tables(orders: Project, existing: Existing) -> None:
    existing.run("CREATE TABLE others (id INTEGER PRIMARY KEY)")
    with pytest.raises(FieldstoneError, match="has no table of orders; leave out --baseline"):
        take_over(orders, existing.url)
    assert migrate(orders, existing.url)[0].applied == VERSIONS


def test_without_baseline_the_tables_are_in_the_way(orders: Project, existing: Existing) -> None:
    existing.make(1)
    with pytest.raises(FieldstoneError, match=r"already exists.*with --baseline"):
        migrate(orders, existing.url)


def test_the_command(orders: Project, existing: Existing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(orders.settings.root)
    existing.make(1, lambda text: text.replace("card TEXT", "cards TEXT"))
    refused = CliRunner().invoke(command, [existing.url, "--baseline"], standalone_mode=False)
    assert refused.return_value == 1
    first, second = refused.stdout.splitlines()
    assert first.startswith("orders.card: found nothing, wanted ")
    assert second.startswith("  fix: ALTER TABLE orders ADD COLUMN card ")
    assert refused.stderr == "orders: 1 difference; nothing was written.\n"
    with pytest.raises((sqlite3.Error, psycopg.Error)):
        existing.recorded()
    existing.run(second.removeprefix("  fix: "))
    done = CliRunner().invoke(command, [existing.url, "--baseline"], standalone_mode=False)
    assert (done.return_value, done.stdout) == (0, "orders: took over 1.0.0\norders: applied 1.1.0, 1.2.0\n")


# --- SQLite alone --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("INTEGER", "BIGINT", []),
        ("gift INTEGER", "Gift BOOLEAN", []),
        ("card TEXT", '"CARD" VARCHAR(30)', []),
        ("weight REAL", "weight FLOAT", []),
        ("voucher BLOB", "voucher", []),
        ("weight REAL", "weight DECIMAL(4, 2)", ["orders.weight: DECIMAL(4, 2), REAL"]),
        ("card TEXT", "card TEXT COLLATE NOCASE", ["orders.card: TEXT COLLATE NOCASE, TEXT"]),
        ("shop TEXT NOT NULL", "shop TEXT", ["orders.shop: NULL allowed, NOT NULL"]),
        (
            "PRIMARY KEY (shop, number)",
            "PRIMARY KEY (shop COLLATE NOCASE, number)",
            ["orders.primary key: nothing, or expressions, (shop, number)"],
        ),
        (
            "PRIMARY KEY (shop, number)",
            "PRIMARY KEY (shop, number), UNIQUE (card COLLATE NOCASE)",
            ["orders.unique index sqlite_autoindex_orders_2: (card) under other rules, nothing"],
        ),
        (
            "card TEXT",
            "card TEXT AS (reference)",
            ["orders.card: values that the database makes, values that the code writes"],
        ),
    ],
)
def test_types_of_sqlite_fit_by_affinity(lite: Existing, old: str, new: str, expected: list[str]) -> None:
    lite.make(1, lambda text: text.replace(old, new) if text.startswith("CREATE TABLE orders (") else text)
    assert lite.listed() == expected


def test_values_of_another_type_are_listed(orders: Project, lite: Existing) -> None:
    lite.make(1, lambda text: text.replace("sent_at INTEGER", "sent_at DATETIME"))
    rows = (
        ("1", "NULL", "NULL", "NULL"),
        ("2", "'2026-01-31 10:00:00'", "'NaN'", "'card'"),
        ("3", "1769817600000000", "1.5", "X'00'"),
        ("4", "0.5", "'text'", "'1'"),
    )
    for number, sent_at, weight, card in rows:
        lite.run(
            "INSERT INTO orders (shop, number, reference, sent_at, weight, card)"  # noqa: S608 - rows of this test
            f" VALUES ('main', {number}, '{number}', {sent_at}, {weight}, {card})"
        )
    assert lite.listed() == [
        "orders.card: 1 rows with values of another type, TEXT in each row",
        "orders.sent_at: 2 rows with values of another type, INTEGER in each row",
        "orders.weight: 1 rows with values of another type, REAL in each row",
    ]


def test_an_outbox_that_does_not_count_by_itself(lite: Existing) -> None:
    lite.make(1, lambda text: text.replace("id INTEGER PRIMARY KEY", "id BIGINT NOT NULL PRIMARY KEY"))
    assert "orders_outbox.id: no number by itself, a number that counts up by itself" in lite.listed()


def test_a_file_that_does_not_fit_stays_as_it_is(orders: Project, lite: Existing) -> None:
    lite.make(1, lambda text: text.replace("card TEXT", "card INTEGER"))
    path = Path(lite.url.removeprefix("sqlite:///"))
    before = path.read_bytes()
    assert take_over(orders, lite.url).differences["orders"][0].part == "card"
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == ["orders.db"]


def test_a_file_that_is_not_there_is_not_made(orders: Project, tmp_path: Path) -> None:
    with pytest.raises(FieldstoneError, match=r"typo\.db cannot be read: unable to open"):
        take_over(orders, f"sqlite:///{tmp_path}/typo.db")
    assert list(tmp_path.iterdir()) == []


# --- PostgreSQL alone ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('reference TEXT COLLATE "C"', "reference TEXT", []),  # as the database orders by code points itself
        ("customer_id BIGINT", "customer_id INTEGER", ["orders.customer_id: INTEGER, bigint"]),
        (
            "sent_at TIMESTAMPTZ",
            "sent_at TIMESTAMP",
            ["orders.sent_at: timestamp without time zone, timestamp with time zone"],
        ),
        (
            "customer_id BIGINT NOT NULL DEFAULT 0",
            "customer_id BIGINT GENERATED ALWAYS AS IDENTITY",
            ["orders.customer_id: values that the database makes, values that the code writes"],
        ),
        ("customer_id BIGINT NOT NULL DEFAULT 0", "customer_id BIGSERIAL", []),
        ("extra TEXT", "extra JSONB", ['orders.extra: jsonb, text COLLATE "C"']),
        (
            'card TEXT COLLATE "C"',
            "card VARCHAR(30) COLLATE other",
            ['orders.card: character varying(30) COLLATE "other", text COLLATE "C"'],
        ),
        (
            "PRIMARY KEY (shop, number)",
            "PRIMARY KEY (shop, number), UNIQUE (card) DEFERRABLE",
            ["orders.unique index orders_card_key: (card) under other rules, nothing"],
        ),
    ],
)
def test_types_of_postgres_fit_exactly(big: Existing, old: str, new: str, expected: list[str]) -> None:
    big.run('CREATE COLLATION other FROM "C"')
    big.make(1, lambda text: text.replace(old, new) if text.startswith("CREATE TABLE orders (") else text)
    assert big.listed() == expected
    for difference in big.differences():
        if difference.fix.startswith("ALTER"):
            big.run(difference.fix)


def test_text_in_the_order_of_a_language_is_listed(big: Existing) -> None:
    big.make(1, lambda text: text.replace('reference TEXT COLLATE "C"', "reference TEXT"))
    with introspection("postgres").inspecting(big.url) as cursor:
        cursor.execute("UPDATE pg_database SET datcollate = 'en_US.UTF-8' WHERE datname = current_database()")
        listed = fits(cursor, "postgres", {"orders": big.views})["orders"].differences
    assert [(found.part, found.found, found.wanted) for found in listed] == [("reference", "text", 'text COLLATE "C"')]


# --- Together with generated code ----------------------------------------------------------------

BY_HAND = """
CREATE TABLE telemetry_steps (
    run_id {text} NOT NULL, episode_id {text} NOT NULL, step_index BIGINT NOT NULL,
    agent_id {text}, game_id {text}, action TEXT, observation TEXT NOT NULL, reward DOUBLE PRECISION NOT NULL,
    terminated BOOLEAN NOT NULL, truncated BOOLEAN NOT NULL, info TEXT, render_payload {blob}, render_hint TEXT,
    timestamp {time}, episode_seed BIGINT, frame_ref {text}, payload_version INTEGER NOT NULL, seq_id BIGINT,
    worker_id {text}, time_step BIGINT, space_signature TEXT, vector_metadata TEXT, reviewed_by TEXT,
    PRIMARY KEY (run_id, episode_id, step_index)
);
CREATE TABLE telemetry_episodes (
    run_id {text} NOT NULL, episode_id {text} NOT NULL, total_reward DOUBLE PRECISION NOT NULL,
    steps BIGINT NOT NULL, terminated BOOLEAN NOT NULL, truncated BOOLEAN NOT NULL, metadata TEXT, timestamp {time},
    agent_id {text}, game_id {text}, seq_id BIGINT, worker_id {text}, PRIMARY KEY (run_id, episode_id)
);
INSERT INTO telemetry_steps (
    run_id, episode_id, step_index, observation, reward, terminated, truncated, payload_version, timestamp
) VALUES ('old', 'one', 1, '[0.5]', 1.5, '1', '0', 1, {at})
"""
TYPES = {
    "sqlite": {"text": "VARCHAR(200)", "blob": "BLOB", "time": "BIGINT", "at": "1769817600000000"},
    "postgres": {"text": "TEXT", "blob": "BYTEA", "time": "TIMESTAMPTZ", "at": "'2026-01-31T00:00:00Z'"},
}


def test_a_database_made_by_hand_goes_on_with_generated_code(existing: Existing) -> None:
    existing.run(*BY_HAND.format(**TYPES[existing.dialect]).split(";"))
    project = Project.at(ROOT)
    [outbox] = take_over(project, existing.url, ["telemetry"], unreleased=True).differences["telemetry"]
    assert (outbox.table, outbox.found) == ("telemetry_outbox", "nothing")
    existing.run(*outbox.fix.split("; "))
    [done] = take_over(project, existing.url, ["telemetry"], unreleased=True).migrated
    assert (done.recorded, len(done.indexes)) == (("1.3.0",), 1)
    repository: Any = PostgresTelemetryRepository if existing.dialect == "postgres" else SQLiteTelemetryRepository
    with closing(repository(existing.url.removeprefix("sqlite:///"))) as opened:
        assert opened.migrate() == ()
        step = opened.get_step("old", "one", 1)
        assert (step.observation, step.reward, step.terminated, step.truncated) == ([0.5], 1.5, True, False)
        assert step.timestamp == datetime(2026, 1, 31, tzinfo=UTC)
        step.step_index = 2
        assert opened.add_step(step)
        assert [found.step_index for found in opened.steps_by_run("old")] == [1, 2]


@pytest.mark.parametrize("name", all_dialects())
def test_every_dialect_has_an_introspection(name: str) -> None:
    functions = [function for function in vars(Introspection) if not function.startswith("_")]
    assert [function for function in functions if not callable(getattr(introspection(name), function))] == []
