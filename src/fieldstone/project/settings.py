"""`[tool.fieldstone]`: finds, validates and reads the settings.

`SCHEMA` is the only list of the keys: validation uses it, and editors do as `fieldstone.schema.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from fieldstone.compatibility.notice import NOTICE
from fieldstone.compatibility.waiver import Waiver
from fieldstone.errors import Invalid
from fieldstone.project.settings_file import OWN_FILE, load_settings_file
from fieldstone.project.waiver_table import SCHEMA as _WAIVERS
from fieldstone.project.waiver_table import check_waivers, load_waivers, rule_schema
from fieldstone.registry import folder_of
from fieldstone.workspace.module_name import PATTERN, REQUIREMENT

if TYPE_CHECKING:
    from fieldstone.schema.location import Location

FILES = ("pyproject.toml", OWN_FILE)
"""The names of the files that can contain settings."""

_SHOWN = 200
"""The most characters of an invalid value in an error."""

_LEVELS = ["error", "warning", "note", "off"]
_SURFACES = ["wire", "json", "source", "storage", "http"]
_RULES: dict[str, Any] = {
    "type": "object",
    "description": "Rule id -> the level that its findings count at.",
    "additionalProperties": {"enum": _LEVELS},
}
_POLICY: dict[str, Any] = {
    "surfaces": {
        "type": "array",
        "items": {"enum": _SURFACES},
        "default": _SURFACES,
        "description": "The protected surfaces: a change that breaks none of them passes.",
    },
    "options": {
        "type": "array",
        "items": {"type": "string"},
        "default": ["google.api.http", "google.api.field_behavior"],
        "description": "The full names of the custom options whose changes are reported: of google.api.http and "
        "google.api.field_behavior those that break, of any other one every change.",
    },
    "naming": {
        "type": "boolean",
        "default": False,
        "description": "Whether new messages and files carry the version of their package in their names.",
    },
    "fail-on": {
        "enum": ["error", "warning"],
        "default": "error",
        "description": "The lowest level that refuses a change.",
    },
    "breaking-before-1-0": {
        "enum": ["minor", "refuse"],
        "default": "minor",
        "description": "The effect of a break before 1.0.0: a minor bump, or a refusal as later.",
    },
    "notice": {
        "type": "integer",
        "minimum": 0,
        "maximum": 36_500,
        "default": NOTICE,
        "description": "The days that must lie between the release that introduces a sunset and the sunset.",
    },
    "rules": _RULES,
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "[tool.fieldstone]",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "registry": {
            "type": "string",
            "default": "registry",
            "description": "The folder of the released versions, relative to the settings file.",
        },
        "workspace": {
            "type": "string",
            "default": ".",
            "description": "The folder of buf.yaml or buf.work.yaml, relative to the settings file.",
        },
        **_POLICY,
        "waivers": _WAIVERS,
        "generate": {
            "type": "object",
            "additionalProperties": False,
            "description": "Output and further inputs of `fieldstone generate`.",
            "properties": {
                "out": {
                    "type": "string",
                    "default": "generated",
                    "description": "The folder of the generated code, relative to the settings file.",
                },
                "record-paths": {
                    "type": "array",
                    "items": {"type": "string"},
                    "default": ["src", "."],
                    "description": "The folders in which the classes of records are imported, relative to the "
                    "settings file.",
                },
            },
        },
        "package": {
            "type": "object",
            "additionalProperties": False,
            "description": "Names and folder of the packages that `fieldstone package` builds.",
            "properties": {
                "out": {
                    "type": "string",
                    "default": "dist",
                    "description": "The folder of the built packages, relative to the settings file.",
                },
                "npm-scope": {
                    "type": "string",
                    "pattern": r"^([a-z0-9~-][a-z0-9._~-]*)?$",
                    "default": "",
                    "description": "The scope of npm packages, without its @: `acme` gives @acme/telemetry-contracts.",
                },
                "maven-group": {
                    "type": "string",
                    "pattern": r"^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)?$",
                    "default": "",
                    "description": "The groupId of Maven projects: `com.example.contracts`. Needed for Java.",
                },
                "go-prefix": {
                    "type": "string",
                    "pattern": r"^([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?$",
                    "default": "",
                    "description": "The prefix of the paths of Go modules: `example.com/contracts`. Needed for Go.",
                },
            },
        },
        "modules": {
            "type": "object",
            "description": "Module name -> its own settings, which replace those above.",
            "propertyNames": {"pattern": PATTERN},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "path": {
                        "type": "string",
                        "description": "The module's path in the buf configuration, to name it by hand.",
                    },
                    "generate": {
                        "type": "boolean",
                        "description": "Whether code is generated from the module: by default where any of its files "
                        "is neither Fieldstone's vocabulary nor in googleapis-common-protos.",
                    },
                    **_POLICY,
                },
            },
        },
    },
}
"""The keys and their types, as JSON Schema 2020-12."""


class ModuleSettings(Struct, frozen=True):
    """The settings of one module; each attribute is the key of that name, with hyphens.

    `notice` is a number of days. `generate` is None if it is not set. `waivers` are those for this module.
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


