"""buf, the compiler, linter, formatter and second opinion, run as a subprocess."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fieldstone.errors import Invalid, Unavailable
from fieldstone.installing import beside
from fieldstone.toolchain import budget
from fieldstone.toolchain.buf_limits import way_out
from fieldstone.toolchain.buf_paths import exclusions, path_flags, portions, selection
from fieldstone.toolchain.diagnostic import COMPILE, CompileError, Diagnostic, annotation_of

_FOUND_SOMETHING = 100
"""buf's exit code for a schema that does not compile, and for lint and breaking findings."""

_GARBAGE = "200"
"""The growth of buf's heap, in percent, before it collects garbage, unless the environment sets it.

It is twice Go's default, for a short-lived process (https://go.dev/doc/gc-guide#GOGC).
"""

_GARBAGE_OF_FEW = "800"
"""The same with few files to compile: it saves a fifth of buf's work."""

FEW = 100
"""The most files that count as few: with more, memory grows without saving work."""

_SMALL_IMAGE = 4 * 2**20
"""The size in bytes of an image of about `FEW` files."""


class Running:
    """A running buf command; several can run in parallel. `warnings` are set when it has ended."""

    def __init__(self, arguments: Sequence[str], *, cwd: Path, few: bool = False) -> None:
        """Start `buf` with `arguments` in the folder `cwd`.

        Args:
            arguments: the command and its options.
            cwd: the working directory.
            few: whether buf reads at most `FEW` files, so it may use more memory.

        Raises:
            FieldstoneError: there is no buf, or no such folder.
        """
        self.arguments = arguments
        self._cwd = cwd
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
            raise Unavailable(f"cannot run {command[0]} in {cwd}: {error.strerror}") from error
        budget.bound(self._process.pid)

    def output(self, *, what: str, allow_findings: bool = False) -> bytes:
        """Wait for the command and return its standard output.

        Args:
            what: the problem to report in an error: "schemas/telemetry does not compile".
            allow_findings: whether findings (exit code 100) are a result, not an error.

        Raises:
            CompileError: the sources do not compile, and buf reports in JSON.
            FieldstoneError: buf failed; the error contains the first line of its output.
        """
        out, err = self._process.communicate()
        code = self._process.returncode
        self.warnings = tuple(_warnings(err.decode("utf-8", "replace")))
        if code == 0 or (allow_findings and code == _FOUND_SOMETHING and out):
            return out
        if too_much := budget.problem_of(code):
            raise Invalid(f"{what}: {too_much}", fix="split the module, or let its files import fewer others")
        said = [line for line in (err or out).decode("utf-8", "replace").split("\n") if line.strip()]
        _refuse_unfetched(what, "\n".join(said), self._cwd)
        if code == _FOUND_SOMETHING and (broken := _compile_errors(said)):
            raise CompileError(what, broken)
        if len(said) > 1 and said[0].endswith(":"):
            said[:2] = [f"{said[0]} {said[1].strip()}"]
        more = f" (and {len(said) - 1} more)" if len(said) > 1 else ""
        first = said[0].removeprefix("Failure: ") if said else f"buf {self.arguments[0]} ended with {code}"
        first = re.sub(r"^(\S+:\d+:\d+):(?=\S)", r"\1: ", first)
        raise Invalid(f"{what}: {first}{more}", fix=way_out("\n".join(said)))

    def kill(self) -> None:
        """End the command, also while another thread waits for it: then it fails there."""
        self._process.kill()

    def close(self) -> None:
        """End the command if nobody waited for it."""
        self._process.kill()
        with self._process:
            pass

    def diagnostics(self, *, what: str) -> list[Diagnostic]:
        """Wait for a command with `--error-format json` and return its findings.

        Raises:
            CompileError: the schema does not compile.
            FieldstoneError: buf failed, or its output cannot be read.
        """
        lines = self.output(what=what, allow_findings=True).decode("utf-8", "replace").split("\n")
        found = [_annotation(line, what) for line in lines if line.strip()]
        broken = [annotation for annotation in found if annotation.rule == COMPILE]
        if broken:
            raise CompileError(what, broken)
        return found


def _refuse_unfetched(what: str, said: str, folder: Path) -> None:
    """Raise if buf could not fetch remote dependencies."""
    from fieldstone.toolchain.buf_remotes import unfetched

    problem, ways_out = unfetched(said, folder)
    if problem:
        raise Unavailable(f"{what}: {problem}", fix=ways_out)


_BESIDE = Path(sys.executable).with_name("buf.exe" if os.name == "nt" else "buf")


def is_beside() -> bool:
    """Whether buf is installed beside Fieldstone; the one on PATH may be a script that selects among several."""
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
        raise Unavailable(f"no buf binary beside {sys.executable} or on PATH", fix=f"install it: `{beside('buf-bin')}`")
    return found


