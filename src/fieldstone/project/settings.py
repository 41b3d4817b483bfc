"""`[tool.fieldstone]`: finds, validates and loads the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from fieldstone.compatibility.exemption import Exemption
from fieldstone.compatibility.waiver import NO_KNOWN_READER, Waiver
from fieldstone.project.known_style import KnownStyle, load_known_style
from fieldstone.project.settings_file import OWN_FILE, load_settings_file
from fieldstone.project.settings_schema import SCHEMA, validate
from fieldstone.project.waiver_table import Entry, load_waivers
from fieldstone.registry import folder_of

if TYPE_CHECKING:
    from fieldstone.project.extending.layers import Layer

FILES = ("pyproject.toml", OWN_FILE)
"""The names of the files that can contain settings."""


class ModuleSettings(Struct, frozen=True):
    """The settings of one module; each attribute is the key of that name, with hyphens.

    `notice` and `evidence_days` are numbers of days. `generate` is None if it is not set. `waivers` are those for this
    module, `exemptions` those of `exempt-paths` and `exempt-rules`.
    """

    surfaces: tuple[str, ...]
    naming: bool
    fail_on: str
    breaking_before_1_0: str
    notice: int
    rules: Mapping[str, str]
    generate: bool | None = None
    waivers: tuple[Waiver, ...] = ()
    options: tuple[str, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    unstable_packages: str = "protect"
    sunset_needs: str = "notice"
    evidence_days: int = 90
    evidence_rank: str = "declared"

    @property
    def needs_no_known_reader(self) -> bool:
        """Whether a removal after a sunset needs that no reader is known."""
        return self.sunset_needs == NO_KNOWN_READER


class Settings(Struct, frozen=True):
    """The settings of a repository.

    Attributes:
        root: the absolute folder that paths in the settings are relative to.
        file: the settings file; None if there is none, so that the defaults apply.
        values: the validated settings, without defaults: those of the file over those that it extends.
        waivers: the waivers, each with its lines in the file, which has an absolute path.
        layers: the file and those that it extends, the nearest first.
        known_style: the known faults of style.
    """

    root: Path
    file: Path | None = None
    values: Mapping[str, Any] = {}
    waivers: Mapping[Waiver, Entry] = {}
    layers: tuple[Layer, ...] = ()
    known_style: KnownStyle = KnownStyle()

    @property
    def registry(self) -> str:
        """The address of the registry: an absolute folder, or an address with a scheme; see `open_registry`."""
        address = str(self._get("registry"))
        return address if folder_of(address) is None else str(self.root / address)

    @property
    def registry_folder(self) -> Path | None:
        """The absolute folder of the registry; None if it is not a folder."""
        return folder_of(self.registry)

    @property
    def workspace(self) -> Path:
        """The absolute folder of the buf configuration."""
        return self.root / str(self._get("workspace"))

    @property
    def out(self) -> Path:
        """The absolute folder of the generated code."""
        return self.root / str(self._get("out", "generate"))

    @property
    def record_paths(self) -> tuple[Path, ...]:
        """The absolute folders in which the application's classes are imported."""
        return tuple(self.root / path for path in self._get("record-paths", "generate"))

    @property
    def packages(self) -> Path:
        """The absolute folder of the built packages."""
        return self.root / str(self._get("out", "package"))

    @property
    def python_prefix(self) -> str:
        """The beginning of the names of Python distributions and of the packages in them; empty for none."""
        return str(self._get("python-prefix", "package"))

    @property
    def npm_scope(self) -> str:
        """The scope of npm packages, without its @; empty for none."""
        return str(self._get("npm-scope", "package"))

    @property
    def maven_group(self) -> str:
        """The groupId of Maven projects; empty if it is not set."""
        return str(self._get("maven-group", "package"))

    @property
    def go_prefix(self) -> str:
        """The prefix of the paths of Go modules; empty if it is not set."""
        return str(self._get("go-prefix", "package"))

    @property
    def known_packages(self) -> Mapping[str, Mapping[str, str]]:
        """Folder of third-party files, with a slash at its end, to the packages that have their code."""
        known: Mapping[str, Mapping[str, str]] = self._get("known", "package") or {}
        return known

    @property
    def imports_only(self) -> tuple[str, ...] | None:
        """The paths of third-party schemas, relative to the workspace; None to find them by their folders' names."""
        paths = self.values.get("imports-only")
        return None if paths is None else tuple(_normal(path) for path in paths)

    @property
    def module_names(self) -> dict[str, str]:
        """Module key (see `Module.key`) to name, for the modules that the settings name."""
        modules: Mapping[str, Any] = self.values.get("modules", {})
        return {_normal(values["path"]): name for name, values in modules.items() if "path" in values}

    def module(self, name: str) -> ModuleSettings:
        """The settings of a module: from its own table, else the general keys, else the defaults."""
        own = self.values.get("modules", {}).get(name, {})
        return ModuleSettings(
            surfaces=tuple(own.get("surfaces", self._get("surfaces"))),
            naming=own.get("naming", self._get("naming")),
            fail_on=own.get("fail-on", self._get("fail-on")),
            breaking_before_1_0=own.get("breaking-before-1-0", self._get("breaking-before-1-0")),
            notice=own.get("notice", self._get("notice")),
            rules={**self.values.get("rules", {}), **own.get("rules", {})},
            generate=own.get("generate"),
            waivers=tuple(waiver for waiver in self.waivers if waiver.module in {"", name}),
            options=tuple(own.get("options", self._get("options"))),
            exemptions=tuple(self._exemptions(own)),
            unstable_packages=own.get("unstable-packages", self._get("unstable-packages")),
            sunset_needs=own.get("sunset-needs", self._get("sunset-needs")),
            evidence_days=own.get("evidence-days", self._get("evidence-days")),
            evidence_rank=own.get("evidence-rank", self._get("evidence-rank")),
        )

    def _exemptions(self, own: Mapping[str, Any]) -> Iterator[Exemption]:
        """The exemptions of a module, from its own table or the general keys."""
        for path in own.get("exempt-paths", self._get("exempt-paths")):
            yield Exemption(path=_normal(path))
        for rule, paths in {**self.values.get("exempt-rules", {}), **own.get("exempt-rules", {})}.items():
            yield from (Exemption(path=_normal(path), rule=rule) for path in paths)

    def _get(self, key: str, table: str = "") -> Any:
        """The value of a key, of the settings or of one of their tables, or its default."""
        values = self.values.get(table, {}) if table else self.values
        known = SCHEMA["properties"][table]["properties"] if table else SCHEMA["properties"]
        return values.get(key, known[key].get("default"))