class Settings(Struct, frozen=True):
    """The settings of a repository.

    Attributes:
        root: the absolute folder that paths in the settings are relative to.
        file: the settings file; None if there is none, so that the defaults apply.
        values: the validated content of the file, without defaults.
        waivers: the waivers, each with its lines in the file, given by its absolute path.
    """

    root: Path
    file: Path | None = None
    values: Mapping[str, Any] = {}
    waivers: Mapping[Waiver, Location] = {}

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
    def module_names(self) -> dict[str, str]:
        """Module path to name, for the modules that the settings name."""
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
        )

    def _get(self, key: str, table: str = "") -> Any:
        """The value of a key, of the settings or of one of their tables, or its default."""
        values = self.values.get(table, {}) if table else self.values
        known = SCHEMA["properties"][table]["properties"] if table else SCHEMA["properties"]
        return values.get(key, known[key].get("default"))


def find_settings(start: Path) -> Settings:
    """The settings that apply in a folder.

    Looks in the folder and its parents, up to the root of the checkout, for a pyproject.toml with
    `[tool.fieldstone]` or a fieldstone.toml. Without one, the defaults apply, relative to the nearest
    folder with a buf configuration.

    Raises:
        FieldstoneError: a settings file cannot be read or is invalid, or a folder has two.
    """
    folders = list(_upwards(start.resolve()))
    for folder in folders:
        if found := load_settings_file(folder):
            file, values = found
            validate(values, file)
            return Settings(folder, file, values, load_waivers(values.get("waivers", ()), file))
    with_buf = (f for f in folders if (f / "buf.work.yaml").is_file() or (f / "buf.yaml").is_file())
    return Settings(next(with_buf, folders[0]))


def validate(values: Mapping[str, Any], file: Path) -> None:
    """Validate settings against `SCHEMA` and the known rules.

    Raises:
        FieldstoneError: a key or value is invalid; the error suggests the closest valid name.
    """
    _validate(values, SCHEMA, "", file)
    for where, rules in _all_rule_tables(values):
        if rules:
            _validate_rules(rules, where, file)
    check_waivers(values.get("waivers", ()), file)


def json_schema() -> str:
    """`SCHEMA` with the ids of all rules filled in, as JSON text."""
    from fieldstone.compatibility.rules import rule_ids

    text = json.dumps(SCHEMA)
    rules = json.dumps(_RULES)
    named = json.dumps(_RULES | {"propertyNames": {"enum": rule_ids()}})
    schema = json.loads(text.replace(rules, named))
    schema["properties"]["waivers"]["items"]["properties"]["rule"] |= rule_schema(rule_ids())
    return json.dumps(schema, indent=2) + "\n"


def _upwards(start: Path) -> Iterable[Path]:
    for folder in (start, *start.parents):
        yield folder
        if (folder / ".git").exists():
            return