def build(
    target: str,
    *,
    cwd: Path,
    exclude: Iterable[str] = (),
    only: Iterable[str] = (),
    within: Iterable[str] = (),
    few: bool = False,
) -> Running:
    """Start compiling a module (a folder or a file that buf accepts) to an image on standard output.

    Args:
        target: the module.
        cwd: the folder of the buf configuration.
        exclude: paths that do not belong to the module.
        only: if not empty, the files to compile, with all their imports.
        within: if not empty, the only paths in the target that belong to the module.
        few: whether those are at most `FEW`.
    """
    chosen = [*exclusions(exclude), *selection(only, within)]
    flags = ["-o", "-#format=binpb", "--error-format", "json"]
    return Running(["build", target, *flags, *chosen], cwd=cwd, few=few)


def lint(
    target: str,
    *,
    cwd: Path,
    exclude: Iterable[str] = (),
    only: Iterable[str] = (),
    within: Iterable[str] = (),
    few: bool = False,
) -> Running:
    """Start `buf lint` with the configuration in `cwd`; read it with `annotations`. Arguments as for `build`."""
    chosen = [*exclusions(exclude), *selection(only, within)]
    return Running(["lint", target, "--error-format", "json", *chosen], cwd=cwd, few=few)


def lint_image(image: bytes, config: Mapping[str, Any], *, scratch: Path) -> Running:
    """Start `buf lint` on an image; read it with `annotations`, whose paths are import paths.

    Args:
        image: the image to lint: all files except those marked as imports.
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
        new: the image that is compared with it.
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
    """Start `buf breaking` with the configuration in `cwd`; read it with `annotations`.

    Args:
        target: the module: a folder in `cwd`.
        against: the image of the baseline, to be kept until buf has ended.
        cwd: the folder of the buf configuration.
        exclude: paths that do not belong to the module.
        config: another configuration file, to be kept until buf has ended; by default that in `cwd`.
    """
    override = ["--config", str(config)] if config else []
    flags = ["--against", str(against), "--error-format", "json", *override, *exclusions(exclude)]
    return Running(["breaking", target, *flags], cwd=cwd)


def format_sources(
    *,
    cwd: Path,
    write: bool,
    exclude: Iterable[str] = (),
    only: Sequence[str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> str:
    """Run `buf format`: rewrite the sources, or return the difference that rewriting would make.

    Of a source that it cannot parse, buf keeps only a part and reports no error.

    Args:
        cwd: the folder of the buf configuration.
        write: whether to rewrite them.
        exclude: paths to leave alone.
        only: the only files to format; None for all.
        config: a configuration to use instead of the one in `cwd`.

    Raises:
        FieldstoneError: buf failed.
    """
    mode = ["--write"] if write else ["--diff"]
    given = ["--config", json.dumps(config)] if config else []
    chosen = [exclusions(exclude)] if only is None else [path_flags(part) for part in portions(only)]
    commands = [["format", *mode, *given, *flags] for flags in chosen]
    return "".join(
        Running(command, cwd=cwd).output(what="buf format").decode("utf-8", "surrogateescape") for command in commands
    )


def dependency_graph(*, cwd: Path) -> list[dict[str, Any]]:
    """`buf dep graph`: the modules of the workspace with the digests of their dependencies.

    Raises:
        FieldstoneError: the graph cannot be built.
    """
    graph: list[dict[str, Any]] = json.loads(
        Running(["dep", "graph", "--format", "json"], cwd=cwd).output(what="buf dep graph")
    )
    return graph


def migrate(*, cwd: Path) -> None:
    """Run `buf config migrate`: rewrite the configurations in a folder to version v2.

    Raises:
        FieldstoneError: one of them is wrong.
    """
    Running(["config", "migrate"], cwd=cwd).output(what="cannot read the buf configuration as version v2")


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


def _compile_errors(lines: Iterable[str]) -> list[Diagnostic]:
    """The compiler's errors among the lines that buf printed, without warnings and notes."""
    return [found for line in lines if (found := annotation_of(line)) and found.rule == COMPILE]


def _annotation(line: str, what: str) -> Diagnostic:
    found = annotation_of(line)
    if found is None:
        raise Invalid(f"{what}: its answer is no finding: {line}")
    return found


def _warnings(said: str) -> Iterator[str]:
    """The warnings in a text log, without colour."""
    for line in said.splitlines():
        level, _, text = re.sub(r"\x1b\[[0-9;]*m", "", line).partition("\t")
        if level == "WARN":
            yield text.strip()


def _environment(*, few: bool) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if value}
    search = os.pathsep.join(filter(None, (given.get("PATH"), str(_BESIDE.parent))))  # Fieldstone's own check plugin
    return {"XDG_CACHE_HOME": _cache_home(), "GOGC": _GARBAGE_OF_FEW if few else _GARBAGE, **given, "PATH": search}


def _cache_home() -> str:
    """The folder for buf's cache, which buf needs even without HOME, as in some containers."""
    home = os.environ.get("HOME")
    if home:
        return str(Path(home) / ".cache")
    import tempfile

    return tempfile.gettempdir()
