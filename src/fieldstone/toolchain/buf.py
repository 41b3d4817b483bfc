"""buf, the compiler, linter, formatter and second opinion, run as a subprocess."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from msgspec import Struct
from msgspec.json import decode as json_decode

from fieldstone.errors import FieldstoneError
from fieldstone.toolchain.buf_limits import way_out
from fieldstone.toolchain.diagnostic import COMPILE, Annotation, CompileError, annotation_of

_FOUND_SOMETHING = 100
"""buf's exit code for a schema that does not compile, or lint and breaking findings."""

_GARBAGE = "200"
"""How much buf's heap may grow before it collects garbage, in percent, unless the environment says it: twice Go's
default, for a process that ends with its answer (https://go.dev/doc/gc-guide#GOGC)."""

_GARBAGE_OF_FEW = "800"
"""The same where there is little to compile, and so little to collect: it spares buf a fifth of its work."""

FEW = 100
"""How many files are few: of more, the memory grows, and the work does not shrink."""

_SMALL_IMAGE = 4 * 2**20
"""The bytes of an image of about as many files."""

_COMMAND_LINE = 30_000 if os.name == "nt" else 500_000
"""The bytes of arguments that every system takes: Windows 32,767 characters, macOS 1 MB with the environment."""

_WORD = 9
"""What an argument takes beside its bytes: a pointer, and the byte that ends it."""


class Running:
    """A buf command under way, so that several can run side by side; `warnings` are those of one that has ended."""

    def __init__(self, arguments: Sequence[str], *, cwd: Path, few: bool = False) -> None:
        """Start `buf` with `arguments` in the folder `cwd`.

        Args:
            arguments: what to do.
            cwd: where.
            few: whether no more than `FEW` files are to be read, for which buf may take more memory.

        Raises:
            FieldstoneError: there is no buf, or no such folder.
        """
        self.arguments = arguments
        self.warnings: tuple[str, ...] = ()
        command = [find_buf(), *arguments, "--log-format", "text"]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - an argument list, no shell
                command,
                cwd=cwd,
                env=_environment(few=few),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise FieldstoneError(f"cannot run {command[0]} in {cwd}: {error.strerror}") from error

    def output(self, *, what: str, allow_findings: bool = False) -> bytes:
        """Wait for the command and give its standard output.

        Args:
            what: what was being done, for the error: "schemas/telemetry does not compile".
            allow_findings: whether findings (exit code 100) are an answer, not an error.

        Raises:
            CompileError: the sources do not compile, and buf was to tell that in JSON.
            FieldstoneError: buf failed; the error carries the first line of what it said.
        """
        out, err = self._process.communicate()
        code = self._process.returncode
        self.warnings = tuple(_warnings(err.decode("utf-8", "replace")))
        if code == 0 or (allow_findings and code == _FOUND_SOMETHING and out):
            return out
        said = [line for line in (err or out).decode("utf-8", "replace").split("\n") if line.strip()]
        if code == _FOUND_SOMETHING and (broken := _compile_errors(said)):
            raise CompileError(what, broken)
        if len(said) > 1 and said[0].endswith(":"):
            said[:2] = [f"{said[0]} {said[1].strip()}"]
        more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
        first = said[0].removeprefix("Failure: ") if said else f"buf {self.arguments[0]} ended with {code}"
        first = re.sub(r"^(\S+:\d+:\d+):(?=\S)", r"\1: ", first)
        raise FieldstoneError(f"{what}: {first}{more}", fix=way_out("\n".join(said)))

    def close(self) -> None:
        """End the command if nobody waited for it."""
        self._process.kill()
        with self._process:
            pass

    def annotations(self, *, what: str) -> list[Annotation]:
        """Wait for a command with `--error-format json` and give its findings.

        Raises:
            CompileError: the schema does not compile.
            FieldstoneError: buf failed, or its answer cannot be read.
        """
        lines = self.output(what=what, allow_findings=True).decode("utf-8", "replace").split("\n")
        found = [_annotation(line, what) for line in lines if line.strip()]
        broken = [annotation for annotation in found if annotation.rule == COMPILE]
        if broken:
            raise CompileError(what, broken)
        return found


_BESIDE = Path(sys.executable).with_name("buf.exe" if os.name == "nt" else "buf")


def is_beside() -> bool:
    """Whether buf is installed beside Fieldstone; what is on PATH may be a script that chooses one of several."""
    return os.access(_BESIDE, os.X_OK)


