"""buf's b5 module digest, computed from sources alone.

A file's digest is `shake256:` and the hex of 64 bytes of SHAKE256. The manifest lists each file as `<digest>  <path>`,
sorted by path. The b5 digest is SHAKE256 over the digest of the manifest and the sorted b5 digests of all direct and
transitive dependencies, one a line. It covers .proto files, LICENSE and documentation. Source: buf's
`bufmodule` package, digest type B5.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

_WORD = r"""(?s)//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[A-Za-z_][\w.]*|\S"""


def file_digest(content: bytes) -> str:
    """The digest of one file's bytes: `shake256:` and 128 hex digits."""
    return f"shake256:{hashlib.shake_256(content).hexdigest(64)}"


def manifest(files: Mapping[str, bytes]) -> dict[str, str]:
    """The digest of each file by its path, sorted by path."""
    return {path: file_digest(content) for path, content in sorted(files.items())}


def b4(digests: Mapping[str, str]) -> str:
    """The b4 digest of a module: the digest of its manifest.

    Args:
        digests: the module's manifest, path to file digest, with buf.yaml and buf.lock.
    """
    return file_digest(_lines(digests))


def b5(digests: Mapping[str, str], dependencies: Iterable[str]) -> str:
    """The b5 digest of a module.

    Args:
        digests: the module's manifest, path to file digest.
        dependencies: the b5 digests of all its direct and transitive dependencies.
    """
    whole = [file_digest(_lines(digests)), *sorted(dependencies)]
    return f"b5:{hashlib.shake_256(chr(10).join(whole).encode()).hexdigest(64)}"


def _lines(digests: Mapping[str, str]) -> bytes:
    """The text of a manifest."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()


def imports(source: bytes) -> list[str]:
    """The paths that a .proto file imports, as its source writes them.

    Reads `import [public | weak | option] "path";`
    (https://protobuf.dev/reference/protobuf/proto3-spec/#import_statement) and skips comments, strings and everything
    else, so it also works for a file that does not compile.
    """
    found: list[str] = []
    statement: list[str] = []
    for word in re.findall(_WORD, source.decode("utf-8", "replace")):
        if word.startswith(("//", "/*")):
            continue
        if word not in {";", "{", "}"}:
            statement.append(word)
            continue
        if word == ";" and statement[:1] == ["import"]:
            found.append("".join(part[1:-1] for part in statement if part[0] in "\"'"))
        statement = []
    return found
