"""Any name works in any role: what is generated is imported, used in every store, and type-checked."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from fieldstone.codegen.storage.queries.views import QueryView
from fieldstone.codegen.storage.views import EntityView, ModuleView
from fieldstone.project.project import Project
from tests.codegen.packages import Generated, generated
from tests.codegen.server import PostgresServer
from tests.codegen.storage.driven import Driven
from tests.codegen.storage.swept import ROLES, all_names, swept
from tests.conftest import SEED, VOCABULARY

pytestmark = pytest.mark.slow

NASTY = (
    "key value position row rows cursor sql bound text limit after None True class int str list dict self record dto "
    "_whole_x _sql error found given payload unfit EPOCH NAN datetime timedelta Any Iterator chain a at since nanos "
    "outbox database local lock transaction id name order type match has wanted edge last stored new added change "
    "mark deleted first records payloads events known applied"
).split()
"""Names that generated code uses itself."""

FEW = 10
"""So many names are tried in the suite; with FIELDSTONE_FUZZ all."""

REFUSED = (
    "a keyword of Python",
    "Python's own",
    "a reserved word of SQL",
    "have a-z, 0-9 and _",
    "two underscores",
    "database's own",
    "uses itself",
    "which every table of",
    "and so has the",
    "and so is that of",
    "an argument of generated methods",
    "two arguments called",
    "as a method of every repository",
    "63 bytes",
    'is called "',
    "and so is another value",
)
"""The reasons for which a name may be refused."""


def batches() -> list[list[str]]:
    """The names, in parts that one module can have."""
    names = [*NASTY, *(name for name in all_names() if name not in NASTY)]
    if not os.environ.get("FIELDSTONE_FUZZ"):
        names = [*NASTY[:8], *random.Random(SEED).sample(names[8:], FEW - 8)]
    return [names[first : first + 40] for first in range(0, len(names), 40)]


@pytest.fixture(params=[0, 1], ids=["fields", "entities"], scope="module")
def roles(request: pytest.FixtureRequest) -> list[str]:
    """The roles of one module: an entity and a message of one name are refused in one."""
    return [role for role in ROLES if (role == "entity") == bool(request.param)]


@pytest.mark.timeout(3600 if os.environ.get("FIELDSTONE_FUZZ") else 120)
def test_every_name_in_every_role(roles: list[str], tmp_path: Path, postgres: PostgresServer) -> None:
    for number, names in enumerate(batches()):
        module = f"swept{number}{roles[0]}"
        folder = tmp_path / module
        made = swept(names, roles)
        wrong = {pair: problem for pair, problem in made.refused.items() if not any(r in problem for r in REFUSED)}
        assert wrong == {}
        if "message" not in made.source:
            continue  # capitals: no name of a column
        package = generated(repository_of(folder, module, made.source), module, folder / "out")
        use(package, postgres)
        assert type_errors(package, folder) == ""


def repository_of(folder: Path, module: str, source: str) -> Project:
    """A repository with the schema in one module."""
    path = folder / module / "acme/v1/example.proto"
    path.parent.mkdir(parents=True)
    path.write_text(source)
    folder.joinpath("buf.yaml").write_text(f"version: v2\nmodules:\n  - path: {module}\n  - path: fieldstone\n")
    folder.joinpath("fieldstone").symlink_to(VOCABULARY)
    return Project.at(folder)


def use(package: Generated, postgres: PostgresServer) -> None:
    """Add, find, page, save and delete records of every entity, in every store."""
    prefix = package.view.prefix
    for repository in (
        getattr(package.storage("memory"), f"InMemory{prefix}Repository")(),
        getattr(package.storage("sqlite"), f"SQLite{prefix}Repository")(":memory:"),
        getattr(package.storage("postgres"), f"Postgres{prefix}Repository")(postgres.new_database()),
        *(twins(package, postgres) if os.environ.get("FIELDSTONE_FUZZ") else ()),
    ):
        repository.migrate()
        for servicer in package.view.servicers if not isinstance(repository, Driven) else ():
            assert getattr(package.storage(servicer.module), servicer.name)(repository)
        for entity in package.view.entities:
            use_entity(repository, package.storage("contract"), package.storage("mapper"), entity)
        repository.close()


def twins(package: Generated, postgres: PostgresServer) -> Iterator[Driven]:
    """The async repositories."""
    prefix = package.view.prefix
    yield Driven(getattr(package.storage("async_sqlite"), f"AsyncSQLite{prefix}Repository")(":memory:"))
    made = getattr(package.storage("async_postgres"), f"AsyncPostgres{prefix}Repository")(postgres.new_database())
    yield Driven(made)


def use_entity(repository: Any, contract: Any, mapper: Any, entity: EntityView) -> None:
    """The records of one entity come back as they were, by key, by every query, and through their DTO."""
    plain = contract.plain
    records = [getattr(contract, f"example_{entity.name}")(number) for number in range(5)]
    assert getattr(repository, f"add_{entity.plural}")(records[:4]) == 4
    assert getattr(repository, f"add_{entity.name}")(records[4])
    for record in records:
        key = [getattr(record, column.attribute) for column in entity.key]
        assert plain(getattr(repository, f"get_{entity.name}")(*key)) == plain(record)
        dto = getattr(mapper, f"to_dto_{entity.name}")(record)
        assert plain(getattr(mapper, f"from_dto_{entity.name}")(dto)) == plain(record)
        for query in entity.queries:
            use_query(repository, plain, query, record)
        getattr(repository, f"save_{entity.name}")(record)
        if entity.updated:
            change = entity.updated[-1].name
            assert getattr(repository, f"update_{entity.name}")(*key, **{change: getattr(record, change)})
        assert getattr(repository, f"delete_{entity.name}")(*key)
        assert getattr(repository, f"get_{entity.name}")(*key) is None


def use_query(repository: Any, plain: Any, query: QueryView, record: Any) -> None:
    """A query finds the record by its own values, and not on the page after it."""
    method = getattr(repository, query.name)
    equal = [getattr(record, argument.column.attribute) for argument in query.equal]
    if None in equal or any(getattr(record, column.attribute) is not None for column in query.absent):
        return
    given = [*equal, *([getattr(record, argument.column.attribute)] for argument in query.among)]
    named = {argument.name: getattr(record, argument.column.attribute) for argument in query.named[-2:][:1]}
    if query.result in {"count", "deleted"}:
        assert method(*given, **named) >= 1
    elif query.result in {"first", "groups"}:
        assert method(*given, **named)
    else:
        assert plain(record) in [plain(found) for found in method(*given, **named)]
        after = tuple(getattr(record, column.attribute) for column in query.order)
        if after:
            assert plain(record) not in [plain(found) for found in method(*given, **named, after=after, limit=3)]
    if query.result == "deleted":
        getattr(repository, next(n for n in dir(repository) if n == f"save_key{query.name.partition('_')[2]}"))(record)


def type_errors(package: Generated, folder: Path) -> str:
    """The complaints of mypy in its strictest form."""
    roots = [*package.out.glob("python/*")]
    config = folder / "mypy.ini"
    config.write_text(f"[mypy]\nstrict = true\nmypy_path = {':'.join(map(str, roots))}\ncache_dir = {folder}/mypy\n")
    checked = [root / root.name.replace("-", "_") for root in roots]
    return run([sys.executable, "-m", "mypy", "--config-file", str(config), *map(str, checked)])


def run(command: Sequence[str]) -> str:
    """The output of a command that fails; empty for one that succeeds."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_a_view_has_marks_and_a_file_has_none(tmp_path: Path) -> None:
    made = swept(["key"], list(ROLES)[:1])
    package = generated(repository_of(tmp_path, "marked", made.source), "marked", tmp_path / "out")
    assert isinstance(package.view, ModuleView)
    assert all("\u02b9" not in path.read_text() for path in package.out.rglob("*.py"))