def find_buf() -> str:
    """The path of the buf binary: the one installed beside Fieldstone, else the one on PATH.

    Raises:
        FieldstoneError: there is none.
    """
    if is_beside():
        return str(_BESIDE)
    import shutil

    found = shutil.which("buf")
    if found is None:
        raise FieldstoneError(
            f"no buf binary beside {sys.executable} or on PATH", fix="install it: `pip install buf-bin`"
        )
    return found


def build(
    target: str, *, cwd: Path, exclude: Iterable[str] = (), only: Iterable[str] = (), few: bool = False
) -> Running:
    """Start compiling a module (a folder or a file that buf takes) to an image on standard output.

    Args:
        target: the module.
        cwd: the folder of the buf configuration.
        exclude: paths that do not belong to the module.
        only: if not empty, the files to compile, with all that they import.
        few: whether those are no more than `FEW`.
    """
    selection = [*_exclusions(exclude), *_selection(only)]
    flags = ["-o", "-#format=binpb", "--error-format", "json"]
    return Running(["build", target, *flags, *selection], cwd=cwd, few=few)


def lint(
    target: str, *, cwd: Path, exclude: Iterable[str] = (), only: Iterable[str] = (), few: bool = False
) -> Running:
    """Start `buf lint` as the configuration in `cwd` says; read it with `annotations`. Arguments as for `build`."""
    selection = [*_exclusions(exclude), *_selection(only)]
    return Running(["lint", target, "--error-format", "json", *selection], cwd=cwd, few=few)


def lint_image(image: bytes, config: Mapping[str, Any], *, scratch: Path) -> Running:
    """Start `buf lint` on an image; read it with `annotations`, whose paths are import paths.

    Args:
        image: what to judge: all files but those marked as imports.
        config: a buf configuration.
        scratch: an empty folder, to be kept until buf has ended.
    """
    (scratch / "image.binpb").write_bytes(image)
    flags = ["--config", json.dumps(config), "--error-format", "json"]
    return Running(["lint", "image.binpb", *flags], cwd=scratch, few=len(image) <= _SMALL_IMAGE)


def breaking(old: bytes, new: bytes, *, scratch: Path) -> Running:
    """Start `buf breaking` in its strictest category on a pair of images; read it with `annotations`.

    Args:
        old: the image of the baseline.
        new: the image that is held against it.
        scratch: an empty folder, to be kept until buf has ended.
    """
    (scratch / "old.binpb").write_bytes(old)
    (scratch / "new.binpb").write_bytes(new)
    config = json.dumps({"version": "v2", "breaking": {"use": ["FILE"]}})
    flags = ["--config", config, "--exclude-imports", "--error-format", "json"]
    few = len(new) <= _SMALL_IMAGE
    return Running(["breaking", "new.binpb", "--against", "old.binpb", *flags], cwd=scratch, few=few)


def breaking_module(
    target: str, against: Path, *, cwd: Path, exclude: Iterable[str] = (), config: Path | None = None
) -> Running:
    """Start `buf breaking` as the configuration in `cwd` says; read it with `annotations`.

    Args:
        target: the module: a folder in `cwd`.
        against: the image of the baseline, which must stay until buf has ended.
        cwd: the folder of the buf configuration.
        exclude: paths that do not belong to the module.
        config: the file to follow instead of the configuration in `cwd`, which must stay as long; by default that.
    """
    override = ["--config", str(config)] if config else []
    flags = ["--against", str(against), "--error-format", "json", *override, *_exclusions(exclude)]
    return Running(["breaking", target, *flags], cwd=cwd)


def format_sources(*, cwd: Path, write: bool, exclude: Iterable[str] = ()) -> str:
    """Run `buf format`: rewrite the sources, or give the difference that rewriting would make.

    Raises:
        FieldstoneError: a source cannot be parsed.
    """
    mode = ["--write"] if write else ["--diff"]
    return Running(["format", *mode, *_exclusions(exclude)], cwd=cwd).output(what="buf format").decode()


def dependency_graph(*, cwd: Path) -> list[dict[str, Any]]:
    """`buf dep graph`: the modules of the workspace with the digests of their dependencies.

    Raises:
        FieldstoneError: the graph cannot be built.
    """
    graph: list[dict[str, Any]] = json.loads(
        Running(["dep", "graph", "--format", "json"], cwd=cwd).output(what="buf dep graph")
    )
    return graph


ConfigVersion = Literal["v2", "v1", "v1beta1"]
CONFIG_VERSIONS: Sequence[ConfigVersion] = get_args(ConfigVersion)
"""The versions of a buf configuration, newest first; each has rules of its own."""