def _validate(value: Any, schema: Mapping[str, Any], key: str, file: Path) -> None:
    types = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}
    wanted = schema.get("type")
    if wanted and (not isinstance(value, types[wanted]) or (wanted == "integer" and isinstance(value, bool))):
        raise Invalid(f"{key or 'the table'} in {file} must be of type {wanted}, and is {_shown(value)}")
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(f"{key} in {file} is {_shown(value)}", fix=f"it may be {', '.join(schema['enum'])}")
    if "minimum" in schema and value < schema["minimum"]:
        raise Invalid(f"{key} in {file} is {_shown(value)}", fix=f"it must be at least {schema['minimum']}")
    if "maximum" in schema and value > schema["maximum"]:
        raise Invalid(f"{key} in {file} is {_shown(value)}", fix=f"it may be {schema['maximum']} at most")
    if wanted == "string" and "\0" in value:
        raise Invalid(f"{key} in {file} holds a NUL: {_shown(value)}", fix="remove it")
    if wanted == "string" and not _fits(value, schema):
        raise Invalid(f"{key} in {file} is {_shown(value)}", fix=f"it is {_lowered(schema['description'])}")
    if wanted == "array":
        for number, item in enumerate(value, 1):
            _validate(item, schema["items"], f"{key}[{number}]" if "properties" in schema["items"] else key, file)
    if wanted == "object":
        _validate_table(value, schema, key, file)


def _fits(text: str, schema: Mapping[str, Any]) -> bool:
    """Whether a text matches the pattern of a schema; unlike in Python, `$` does not match before a line end."""
    pattern = schema.get("pattern", "")
    return re.search(f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern, text) is not None


def _validate_table(value: Mapping[str, Any], schema: Mapping[str, Any], key: str, file: Path) -> None:
    known: Mapping[str, Any] = schema.get("properties", {})
    others = schema["additionalProperties"]
    for name, item in value.items():
        path = f"{key}.{name}" if key else name
        if not _fits(name, schema.get("propertyNames", {})):
            raise Invalid(f"{name!r} in {key} in {file} cannot be the name of a module", fix=REQUIREMENT)
        if name in known or others:
            _validate(item, known.get(name, others), path, file)
        else:
            raise Invalid(f"unknown key {path} in {file}", fix=_nearest(name, known))
    for name in schema.get("required", ()):
        if name not in value:
            raise Invalid(f"{key} in {file} has no {name}", fix=f"it is {_lowered(known[name]['description'])}")


def _all_rule_tables(values: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, str]]]:
    yield "rules", values.get("rules", {})
    for name, module in values.get("modules", {}).items():
        yield f"modules.{name}.rules", module.get("rules", {})


def _validate_rules(rules: Mapping[str, str], where: str, file: Path) -> None:
    from fieldstone.compatibility.rules import rule_ids

    for rule in rules:
        if rule.isupper():
            raise Invalid(
                f"{where}.{rule} in {file} looks like a rule of buf", fix="configure it in the lint section of buf.yaml"
            )
        if rule not in rule_ids():
            fix = _nearest(rule, rule_ids(), otherwise="`fieldstone rules` lists them")
            raise Invalid(f"unknown rule {where}.{rule} in {file}", fix=fix)


def _nearest(name: str, known: Iterable[str], *, otherwise: str = "") -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else otherwise or f"known are {', '.join(known)}"


def _shown(value: Any) -> str:
    """A value nearly as in TOML, cut off if it is long."""
    try:
        text = json.dumps(value, default=str, ensure_ascii=False)
    except ValueError:  # an integer in hexadecimal, with more digits than Python writes as decimals
        return "a number that is too long"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _lowered(sentence: str) -> str:
    """A sentence without its capital and full stop."""
    return sentence[0].lower() + sentence[1:].rstrip(".")


def _normal(path: str) -> str:
    return Path(path).as_posix()
