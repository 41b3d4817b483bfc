"""The keys of `[tool.fieldstone]` with their types, and the validation of settings.

`SCHEMA` is the only list of the keys: validation uses it, and editors do as `fieldstone.schema.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldstone.compatibility.sunsets.notice import NOTICE
from fieldstone.compatibility.waiver import NO_KNOWN_READER
from fieldstone.errors import Invalid
from fieldstone.project.known_packages_schema import KNOWN_PACKAGES, check_known_packages
from fieldstone.project.waiver_table import SCHEMA as _WAIVERS
from fieldstone.project.waiver_table import check_waivers, rule_schema
from fieldstone.suggestions import did_you_mean
from fieldstone.workspace.module_name import PATTERN, REQUIREMENT

_SHOWN = 200
"""The most characters of an invalid value in an error."""

_LEVELS = ["error", "warning", "note", "off"]
_SURFACES = ["wire", "json", "source", "storage", "http"]
_RULES: dict[str, Any] = {
    "type": "object",
    "examples": [{"enum-value-added": "error", "type-moved": "off"}],
    "description": "Rule id -> the level that its findings count at.",
    "additionalProperties": {"enum": _LEVELS},
}
_PATH: dict[str, Any] = {
    "type": "string",
    "pattern": r"^(\.|(?!\.\.?(/|$))[^/\\*?]+(/(?!\.\.?(/|$))[^/\\*?]+)*/?)$",
    "description": "A file or folder as other files import it, without patterns: `acme/internal`; `.` is all of the "
    "module.",
}
_EXEMPT_RULES: dict[str, Any] = {
    "type": "object",
    "examples": [{"field-renamed": ["acme/admin/v1"]}],
    "description": "Rule id -> files and folders, as other files import them, that only this rule does not protect.",
    "additionalProperties": {"type": "array", "items": _PATH},
}
PACKAGE_NAMES: dict[str, Any] = {
    "python-prefix": {
        "type": "string",
        "pattern": r"^([a-z][a-z0-9]*(-[a-z0-9]+)*)?$",
        "default": "",
        "examples": ["acme"],
        "description": "The beginning of the names of Python packages, built and generated: `acme` gives "
        "acme-telemetry-contracts, imported as acme_telemetry_contracts.",
    },
    "npm-scope": {
        "type": "string",
        "pattern": r"^([a-z0-9~-][a-z0-9._~-]*)?$",
        "default": "",
        "examples": ["acme"],
        "description": "The scope of npm packages, without its @: `acme` gives @acme/telemetry-contracts.",
    },
}
"""The keys that name the packages which a registry serves, too."""
JUDGING: dict[str, Any] = {
    "surfaces": {
        "type": "array",
        "items": {"enum": _SURFACES},
        "default": _SURFACES,
        "examples": [["wire", "json"]],
        "description": "The protected surfaces: a change that breaks none of them passes.",
    },
    "options": {
        "type": "array",
        "items": {"type": "string"},
        "default": ["google.api.http", "google.api.field_behavior"],
        "examples": [["google.api.http", "acme.v1.sensitivity"]],
        "description": "The full names of the custom options whose changes are reported: of google.api.http and "
        "google.api.field_behavior those that break, of any other one every change.",
    },
    "naming": {
        "type": "boolean",
        "default": False,
        "examples": [True],
        "description": "Whether new messages and files carry the version of their package in their names.",
    },
    "fail-on": {
        "enum": ["error", "warning"],
        "default": "error",
        "examples": ["warning"],
        "description": "The lowest level that refuses a change.",
    },
    "breaking-before-1-0": {
        "enum": ["minor", "refuse"],
        "default": "minor",
        "examples": ["refuse"],
        "description": "The effect of a break before 1.0.0: a minor bump, or a refusal as later.",
    },
    "notice": {
        "type": "integer",
        "minimum": 0,
        "maximum": 36_500,
        "default": NOTICE,
        "examples": [90],
        "description": "The days that must lie between the release that introduces a sunset and the sunset.",
    },
    "sunset-needs": {
        "enum": ["notice", NO_KNOWN_READER],
        "default": "notice",
        "examples": [NO_KNOWN_READER],
        "description": "What a removal after a sunset needs: the notice alone, or also that no consumer is known to "
        "use the element. Unknown is not enough.",
    },
    "evidence-days": {
        "type": "integer",
        "minimum": 0,
        "maximum": 36_500,
        "default": 90,
        "examples": [30],
        "description": "The days for which the evidence of a consumer shows what it does not use, where a sunset or a "
        "waiver needs that no reader is known.",
    },
    "evidence-rank": {
        "enum": ["enforced", "scan", "declared"],
        "default": "declared",
        "examples": ["scan"],
        "description": "The weakest evidence that shows what a consumer does not use: a narrowed package, a complete "
        "scan of its code, or its word.",
    },
    "rules": _RULES,
    "exempt-paths": {
        "type": "array",
        "items": _PATH,
        "default": [],
        "examples": [["acme/internal"]],
        "description": "Files and folders, as other files import them, whose breaking changes are noted, and refuse "
        "nothing.",
    },
    "exempt-rules": _EXEMPT_RULES,
    "unstable-packages": {
        "enum": ["protect", "exempt"],
        "default": "protect",
        "examples": ["exempt"],
        "description": "Whether breaking changes in packages such as acme.v1alpha1, acme.v1beta1 and acme.v1test count "
        "as elsewhere, or are noted only.",
    },
}
"""The keys that judge a module, for all modules or for one."""
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "[tool.fieldstone]",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "extends": {
            "type": "string",
            "pattern": r"\S",
            "examples": ["git+https://git.example.com/acme/schemas@v3#fieldstone.toml"],
            "description": "A file with further settings, which apply where these are silent: a path relative to this "
            "file, or git+URL@REF#FILE. Outside this repository it is pinned in fieldstone.lock.",
        },
        "registry": {
            "type": "string",
            "default": "registry",
            "examples": ["https://schemas.example.com"],
            "description": "The releases: a folder, relative to the settings file, or an address: https://HOST, "
            "sqlite:///PATH, postgresql://USER@HOST/NAME.",
        },
        "workspace": {
            "type": "string",
            "default": ".",
            "examples": ["proto"],
            "description": "The folder of buf.yaml or buf.work.yaml, relative to the settings file.",
        },
        "imports-only": {
            "type": "array",
            "items": {
                "type": "string",
                "pattern": r"^(?!/)(?!(.*/)?\.\.(/|$)).+$",
                "description": "A path below the folder of the buf configuration: third_party/googleapis.",
            },
            "examples": [["vendor/googleapis"]],
            "description": "Third-party schemas, as paths below the folder of the buf configuration: modules, or files "
            "and folders inside a module. They are imported, and neither judged nor released as one's own. By default "
            "the modules in folders called third_party or third-party.",
        },
        **JUDGING,
        "waivers": _WAIVERS,
        "generate": {
            "type": "object",
            "additionalProperties": False,
            "description": "Output and further inputs of `fieldstone generate`.",
            "properties": {
                "out": {
                    "type": "string",
                    "default": "generated",
                    "examples": ["gen"],
                    "description": "The folder of the generated code, relative to the settings file.",
                },
                "record-paths": {
                    "type": "array",
                    "items": {"type": "string"},
                    "default": ["src", "."],
                    "examples": [["src"]],
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
                    "examples": ["build/packages"],
                    "description": "The folder of the built packages, relative to the settings file.",
                },
                **PACKAGE_NAMES,
                "maven-group": {
                    "type": "string",
                    "pattern": r"^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)?$",
                    "default": "",
                    "examples": ["com.example.contracts"],
                    "description": "The groupId of Maven projects: `com.example.contracts`. Needed for Java.",
                },
                "go-prefix": {
                    "type": "string",
                    "pattern": r"^([A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*)?$",
                    "default": "",
                    "examples": ["example.com/contracts"],
                    "description": "The prefix of the paths of Go modules: `example.com/contracts`. Needed for Go.",
                },
                "known": KNOWN_PACKAGES,
            },
        },
        "modules": {
            "type": "object",
            "examples": [{"telemetry": {"surfaces": ["wire"]}}],
            "description": "Module name -> its own settings, which replace those above.",
            "propertyNames": {"pattern": PATTERN, "title": "the name of a module", "description": REQUIREMENT},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "path": {
                        "type": "string",
                        "examples": ["schemas/telemetry"],
                        "description": "The module's path in the buf configuration, to name it by hand.",
                    },
                    "generate": {
                        "type": "boolean",
                        "examples": [False],
                        "description": "Whether code is generated from the module: by default where any of its files "
                        "is neither Fieldstone's vocabulary nor in googleapis-common-protos.",
                    },
                    **JUDGING,
                },
            },
        },
    },
}
"""The keys and their types, as JSON Schema 2020-12."""


def validate(values: Mapping[str, Any], file: Path | str) -> None:
    """Validate settings against `SCHEMA` and the known rules.

    Raises:
        FieldstoneError: a key or value is invalid; the error suggests the closest valid name.
    """
    validate_value(values, SCHEMA, "", file)
    validate_rule_tables(values, file)
    check_known_packages(values.get("package", {}).get("known", {}), file)
    check_waivers(values.get("waivers", ()), file)


def validate_rule_tables(values: Mapping[str, Any], file: Path | str) -> None:
    """Validate the ids of the rules in `rules` and in `modules.*.rules`.

    Raises:
        Invalid: there is no such rule; the error suggests the closest one.
    """
    for where, rules in _all_rule_tables(values):
        if rules:
            _validate_rules(rules, where, file)
    for where, rules in _all_rule_tables(values, "exempt-rules"):
        if rules:
            _validate_exempt_rules(rules, where, file)


def json_schema() -> str:
    """`SCHEMA` with the ids of all rules filled in, as JSON text."""
    from fieldstone.compatibility.rules import rule_ids

    text = json.dumps(SCHEMA)
    rules = json.dumps(_RULES)
    named = json.dumps(_RULES | {"propertyNames": {"enum": rule_ids()}})
    exempt = json.dumps(_EXEMPT_RULES | {"propertyNames": {"enum": rule_ids()}})
    schema = json.loads(text.replace(rules, named).replace(json.dumps(_EXEMPT_RULES), exempt))
    schema["properties"]["waivers"]["items"]["properties"]["rule"] |= rule_schema(rule_ids())
    return json.dumps(schema, indent=2) + "\n"


def validate_value(value: Any, schema: Mapping[str, Any], key: str, file: Path | str) -> None:
    """Validate a value against a schema, of the keywords of JSON Schema that `SCHEMA` uses.

    Args:
        value: the value.
        schema: its schema.
        key: its dotted key, for errors; empty for the whole file.
        file: the file, for errors.

    Raises:
        Invalid: it does not match.
    """
    types = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict}
    wanted = schema.get("type")
    if wanted and (not isinstance(value, types[wanted]) or (wanted == "integer" and isinstance(value, bool))):
        raise Invalid(f"{key or 'the table'} in {file} must be of type {wanted}, and is {_shown(value)}")
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(f"{key} in {file} is {_shown(value)}", fix=_choices(str(value), schema["enum"]))
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
            validate_value(item, schema["items"], f"{key}[{number}]" if "properties" in schema["items"] else key, file)
    if wanted == "object":
        _validate_table(value, schema, key, file)


def _fits(text: str, schema: Mapping[str, Any]) -> bool:
    """Whether a text matches the pattern of a schema; unlike in Python, `$` does not match before a line end."""
    pattern = schema.get("pattern", "")
    return re.search(f"{pattern[:-1]}\\Z" if pattern.endswith("$") else pattern, text) is not None


def _validate_table(value: Mapping[str, Any], schema: Mapping[str, Any], key: str, file: Path | str) -> None:
    known: Mapping[str, Any] = schema.get("properties", {})
    others = schema["additionalProperties"]
    for name, item in value.items():
        path = f"{key}.{name}" if key else name
        names = schema.get("propertyNames", {})
        if not _fits(name, names):
            raise Invalid(f"{name!r} in {key} in {file} cannot be {names['title']}", fix=names["description"])
        if name in known or others:
            validate_value(item, known.get(name, others), path, file)
        else:
            raise Invalid(f"unknown key {path} in {file}", fix=_nearest(name, known))
    for name in schema.get("required", ()):
        if name not in value:
            raise Invalid(f"{key} in {file} has no {name}", fix=f"it is {_lowered(known[name]['description'])}")


def _all_rule_tables(values: Mapping[str, Any], key: str = "rules") -> Iterable[tuple[str, Mapping[str, Any]]]:
    yield key, values.get(key, {})
    for name, module in values.get("modules", {}).items():
        yield f"modules.{name}.{key}", module.get(key, {})


def _validate_exempt_rules(rules: Mapping[str, Any], where: str, file: Path | str) -> None:
    from fieldstone.compatibility.rules import all_rules

    _validate_rules(rules, where, file, of_buf="name Fieldstone's rule: `fieldstone explain {}` lists those like it")
    style = next((rule for rule in rules if all_rules()[rule].is_style), "")
    if style:
        raise Invalid(
            f"{where}.{style} in {file} is a rule of style, and exemptions are from rules on breaking changes",
            fix=f'lower its level in `rules`: {style} = "warning"',
        )


def _validate_rules(
    rules: Mapping[str, Any],
    where: str,
    file: Path | str,
    *,
    of_buf: str = "configure it in the lint section of buf.yaml",
) -> None:
    from fieldstone.compatibility.rules import rule_ids

    for rule in rules:
        if rule.isupper():
            raise Invalid(f"{where}.{rule} in {file} looks like a rule of buf", fix=of_buf.format(rule))
        if rule not in rule_ids():
            fix = _nearest(rule, rule_ids(), otherwise="`fieldstone rules` lists them")
            raise Invalid(f"unknown rule {where}.{rule} in {file}", fix=fix)


def _nearest(name: str, known: Iterable[str], *, otherwise: str = "") -> str:
    return did_you_mean(name, known, otherwise or f"known are {', '.join(known)}", likeness=0.5)


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


def _choices(value: str, known: Sequence[str]) -> str:
    return " ".join(filter(None, (did_you_mean(value, known), f"it may be {', '.join(known)}")))
