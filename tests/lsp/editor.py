"""A scripted editor: `fieldstone lsp` as a process, over its standard input and output."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

WAIT = 100.0
"""Seconds to wait for an answer: a machine under load is slow."""

CAPABILITIES: dict[str, Any] = {
    "workspace": {
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create", "rename", "delete"]},
        "codeLens": {"refreshSupport": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
    },
    "window": {"showDocument": {"support": True}},
    "textDocument": {"publishDiagnostics": {"relatedInformation": True}},
}
"""What VS Code says of itself, as far as the server asks."""


class Editor:
    """One session.

    Args:
        root: the folder that is open.
        capabilities: what the editor can do.
        environment: variables beside those of the tests.
        command: what starts the server.
    """

    def __init__(
        self,
        root: Path,
        capabilities: Mapping[str, Any] = CAPABILITIES,
        environment: Mapping[str, str] | None = None,
        command: Sequence[str] = (sys.executable, "-m", "fieldstone", "lsp"),
    ) -> None:
        self.root = root
        self.messages: list[dict[str, Any]] = []
        self.published: dict[str, list[dict[str, Any]]] = {}
        self.publications: dict[str, int] = {}
        self._answers: dict[int, dict[str, Any]] = {}
        self._texts: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._id = 0
        self.process = subprocess.Popen(
            command,
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )
        self._incoming: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._errors: list[bytes] = []
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()
        try:
            self.initialized = self.ask(
                "initialize", processId=os.getpid(), rootUri=root.as_uri(), capabilities=capabilities
            )
        except BaseException:
            self.process.kill()
            self.leave()
            raise
        self.tell("initialized")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> int:
        """End the session as the protocol says; the exit code."""
        if self.process.poll() is None:
            self.ask("shutdown")
            self.tell("exit")
        return self.leave()

    def leave(self) -> int:
        """Go away without a word; the exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(WAIT)
        for reader in self._readers:
            reader.join(WAIT)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return code

    @property
    def stderr(self) -> str:
        return b"".join(self._errors).decode()

    # --- Messages

    def raw(self, content: bytes) -> None:
        """Send bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(content)
        self.process.stdin.flush()

    def send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def tell(self, method: str, **params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, **params: Any) -> Any:
        """Send a request and return its result."""
        self._id += 1
        self.send({"id": self._id, "method": method, **({"params": params} if params else {})})
        wanted = self._id
        while wanted not in self._answers:
            self.take()
        answer = self._answers.pop(wanted)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def take(self) -> None:
        """Wait for one message of the server."""
        message = self._incoming.get(timeout=WAIT)
        assert message is not None, f"the server ended: {self.stderr}"
        if "method" in message and "id" in message:
            self.messages.append(message)
            self.send({"id": message["id"], "result": {"success": True} if "show" in message["method"] else None})
        elif message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self.published[params["uri"]] = params["diagnostics"]
            self.publications[params["uri"]] = self.publications.get(params["uri"], 0) + 1
        elif "method" in message:
            self.messages.append(message)
        else:
            self._answers[message["id"]] = message

    def _read(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        while header := stdout.readline():
            length = int(header.split(b":")[1])
            while stdout.readline().strip():
                pass
            self._incoming.put(json.loads(stdout.read(length)))
        self._incoming.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._errors.append(line)

    # --- Texts

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def open(self, path: str, text: str | None = None) -> None:
        content = (self.root / path).read_bytes().decode() if text is None else text
        self._texts[path], self._versions[path] = content, 1
        document = {"uri": self.uri(path), "languageId": "proto", "version": 1, "text": content}
        self.tell("textDocument/didOpen", textDocument=document)

    def change(self, path: str, text: str) -> None:
        self._texts[path] = text
        self._versions[path] += 1
        document = {"uri": self.uri(path), "version": self._versions[path]}
        self.tell("textDocument/didChange", textDocument=document, contentChanges=[{"text": text}])

    def replace(self, path: str, old: str, new: str) -> None:
        """Change one part of a text, which must be there."""
        assert old in self._texts[path]
        self.change(path, self._texts[path].replace(old, new, 1))

    def save(self, path: str) -> None:
        (self.root / path).write_bytes(self._texts[path].encode())
        self.tell("textDocument/didSave", textDocument={"uri": self.uri(path)})

    def close_text(self, path: str) -> None:
        self.tell("textDocument/didClose", textDocument={"uri": self.uri(path)})

    def text(self, path: str) -> str:
        return self._texts[path]

    # --- What is shown

    def settle(self, path: str) -> None:
        """Wait for the check of the last text: a code lens waits for it."""
        self.ask("textDocument/codeLens", textDocument={"uri": self.uri(path)})

    def diagnostics(self, path: str) -> list[dict[str, Any]]:
        """The diagnostics of a file after the check of its last text."""
        self.settle(path)
        return self.published.get(self.uri(path), [])

    def rules(self, path: str) -> list[str]:
        return sorted(diagnostic["code"] for diagnostic in self.diagnostics(path))

    def lens(self, path: str) -> list[str]:
        found = self.ask("textDocument/codeLens", textDocument={"uri": self.uri(path)})
        return [lens["command"]["title"] for lens in found]

    def actions(self, path: str, diagnostic: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(
            "textDocument/codeAction",
            textDocument={"uri": self.uri(path)},
            range=diagnostic["range"],
            context={"diagnostics": [diagnostic]},
        )
        return found

    def position(self, path: str, marker: str, offset: int = 0) -> dict[str, int]:
        """The place after the first occurrence of a text, in UTF-16 units."""
        index = self._texts[path].index(marker) + len(marker) + offset
        before = self._texts[path][:index]
        line = before.rpartition("\n")[2]
        return {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}

    def complete(self, path: str, marker: str, offset: int = 0) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(
            "textDocument/completion",
            textDocument={"uri": self.uri(path)},
            position=self.position(path, marker, offset),
        )
        return found

    def hover(self, path: str, marker: str) -> str:
        found = self.ask(
            "textDocument/hover", textDocument={"uri": self.uri(path)}, position=self.position(path, marker, -1)
        )
        return str(found["contents"]["value"]) if found else ""

    def apply(self, action: Mapping[str, Any]) -> None:
        """Apply an action's edit: to open texts as changes, to other files on disk."""
        for change in action["edit"]["documentChanges"]:
            if change.get("kind") == "create":
                continue
            uri = change["textDocument"]["uri"]
            path = next((path for path in self._texts if self.uri(path) == uri), None)
            if path is not None:
                self.change(path, edited(self._texts[path], change["edits"]))
            else:
                file = Path(uri.removeprefix("file://"))
                before = file.read_bytes().decode() if file.exists() else ""
                file.write_bytes(edited(before, change["edits"]).encode())
                self.tell("workspace/didChangeWatchedFiles", changes=[{"uri": uri, "type": 2}])

    def said(self, method: str) -> list[str]:
        """The texts of messages that the server sent by itself."""
        return [m["params"].get("message", "") for m in self.messages if m["method"] == method]


def edited(text: str, edits: Sequence[Mapping[str, Any]]) -> str:
    """A text after edits, whose places are in UTF-16 units."""

    def index(place: Mapping[str, int]) -> int:
        lines = text.split("\n")
        line = lines[place["line"]].encode("utf-16-le")
        before = sum(len(other) + 1 for other in lines[: place["line"]])
        return before + len(line[: place["character"] * 2].decode("utf-16-le"))

    spans = sorted(((index(e["range"]["start"]), index(e["range"]["end"]), e["newText"]) for e in edits), reverse=True)
    for start, end, new in spans:
        text = text[:start] + new + text[end:]
    return text
