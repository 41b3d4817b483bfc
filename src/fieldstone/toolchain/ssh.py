"""ssh-keygen as a process: signatures of OpenSSH (PROTOCOL.sshsig), and the files of allowed signers."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from fieldstone.errors import Unavailable


def sign(content: bytes, key: str, *, namespace: str) -> str:
    """The armored signature of some bytes.

    Args:
        content: the bytes.
        key: the file of the private key, or of the public key of one in the ssh-agent.
        namespace: the purpose of the signature.

    Raises:
        Unavailable: there is no ssh-keygen, or it cannot use the key.
    """
    done = _run("sign", "-f", key, "-n", namespace, content=content)
    if done.returncode:
        raise Unavailable(f"ssh-keygen cannot sign with {key}: {_said(done)}", fix="name the file of an SSH key")
    return done.stdout.decode()


def signer(content: bytes, signature: str, allowed: Path, *, namespace: str, at: datetime) -> str:
    """The principal whose key signed some bytes; empty if none of the allowed ones did.

    Args:
        content: the bytes.
        signature: the armored signature.
        allowed: a file of allowed signers, see ALLOWED SIGNERS in ssh-keygen(1).
        namespace: the purpose of the signature.
        at: the time at which the key had to be valid.

    Raises:
        Unavailable: there is no ssh-keygen, or the file cannot be read.
    """
    if not allowed.is_file():
        raise Unavailable(f"there is no file {allowed} of allowed signers")
    moment = f"-Overify-time={at.astimezone(UTC):%Y%m%d%H%M%S}"  # local time for ssh-keygen, which runs in UTC
    with tempfile.TemporaryDirectory(prefix="fieldstone-ssh-") as folder:
        file = Path(folder) / "signature"
        file.write_text(signature, "ascii")
        found = _run("find-principals", "-s", str(file), "-f", str(allowed), moment)
        for principal in found.stdout.decode("utf-8", "replace").splitlines() if not found.returncode else ():
            arguments = ("-f", str(allowed), "-I", principal, "-n", namespace, "-s", str(file), moment)
            if not _run("verify", *arguments, content=content).returncode:
                return principal
    return ""


def _run(action: str, *arguments: str, content: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    binary = shutil.which("ssh-keygen")
    if binary is None:
        raise Unavailable("no ssh-keygen on PATH", fix="install OpenSSH 8.2 or newer")
    return subprocess.run(  # noqa: S603 - an argument list, no shell
        [binary, "-Y", action, *arguments],
        input=content,
        capture_output=True,
        check=False,
        env={**os.environ, "TZ": "UTC"},
    )


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {done.returncode}"