def find_settings(start: Path, *, copies: Callable[[Path], Path] = lambda root: root) -> Settings:
    """The settings that apply in a folder.

    Looks in the folder and its parents, up to the root of the checkout, for a pyproject.toml with
    `[tool.fieldstone]` or a fieldstone.toml. Without one, the defaults apply, relative to the nearest
    folder with a buf configuration.

    Args:
        start: the folder.
        copies: the folder of the settings -> the folder whose `.fieldstone` has the copies of what they extend.

    Raises:
        FieldstoneError: a settings file or the list of known faults cannot be read or is invalid, or a folder has two
            settings files; or what they extend cannot be used, is not pinned, or was not fetched.
    """
    own = own_settings(start)
    return _extended(own, copies(own.root)) if "extends" in own.values else own


def own_settings(start: Path) -> Settings:
    """The settings that apply in a folder, without those that they extend; see `find_settings`."""
    folders = list(_upwards(start.resolve()))
    for folder in folders:
        if found := load_settings_file(folder):
            file, values = found
            validate(values, file)
            waivers = load_waivers(values.get("waivers", ()), file)
            return Settings(folder, file, values, waivers, known_style=load_known_style(folder))
    with_buf = (f for f in folders if (f / "buf.work.yaml").is_file() or (f / "buf.yaml").is_file())
    return Settings(next(with_buf, folders[0]))


def _extended(own: Settings, copies: Path) -> Settings:
    """Settings with those that they extend."""
    from fieldstone.project.extending.layers import load_layers, merged
    from fieldstone.project.extending.lock import read_lock
    from fieldstone.project.extending.pinned import Pinned

    if own.file is None:
        return own
    layers = load_layers(own.file, own.values, Pinned(read_lock(own.root), copies, own.root).read)
    return replace(own, values=merged(layers), layers=layers)


def _upwards(start: Path) -> Iterable[Path]:
    for folder in (start, *start.parents):
        yield folder
        if (folder / ".git").exists():
            return


def _normal(path: str) -> str:
    return Path(path).as_posix()
