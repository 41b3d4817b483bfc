"""Node.js and npm as subprocesses, and the npm programs that Fieldstone uses.

The programs are locked with their hashes in the `package-lock.json` beside this file, which names no registry. npm uses
the one of the user's `.npmrc` or the environment, and its own cache speeds up later installs. Everything runs in
scratch folders, so a project's `.npmrc` is not read.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fieldstone.errors import FieldstoneError, Invalid, Unavailable

_HERE = Path(__file__).parent
_PROJECT = ("package.json", "package-lock.json")
_OLDEST = 20
"""The oldest major version of Node.js that protoc-gen-es 2.13 supports (`engines` of its package.json)."""

_INSTALL = f"install Node.js {_OLDEST} or newer, which npm comes with"
_QUIET = (
    "--ignore-scripts --no-audit --no-fund --no-update-notifier --prefer-offline "
    "--fetch-retry-mintimeout=500 --fetch-retry-maxtimeout=5000"
).split()
_UNREACHABLE = {
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOTCACHED",
    "ENOTFOUND",
    "ERR_SOCKET_TIMEOUT",
    "ETIMEDOUT",
}
"""The error codes of npm and the system if the registry does not answer."""

_CODE = re.compile(r"^npm (?:error|ERR!) code (\S+)$", re.MULTILINE)


def find_node() -> str:
    """The path of the `node` on PATH.

    Raises:
        FieldstoneError: there is none, or it is too old.
    """
    binary = _find("node")
    said = _run([binary, "--version"], cwd=_HERE).stdout.strip()
    found = re.match(r"v(\d+)\.", said)
    if found is None or int(found[1]) < _OLDEST:
        raise Invalid(
            f"npm packages and TypeScript need Node.js {_OLDEST} or newer, and {binary} is {said or 'none'}",
            fix=_INSTALL,
        )
    return binary


def run_node(arguments: Sequence[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run `node` in a folder, whatever its exit code.

    Raises:
        FieldstoneError: there is no node, or it is too old.
    """
    return _run([find_node(), *arguments], cwd=cwd)


def run_npm(arguments: Sequence[str], *, cwd: Path) -> str:
    """Run `npm` in a folder, without the scripts of packages, and return its standard output.

    Raises:
        FieldstoneError: there is no npm or node, npm cannot reach its registry, or it failed.
    """
    binary = _find("npm")
    find_node()
    done = _run([binary, *arguments, *_QUIET], cwd=cwd)
    if done.returncode:
        raise _failure(arguments[0], done.stderr)
    return done.stdout


@contextmanager
def node_tools() -> Iterator[Path]:
    """The npm programs that Fieldstone uses, installed in a scratch folder.

    Yields:
        the `node_modules` folder with them.

    Raises:
        FieldstoneError: there is no npm, or it cannot install them.
    """
    with tempfile.TemporaryDirectory(prefix="fieldstone-") as scratch:
        folder = Path(scratch)
        for name in _PROJECT:
            shutil.copyfile(_HERE / name, folder / name)
        run_npm(["ci"], cwd=folder)
        yield folder / "node_modules"


def _find(name: str) -> str:
    binary = shutil.which(name)
    if binary is None:
        raise Unavailable(
            f"npm packages and TypeScript need node and npm, and there is no {name} on PATH", fix=_INSTALL
        )
    return binary


def _run(command: Sequence[str], *, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - an argument list, no shell
        command, cwd=cwd, capture_output=True, encoding="utf-8", errors="replace", check=False
    )


def _failure(verb: str, stderr: str) -> FieldstoneError:
    code = _CODE.search(stderr)
    lines = [re.sub(r"^npm (?:error|ERR!)\s*", "", line) for line in stderr.splitlines() if _says_why(line)]
    said = lines[0] if lines else "it said nothing"
    if code and code[1] in _UNREACHABLE:
        return Unavailable(
            f"npm cannot reach its registry: {code[1]}, {said}",
            fix="`npm config get registry` prints its address; with everything in npm's cache, no network is needed",
        )
    return Unavailable(f"npm {verb} failed: {f'{code[1]}, ' if code else ''}{said}")


def _says_why(line: str) -> bool:
    """Whether a line of standard error is more than a warning, a code or an empty line."""
    return bool(re.match(r"^npm (?:error|ERR!)\s+(?!code |errno |syscall |A complete log)\S", line))
