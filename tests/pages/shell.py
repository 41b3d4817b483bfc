"""One bash for all the commands of a page, as a reader has one terminal: variables, folder and jobs stay."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

SECONDS = 300
"""The longest that one command may take."""
QUIET = 0.4
"""After a first line and so many seconds of silence, a program that keeps running has started."""
SHOWN_HOME = "/home/you"
"""The home that pages name."""
SHOWN_PORTS = ("8080", "9092", "50051")
"""The ports that pages name. Each shell has free ones instead, so that pages run beside each other."""


class Shell:
    """A bash in `folder`, with the home `home`."""

    def __init__(self, folder: Path, home: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._home = home
        self._ports = {shown: str(_free_port()) for shown in SHOWN_PORTS}
        self._script = home / ".command.sh"
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={**environment, "HOME": str(home), "COLUMNS": "120", "TMPDIR": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End bash, and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGTERM)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                self._bash.poll()
                os.killpg(self._bash.pid, 0)  # raises once all of them have ended
                time.sleep(0.05)
            os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.wait()
        for pipe in (self._bash.stdin, self._bash.stdout):
            if pipe:
                pipe.close()

    def run(self, command: str) -> str:
        """All that a command prints until it ends."""
        return self._said(f"source {self._script} </dev/null", command)

    def start(self, command: str) -> str:
        """All that a program prints at its start; it keeps running until the shell ends."""
        log = self._home / ".started.log"
        self._said(f"source {self._script} </dev/null >{log} 2>&1", f"{command} &\n")
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            text = log.read_text("utf-8")
            if text and time.time() - log.stat().st_mtime > QUIET:
                return self._shown(text)
            time.sleep(0.05)
        raise AssertionError(f"`{command}` printed nothing within {SECONDS} s")

    def write(self, path: str, text: str) -> None:
        """Write a file of the page, relative to the folder that the page began in."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self._real(text), "utf-8")

    def _said(self, line: str, command: str) -> str:
        self._script.write_text(self._real(command) + "\n", "utf-8")
        assert self._bash.stdin
        assert self._bash.stdout
        end = b"\x01end\x01"
        self._bash.stdin.write(f"{line}\nprintf '\\001end\\001'\n".encode())
        self._bash.stdin.flush()
        said = b""
        deadline = time.monotonic() + SECONDS
        while not said.endswith(end):
            ready, _, _ = select.select([self._bash.stdout], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"`{command}` did not end within {SECONDS} s; it printed:\n{said.decode()}"
            part = os.read(self._bash.stdout.fileno(), 65536)
            assert part, f"`{command}` ended the shell; it printed:\n{said.decode()}"
            said += part
        return self._shown(said.removesuffix(end).decode())

    def _real(self, text: str) -> str:
        for shown, port in self._ports.items():
            text = text.replace(shown, port)
        return text.replace(SHOWN_HOME, str(self._home))

    def _shown(self, text: str) -> str:
        for shown, port in self._ports.items():
            text = text.replace(port, shown)
        return text.replace(str(self._home), SHOWN_HOME)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
