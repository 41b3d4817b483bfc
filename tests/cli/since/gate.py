"""A pull request and its check, by the command that docs/how-to/ci.md recommends."""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from semver import Version

from fieldstone.checking.baseline import ledger_of
from fieldstone.project.project import Project
from fieldstone.registry.folder import FolderRegistry
from fieldstone.schema.descriptors import load_schema
from fieldstone.schema.digest import b5, file_digest
from fieldstone.workflows.release import release
from fieldstone.workflows.retire import retire
from tests.cli.workspace import HERE, SHOP, Ran, Repo, waiver

PIPELINE = {"GITHUB_BASE_REF": "main"}
"""What GitHub sets in the pipeline of a pull request for main."""

EXPIRED = waiver("field-type-changed", "acme.shop.v1.Order.id", until="2026-01-31", module="shop")
SETTINGS = """\
registry = "registry"
surfaces = ["wire", "json", "source"]
options = ["google.api.http", "acme.unit"]
fail-on = "error"
breaking-before-1-0 = "refuse"
notice = 45

[rules]
type-name-reused = "error"
enum-value-added = "error"

[modules.money]
naming = true

[modules.shop]
fail-on = "warning"

"""
BREAK = ("  string id = 1;\n", "  int32 id = 1;\n")
ADDITION = ("  string id = 1;\n", "  string id = 1;\n  string buyer = 9;\n")


