"""The signature of a release: an OpenSSH signature (`ssh-keygen -Y sign -n fieldstone`) of the bytes of `release.toml`.

It stands at the end of the first line of that file, as a comment, and is no part of the signed bytes. So it is stored
and copied wherever the manifest is, and any Fieldstone reads a signed release.
"""

from __future__ import annotations

import re

NAMESPACE = "fieldstone"
"""The namespace of the signatures, which keeps them from being taken for those of git commits or files."""
_COMMENT = " # ssh-signature "
_SIGNED = re.compile(rf"\A([^\n]*){re.escape(_COMMENT)}([A-Za-z0-9+/]+={{0,2}})(?=\n)")
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WIDTH = 70


def with_signature(text: str, signature: str) -> str:
    """The text of a manifest with a signature.

    Args:
        text: the text without one.
        signature: the Base64 of the signature, without line ends; empty for none.
    """
    first, end, rest = text.partition("\n")
    return f"{first}{_COMMENT}{signature}{end}{rest}" if signature else text


def split(text: str) -> tuple[str, str]:
    """The signed text of a manifest, and its signature; empty if it has none."""
    found = _SIGNED.match(text)
    return (found[1] + text[found.end() :], found[2]) if found else (text, "")


def from_armor(armored: str) -> str:
    """The Base64 of a signature as ssh-keygen writes it."""
    return "".join(line for line in armored.splitlines() if not line.startswith("-----"))


def to_armor(signature: str) -> str:
    """A signature as ssh-keygen reads it."""
    lines = [signature[at : at + _WIDTH] for at in range(0, len(signature), _WIDTH)]
    return "\n".join([_BEGIN, *lines, _END, ""])
