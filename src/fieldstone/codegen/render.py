"""Templates to text, and text to formatted files."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldstone.codegen.contracts.protoc import EXTRA
from fieldstone.errors import Invalid, Unavailable
from fieldstone.installing import with_extra

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
_BY_PROTOC = "*_pb2*.py*"
"""Modules of protoc: their imports register what they import, used or not."""

_TIDY = ("--select", "I,F401", "--config", "lint.isort.split-on-trailing-comma=false")


def render(template: str, **views: Any) -> str:
    """The text of a template of `codegen/templates`; a name that it uses and is not given is an error.

    Filters beside Jinja2's own: `docstring`, text as it stands between triple quotes, and `comment`,
    text with `# ` before each line.

    Raises:
        FieldstoneError: Jinja2 is missing.
    """
    return _environment().get_template(template).render(**views)


def has_template(template: str) -> bool:
    """Whether `codegen/templates` has this template."""
    return (_TEMPLATES / template).is_file()


@functools.cache
def _environment() -> Environment:
    try:
        import jinja2
    except ImportError as error:
        raise Unavailable(
            f"generating code takes Jinja2, which {sys.executable} cannot import: {error}",
            fix=f"install it: `{with_extra(EXTRA)}`",
        ) from error
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - Python, SQL and TOML, no HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"docstring": as_docstring, "comment": as_comment}
    return made


def as_docstring(text: str) -> str:
    """Text as it may stand between triple quotes."""
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'{escaped[:-1]}\\"' if escaped.endswith('"') and not escaped.endswith('\\"') else escaped


def as_comment(text: str) -> str:
    """Text as lines of a comment."""
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def format_python(files: Mapping[str, str]) -> dict[str, str]:
    """Format the Python files among these as ruff does, 120 columns wide, and leave the others as they are.

    Imports are sorted, and those that nothing uses dropped, but in what protoc wrote.

    Args:
        files: path to text.

    Raises:
        FieldstoneError: ruff is missing, or a file is no Python, or does not compile.
    """
    python = {path: text for path, text in files.items() if path.endswith((".py", ".pyi"))}
    if not python:
        return dict(files)
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        root = Path(scratch).resolve()
        for path, text in python.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8", newline="\n")
        _ruff("check", *_TIDY, "--fix", "--extend-exclude", _BY_PROTOC, "--quiet", cwd=root)
        _ruff("format", cwd=root)
        formatted = {path: (root / path).read_text("utf-8") for path in python}
    _compile(formatted)
    return {**files, **formatted}


def _compile(files: Mapping[str, str]) -> None:
    """Refuse modules that parse and do not compile, such as functions with two arguments of one name."""
    for path, text in files.items():
        if path.endswith(".py"):
            try:
                compile(text, path, "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError) as error:
                raise _no_python(f"{path}: {error}") from error


def _ruff(verb: str, *arguments: str, cwd: Path) -> None:
    settings = ["--isolated", "--no-cache", "--line-length", "120", "--target-version", "py311"]
    if verb == "check":
        settings = [*settings, "--exit-zero"]
    done = subprocess.run(  # noqa: S603 - an argument list, no shell
        [_find_ruff(), verb, *settings, *arguments, "."], cwd=cwd, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        first = re.sub(r"^error: ", "", said[0]) if said else f"it ended with {done.returncode}"
        raise _no_python(first)


def _no_python(problem: str) -> Invalid:
    return Invalid(
        f"what was generated is no Python: {problem}",
        fix="report it with the schema; until it is mended, set generate = false",
    )


def _find_ruff() -> str:
    beside = shutil.which("ruff", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("ruff")
    if found is None:
        raise Unavailable(
            f"no ruff beside {sys.executable} or on PATH, which formats generated code",
            fix=f"install it: `{with_extra(EXTRA)}`",
        )
    return found