@dataclass
class Gate:
    """A repository in which somebody works on a pull request."""

    repo: Repo

    def breaks(self) -> None:
        """Change the type of a released field."""
        self.repo.edit(SHOP, *BREAK)

    def check(self, *args: str, cwd: str = ".", env: Mapping[str, str] = PIPELINE) -> Ran:
        """Run the check of the pull request, as it is in the working tree."""
        return self.repo.run("check", *args, cwd=cwd, env=env)

    def settings(self, old: str, new: str) -> None:
        """Replace a text that stands once in the settings."""
        self.repo.edit("fieldstone.toml", old, new)

    def land(self) -> None:
        """Have what is in the working tree be on origin/main, and begin a branch on top of it."""
        self.repo.commit("landed")
        self.repo.git("update-ref", "refs/remotes/origin/main", "HEAD")

    def forge(self, module: str, version: str, *, retires: bool = False) -> None:
        """Release a module without a check of the pull request, and commit that."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.repo.environment.items():
                patch.setenv(name, value)
            outcome = (retire if retires else release)(Project.at(self.repo.root), module, version=version)
        assert outcome.release is not None, outcome

    def forge_entity(self, entity: str, version: str) -> None:
        """Release shop with a storage annotation on its order, whatever `generate` says of that."""
        self.repo.edit(SHOP, 'import "acme', 'import "fieldstone/v1/annotations.proto";\nimport "acme')
        option = f"  option (fieldstone.v1.entity) = {{ {entity} }};\n"
        self.repo.edit(SHOP, "message Order {\n", f"message Order {{\n{option}")
        shutil.copytree(HERE / "schemas/fieldstone/fieldstone", self.repo.root / "schemas/shop/fieldstone")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("fieldstone.checking.findings.annotations.annotation_findings", lambda *_, **__: [])
            self.forge("shop", version)

    def reseal(self, release: str, **changes: Any) -> None:
        """Write a manifest that fits what the folder of a release holds now; None takes a key away."""
        folder = self.repo.root / "registry" / release
        path = folder / "release.toml"
        changed = tomllib.loads(path.read_text()) | changes
        content = {key: value for key, value in changed.items() if key != "seal" and value is not None}
        files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file != path)
        older = {name: text for name, text in content["files"].items() if " in " in text}
        content["files"] = older | dict(_entry(file, folder) for file in files)
        digests = {name: text.partition(" in ")[0] for name, text in content["files"].items()}
        sources = {n.removeprefix("schemas/"): d for n, d in digests.items() if n.startswith("schemas/")}
        content["digest"] = b5(sources, (link["digest"] for link in content.get("dependencies", ())))
        body = tomli_w.dumps(content)
        path.write_text(f'seal = "{file_digest(body.encode())}"\n{body}')

    def forge_anyhow(self, module: str, version: str) -> None:
        """Release whatever there is as if it were the first release, and put it on top of the newest one."""
        newest = self.newest(module)
        with self.released_elsewhere(first=True, version=version) as other:
            shutil.copytree(other / "registry" / module / version, self.repo.root / "registry" / module / version)
        self.advance_ledger(module, newest, version)
        self.reseal(f"{module}/{version}", previous=self.link(module, newest), bump="minor")

    @contextmanager
    def released_elsewhere(self, *, first: bool = False, version: str = "") -> Iterator[Path]:
        """A copy of the repository in which shop was released anew, its newest release or all left out."""
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch) / "repo"
            shutil.copytree(self.repo.root, root, symlinks=True)
            other = Gate(Repo(root, self.repo.environment))
            shutil.rmtree(root / "registry/shop" / ("" if first else self.newest("shop")))
            other.settings('surfaces = ["wire", "json", "source"]', "surfaces = []")
            other.settings("[rules]", '[rules]\nsunset-too-soon = "off"')
            other.forge("shop", version or self.newest("shop"))
            yield root

    def newest(self, module: str) -> str:
        """The newest version of a module in the working tree."""
        folders = (self.repo.root / "registry" / module).iterdir()
        return str(max(Version.parse(folder.name) for folder in folders))

    def manifest(self, release: str) -> dict[str, Any]:
        """The content of a manifest."""
        return tomllib.loads(self.repo.read(f"registry/{release}/release.toml"))

    def link(self, module: str, version: str) -> dict[str, Any]:
        """How the next release names one."""
        manifest = self.manifest(f"{module}/{version}")
        return {key: manifest[key] for key in ("version", "digest", "seal")}

    def advance_ledger(self, module: str, before: str, version: str) -> None:
        """Give a release the ledger that follows from its image and the release before."""
        folder = self.repo.root / "registry" / module
        registry = FolderRegistry(folder.parent)
        old = ledger_of(registry, registry.release(module, before))
        schema = load_schema(gzip.decompress((folder / version / "image.binpb.gz").read_bytes()), where=version)
        (folder / version / "ledger.json").write_text(old.advance(schema, version).to_json())

    def deprecate_basket(self, sunset: str) -> None:
        """Announce that `acme.shop.v1.Basket`, which no field has, leaves after a day."""
        self.repo.edit(
            SHOP,
            "// What somebody ordered.\n",
            "// What somebody may order.\nmessage Basket {\n  option deprecated = true;\n"
            f'  option (fieldstone.v1.message_lifecycle) = {{\n    sunset: "{sunset}"\n  }};\n  string id = 1;\n}}\n\n'
            "// What somebody ordered.\n",
        )
        self.repo.edit(SHOP, 'import "acme', 'import "fieldstone/v1/annotations.proto";\nimport "acme')
        shutil.copytree(HERE / "schemas/fieldstone/fieldstone", self.repo.root / "schemas/shop/fieldstone")


def _entry(file: Path, folder: Path) -> tuple[str, str]:
    """How a manifest names a file in the folder of its release."""
    name, content = file.relative_to(folder).as_posix(), file.read_bytes()
    if name == "image.binpb.gz":
        return "image.binpb", file_digest(gzip.decompress(content))
    return name, file_digest(content)


def day(after: int) -> str:
    """The date so many days from today, in UTC."""
    return (datetime.now(UTC).date() + timedelta(days=after)).isoformat()


def ids(ran: Ran) -> set[str]:
    """The ids of the findings that count in a report."""
    return set(re.findall(r"^(?:error|warning)\[([^\]]+)\]", ran.out, re.MULTILINE))