class BufRule(Struct, frozen=True):
    """A lint or breaking rule, as buf lists it.

    Attributes:
        id: its id (`FIELD_SAME_TYPE`).
        categories: those that it is in; none of a deprecated rule.
        purpose: one sentence on its purpose.
        plugin: the plugin that brings it; empty for a rule of buf itself.
        deprecated: whether it is.
    """

    id: str
    categories: tuple[str, ...] = ()
    purpose: str = ""
    plugin: str = ""
    deprecated: bool = False


RuleKind = Literal["lint", "breaking"]
RULE_KINDS: Sequence[RuleKind] = get_args(RuleKind)


@cache
def rules(kind: RuleKind, version: ConfigVersion = CONFIG_VERSIONS[0]) -> tuple[BufRule, ...]:
    """buf's own rules for configurations of a version, deprecated ones too, by buf's own list.

    Raises:
        FieldstoneError: there is no buf, or it does not give its list.
    """
    command = ["config", f"ls-{kind}-rules", "--version", version, "--include-deprecated", "--format", "json"]
    return _listed_rules(command, cwd=Path(sys.executable).parent)


def workspace_rules(kind: RuleKind, root: Path) -> tuple[BufRule, ...]:
    """The rules that the buf configuration of a workspace can use: buf's own and those of its plugins.

    Raises:
        FieldstoneError: the configuration is wrong, or a plugin does not run.
    """
    return _listed_rules(["config", f"ls-{kind}-rules", "--include-deprecated", "--format", "json"], cwd=root)


def _listed_rules(command: Sequence[str], *, cwd: Path) -> tuple[BufRule, ...]:
    lines = Running(command, cwd=cwd).output(what=f"buf {' '.join(command[:2])}").splitlines()
    return tuple(json_decode(line, type=BufRule) for line in lines if line.strip())


def rule_ids(kind: RuleKind, version: ConfigVersion = CONFIG_VERSIONS[0]) -> tuple[str, ...]:
    """The ids of `rules`, which see."""
    return tuple(rule.id for rule in rules(kind, version))


def compiler() -> str:
    """The compiler with its version, as manifests name it: `buf 1.75.0`.

    Raises:
        FieldstoneError: there is no buf.
    """
    return f"buf {_installed_version(Path(find_buf())) or _said_version()}"


def _said_version() -> str:
    return Running(["--version"], cwd=Path.cwd()).output(what="buf --version").decode().strip()


def _installed_version(binary: Path) -> str:
    """The version of the distribution buf-bin, where the binary is the one that it installed; else empty."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        installed = distribution("buf-bin")
    except PackageNotFoundError:
        return ""
    for file in installed.files or ():
        if file.name == binary.name and Path(str(installed.locate_file(file))).resolve() == binary.resolve():
            is_whole = file.size == binary.stat().st_size and _RELEASED.fullmatch(installed.version)
            return installed.version if is_whole else ""
    return ""


_RELEASED = re.compile(r"\d+\.\d+\.\d+")
"""A version of buf itself; one that the distribution made of it says less."""


def _exclusions(paths: Iterable[str]) -> list[str]:
    return [argument for path in paths for argument in ("--exclude-path", _one_value(path))]


def _selection(paths: Iterable[str]) -> list[str]:
    """Flags that choose these files; none, which chooses them all, where no command line holds so many."""
    flags = [argument for path in paths for argument in ("--path", _one_value(path))]
    return flags if sum(len(os.fsencode(flag)) + _WORD for flag in flags) <= _COMMAND_LINE else []


def _one_value(path: str) -> str:
    """A path as the value of a flag that takes several, with commas between them (CSV, RFC 4180)."""
    quoted = path.replace('"', '""')
    return f'"{quoted}"' if {",", '"'} & {*path} else path


def _compile_errors(lines: Iterable[str]) -> list[Annotation]:
    """The errors of the compiler among the lines that buf printed; warnings and notes are left out."""
    return [found for line in lines if (found := annotation_of(line)) and found.rule == COMPILE]


def _annotation(line: str, what: str) -> Annotation:
    found = annotation_of(line)
    if found is None:
        raise FieldstoneError(f"{what}: its answer is no finding: {line}")
    return found


def _warnings(said: str) -> Iterator[str]:
    """The warnings of a log in text, without their colour."""
    for line in said.splitlines():
        level, _, text = re.sub(r"\x1b\[[0-9;]*m", "", line).partition("\t")
        if level == "WARN":
            yield text.strip()


def _environment(*, few: bool) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if value}
    return {"XDG_CACHE_HOME": _cache_home(), "GOGC": _GARBAGE_OF_FEW if few else _GARBAGE, **given}


def _cache_home() -> str:
    """buf wants a cache folder even where HOME is not set, as in some containers."""
    home = os.environ.get("HOME")
    if home:
        return str(Path(home) / ".cache")
    import tempfile

    return tempfile.gettempdir()
