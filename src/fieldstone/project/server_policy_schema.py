"""The keys of a server's policy with their types, and the validation of its file.

`SCHEMA` is the only list of the keys. The keys that judge a module are those of the settings.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from fieldstone.errors import Invalid
from fieldstone.project.settings_schema import JUDGING, PACKAGE_NAMES, validate_rule_tables, validate_value
from fieldstone.project.waiver_table import SCHEMA as _WAIVERS
from fieldstone.project.waiver_table import check_waivers, with_text_dates
from fieldstone.registry.scopes import SCOPES

OWNERS, CONSUMERS = "owners", "consumers"
"""The values of `reviewers`."""
_NAME = r"^[a-z]([a-z0-9-]{0,62}[a-z0-9])?$"
_NAMES = {
    "pattern": _NAME,
    "title": "a name",
    "description": "use at most 64 lower-case letters, digits and `-`, a letter first",
}
_PATTERNS: dict[str, Any] = {"type": "array", "items": {"type": "string", "pattern": r"^\S+$"}}


def _names(description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string", "pattern": _NAME, "description": description[:-1]}} | {
        "description": description
    }


_PACKAGE_NAMES = {
    name: {key: value for key, value in of.items() if key != "default"}
    | {"description": f"{of['description']} By default what `fieldstone serve` was told."}
    for name, of in PACKAGE_NAMES.items()
}
_MODULE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "owners": {
            "type": "array",
            "items": {"type": "string", "pattern": r"\S", "description": "A team or an address."},
            "description": "The teams or addresses that are responsible.",
        },
        "push": _names(
            "The names of the tokens, identities and roles that may push; by default every one with the scope."
        ),
        "approve": _names(
            "The names of those that may approve and reject proposals for the owners; by default every one with the "
            "scope."
        ),
        "required-approvals": {
            "type": "integer",
            "minimum": 1,
            "maximum": 100,
            "default": 1,
            "description": "The number of people who must approve a proposal for the owners.",
        },
        "reviewers": {
            "type": "array",
            "items": {"enum": [OWNERS, CONSUMERS]},
            "default": [OWNERS],
            "description": "Whose approval a proposal needs: that of the owners, and with `consumers` that of the "
            "owner of each consumer that it may break.",
        },
        "release-when-approved": {
            "type": "boolean",
            "default": False,
            "description": "Whether the last approval releases a proposal.",
        },
        "waive": _names("The names of those that may change the waivers for a module, and nothing else of the policy."),
        "signed": {
            "type": "boolean",
            "default": False,
            "description": "Whether releases must be signed by a key in `allowed-signers`. `buf push` cannot sign.",
        },
        **JUDGING,
    },
}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "The policy of a Fieldstone registry",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "default-owner": {
            "type": "string",
            "pattern": r"^[a-z][a-z0-9-]*$",
            "description": "The owner, in buf's names, of modules that were released without one.",
        },
        "anonymous-reads": {
            "type": "boolean",
            "description": "Whether requests without a token may read; by default what `fieldstone serve` was told.",
        },
        "draft-days": {
            "type": "integer",
            "minimum": 1,
            "maximum": 3_650,
            "default": 30,
            "description": "The lifetime of a draft.",
        },
        "proposals": {
            "type": "boolean",
            "default": False,
            "description": "Whether a breaking push becomes a proposal, which waits for the decision of the owners. "
            "`fieldstone propose` makes one in any case.",
        },
        "teams": {
            "type": "object",
            "description": "Owner of a consumer, as it is published -> the names of the tokens, identities and roles "
            "that decide for it; by default the one of the same name.",
            "additionalProperties": _names("The names of those that decide for it."),
        },
        "allowed-signers": {
            "type": "string",
            "pattern": r"\S",
            "description": "The keys that may sign releases: the text of a file of allowed signers, see ssh-keygen(1).",
        },
        "packages": {
            "type": "object",
            "additionalProperties": False,
            "description": "The client packages that the registry serves.",
            "properties": {
                "after-release": {
                    "type": "array",
                    "items": {"enum": ["python", "typescript"]},
                    "default": [],
                    "description": "The languages whose packages are built after each release; others are built when "
                    "they are first asked for.",
                },
                **_PACKAGE_NAMES,
            },
        },
        "modules": {
            "type": "object",
            "description": "Pattern of module names, as of a shell -> settings. All that match apply, in the order of "
            "the file: a later one replaces the keys that it has.",
            "propertyNames": {
                "pattern": r"^\S+$",
                "title": "a pattern of names",
                "description": "write it without spaces: shop*",
            },
            "additionalProperties": _MODULE,
        },
        "waivers": _WAIVERS,
        "roles": {
            "type": "object",
            "description": "Name -> scopes and modules, for identities.",
            "propertyNames": _NAMES,
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["scopes"],
                "properties": {
                    "scopes": {"type": "array", "items": {"enum": list(SCOPES)}, "description": "Some of the scopes."},
                    "modules": {**_PATTERNS, "description": "Patterns of module names; by default all."},
                },
            },
        },
        "identities": {
            "type": "object",
            "description": "Name -> the pipelines that log in by tokens of an OpenID Connect issuer.",
            "propertyNames": _NAMES,
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["issuer", "audience", "subjects", "role"],
                "properties": {
                    "issuer": {
                        "type": "string",
                        "pattern": r"^https?://[^\s?#@]+$",
                        "description": "The issuer (`iss`): https://token.actions.githubusercontent.com.",
                    },
                    "audience": {"type": "string", "pattern": r"^\S+$", "description": "The audience (`aud`)."},
                    "subjects": {**_PATTERNS, "description": "Patterns of the subject (`sub`), of which one matches."},
                    "role": {"type": "string", "pattern": _NAME, "description": "The role that they get."},
                },
            },
        },
        "sign-in": {
            "type": "object",
            "description": "Name -> an OpenID Connect issuer by which people sign in to the pages. Their rights are "
            "those of the identity with this issuer, the client's id as audience, and their subject.",
            "propertyNames": _NAMES,
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["issuer", "client-id"],
                "properties": {
                    "issuer": {
                        "type": "string",
                        "pattern": r"^https?://[^\s?#@]+$",
                        "description": "The issuer: https://accounts.example.com.",
                    },
                    "client-id": {
                        "type": "string",
                        "pattern": r"^\S+$",
                        "description": "The id of this registry as a client of the issuer.",
                    },
                    "title": {
                        "type": "string",
                        "pattern": r"\S",
                        "description": "The words of the link; by default the name.",
                    },
                },
            },
        },
    },
}
"""The keys and their types, as JSON Schema 2020-12."""


def parse(content: str, file: str) -> dict[str, Any]:
    """The values of a policy, validated.

    Args:
        content: the text of its file.
        file: the file, for errors.

    Raises:
        Invalid: it is no TOML, or a key or value is invalid; the error has the line.
    """
    try:
        values: dict[str, Any] = with_text_dates(tomllib.loads(content))
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{file} is no TOML: {error}") from error
    try:
        validate_value(values, SCHEMA, "", file)
        validate_rule_tables(values, file)
        check_waivers(values.get("waivers", ()), file)
        _check_names(values, file)
    except Invalid as error:
        raise _with_line(error, content, file) from error
    return values


def json_schema() -> str:
    """`SCHEMA` as JSON text."""
    return json.dumps(SCHEMA, indent=2) + "\n"


def _check_names(values: Mapping[str, Any], file: str) -> None:
    roles = values.get("roles", {})
    for pattern, module in values.get("modules", {}).items():
        if OWNERS not in module.get("reviewers", [OWNERS]):
            raise Invalid(
                f"modules.{pattern}.reviewers in {file} lacks {OWNERS}, without whom nothing is approved",
                fix=f'write reviewers = ["{OWNERS}", "{CONSUMERS}"]',
            )
        if module.get("signed") and "allowed-signers" not in values:
            raise Invalid(
                f"modules.{pattern}.signed in {file} is true, and nobody may sign",
                fix="add allowed-signers = '''...'''",
            )
    for name, identity in values.get("identities", {}).items():
        if identity["role"] not in roles:
            raise Invalid(
                f"identities.{name}.role in {file} is {identity['role']}, and there is no such role",
                fix=f"add [roles.{identity['role']}], or name one of {', '.join(roles) or 'none yet'}",
            )
    for table in ("identities", "sign-in"):
        for name, one in values.get(table, {}).items():
            if not is_secure(one["issuer"]):
                raise Invalid(f"{table}.{name}.issuer in {file} is not encrypted", fix="write https://")


def is_secure(issuer: str) -> bool:
    """Whether an address is https, or http on this machine."""
    return re.match(r"https://|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/|$)", issuer) is not None


def _with_line(error: Invalid, content: str, file: str) -> Invalid:
    """An error with the line of the key that it begins with."""
    found = re.match(rf"(?:unknown (?:key|rule) )?(\S+) in {re.escape(file)}", error.problem)
    line = _line(content, found[1].partition("[")[0].split(".")) if found else 0
    return Invalid(error.problem.replace(file, f"{file}:{line}", 1), fix=error.fix) if line else error


def _line(content: str, parts: list[str]) -> int:
    """The number of the line with the last part of a key that the text has, after those before it; 0 for none."""
    number = 0
    lines = content.split("\n")
    for part in parts:
        word = re.compile(rf"(?<![\w-]){re.escape(part)}(?![\w-])")
        number = next((n for n in range(max(number, 1), len(lines) + 1) if word.search(lines[n - 1])), number)
    return number
