"""The texts that `fieldstone init` writes and shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_SETTINGS = """\
# Fieldstone's settings; `fieldstone settings --schema` tells all that may stand here.
registry = "{registry}"
{workspace}
# What is protected: wire, json, source, storage. A change that breaks none of these passes.
# surfaces = ["wire", "json", "source", "storage", "http"]

# Whether new messages and files carry the version of their package: StepV1 in acme.v1, step_v1.proto.
# naming = true

# [rules]
# field-renamed = "warning"
{modules}"""
_STARTER = """\
syntax = "proto3";

package {package};

// The first message of this contract; rename it before the first release.
message {message} {{
  // What names it for ever.
  string id = 1;
}}
"""
_EXCEPT = """\
  # What the schemas break today; take a line out once they no longer do.
  except:
{rules}"""
REGISTRY_ATTRIBUTES = """\
# Released bytes stay as they are on every system, and out of diffs and language statistics.
* -text !eol linguist-generated
*.binpb binary
"""


class _Indented(yaml.SafeDumper):
    """Indents lists below their key, as buf and pre-commit do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Indent, whatever PyYAML thinks of lists."""
        super().increase_indent(flow, indentless=False)


def to_yaml(data: Mapping[str, Any]) -> str:
    """A mapping as YAML, in the order of its keys."""
    return yaml.dump(data, Dumper=_Indented, sort_keys=False, width=120, allow_unicode=True)


def settings(registry: str, workspace: str, names: Mapping[str, str]) -> str:
    """A fieldstone.toml.

    Args:
        registry: the folder of the releases.
        workspace: the folder of the buf configuration.
        names: the modules to name by hand, path to name.
    """
    return _SETTINGS.format(
        registry=registry,
        workspace="" if workspace == "." else f'workspace = "{workspace}"\n',
        modules="".join(f'\n[modules.{name}]\npath = "{path}"\n' for path, name in names.items()),
    )


def buf_yaml(config: Mapping[str, Any], broken: Sequence[str]) -> str:
    """A buf.yaml that asks for STANDARD without the lint rules that the schemas break today."""
    rules = "".join(f"    - {rule}\n" for rule in broken)
    return to_yaml(config) + (_EXCEPT.format(rules=rules) if broken else "")


def starter(name: str) -> str:
    """The first .proto file of a module."""
    message = "".join(part.capitalize() for part in name.split("_")) + "V1"
    return _STARTER.format(package=f"{name}.v1", message=message)
