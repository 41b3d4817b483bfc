"""The texts that `fieldstone init` writes and prints."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w
import yaml

_SETTINGS = """\
# Fieldstone's settings; `fieldstone settings --schema` prints all keys.
registry = {registry}
{workspace}{third_party}
# The protected surfaces. A change that breaks none of them passes.
{surfaces}
{taken}
# Whether new messages and files carry the version of their package: StepV1 in acme.v1, step_v1.proto.
# naming = true

# [rules]
# field-renamed = "warning"
{tables}"""
_SURFACES = 'surfaces = ["wire", "json", "source", "storage", "http"]'
_TAKEN = """
# From the section `breaking` of the buf configuration: breaks here are noted, and refuse nothing.
"""
_STARTER = """\
syntax = "proto3";

package {package};

// The first message of this contract; rename it before the first release.
message {message} {{
  // Its permanent id.
  string id = 1;
}}
"""
_EXCEPT = """\
  # Rules that the schemas break today; delete a line once it is fixed.
  except:
{rules}"""
REGISTRY_ATTRIBUTES = """\
# Released bytes stay as they are on every system, and out of diffs and language statistics.
* -text !eol linguist-generated
*.binpb binary
*.binpb.gz binary
"""


_LINE = 90
"""The longest list in one line, in characters."""


class _Indented(yaml.SafeDumper):
    """A YAML dumper that indents lists below their key, like buf and pre-commit."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """Write equal values out instead of `&id001` and `*id001`."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Indent, also lists."""
        super().increase_indent(flow, indentless=False)


def to_yaml(data: Mapping[str, Any]) -> str:
    """A mapping as YAML, in the order of its keys."""
    return yaml.dump(data, Dumper=_Indented, sort_keys=False, width=120, allow_unicode=True)


def settings(
    registry: str,
    workspace: str,
    names: Mapping[str, str],
    policies: Mapping[str, Mapping[str, Any]] | None = None,
    third_party: Sequence[str] = (),
) -> str:
    """A fieldstone.toml.

    Args:
        registry: the folder of the releases.
        workspace: the folder of the buf configuration.
        names: the modules to name by hand, path to name.
        policies: the settings of modules, by name; those of "" are for all modules.
        third_party: the paths of third-party schemas, relative to the workspace.
    """
    general = dict((policies or {}).get("", {}))
    modules: dict[str, dict[str, Any]] = {name: {"path": path} for path, name in names.items()}
    for name, values in (policies or {}).items():
        if name:
            modules[name] = {**modules.get(name, {}), **values}
    surfaces = general.pop("surfaces", None)
    tables = {key: value for key, value in general.items() if isinstance(value, dict)}
    tables |= {"modules": modules} if modules else {}
    values = {key: value for key, value in general.items() if key not in tables}
    return _SETTINGS.format(
        registry=toml_text(registry),
        workspace="" if workspace == "." else f"workspace = {toml_text(workspace)}\n",
        third_party=imports_only(third_party) + "\n" if third_party else "",
        surfaces=f"surfaces = {json.dumps(surfaces)}" if surfaces else f"# {_SURFACES}",
        taken=_TAKEN + tomli_w.dumps(values) if values else "",
        tables="\n" + tomli_w.dumps(tables) if tables else "",
    )


def imports_only(paths: Sequence[str]) -> str:
    """The setting for third-party schemas, with a comment above it."""
    listed = f"[{', '.join(map(json.dumps, paths))}]"
    if len(listed) > _LINE:
        listed = "[\n" + "".join(f"    {json.dumps(path)},\n" for path in paths) + "]"
    return f"\n# Third-party schemas: imported, and neither judged nor released here.\nimports-only = {listed}"


def toml_key(name: str) -> str:
    """A name as a key of TOML."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_text(name)


def toml_text(text: str) -> str:
    """A text as a string of TOML."""
    return json.dumps(text, ensure_ascii=False)


def buf_yaml(config: Mapping[str, Any], broken: Sequence[str]) -> str:
    """A buf.yaml with the category STANDARD, except the lint rules that the schemas break."""
    rules = "".join(f"    - {rule}\n" for rule in broken)
    return to_yaml(config) + (_EXCEPT.format(rules=rules) if broken else "")


def starter(name: str) -> str:
    """The first .proto file of a module."""
    message = "".join(part.capitalize() for part in name.split("_")) + "V1"
    return _STARTER.format(package=f"{name}.v1", message=message)
