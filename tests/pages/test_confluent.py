"""The script of the page on Confluent: it asks a registry's address for the versions of a subject, and tags them.

A Confluent registry needs Kafka. Files with the form of its answers, behind a plain web server, stand for it.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.cli.workspace import HERE, new_repo
from tests.pages.page import BLOCK

PAGE = HERE / "docs" / "how-to" / "from-confluent.md"
MONEY = 'syntax = "proto3";\npackage acme.money.v1;\nmessage Money {\n  int64 units = 1;\n}\n'
FIELDS = ("string id = 1;", "acme.money.v1.Money price = 2;", "string note = 3;")


def parcel(*fields: str) -> str:
    """The schema of the subject with these fields."""
    head = 'syntax = "proto3";\npackage acme.parcels.v1;\nimport "acme/money/v1/money.proto";\n'
    return f"{head}message Parcel {{\n" + "".join(f"  {field}\n" for field in fields) + "}\n"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a web server for a folder; a folder's answer is its index.html."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def publish(folder: Path, subject: str, *schemas: str, references: list[Mapping[str, object]]) -> None:
    """Write what a registry answers about a subject."""
    answers = {"": [*range(1, len(schemas) + 1)]} | {
        f"{version}": {"subject": subject, "version": version, "schema": schema, "references": references}
        for version, schema in enumerate(schemas, 1)
    }
    for path, answer in answers.items():
        target = folder / "subjects" / subject / "versions" / path / "index.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(answer))


def test_the_versions_of_a_subject_become_releases(tmp_path: Path, environment: Mapping[str, str]) -> None:
    publish(tmp_path / "web", "money", MONEY, references=[])
    common: Mapping[str, object] = {"name": "acme/money/v1/money.proto", "subject": "money", "version": 1}
    schemas = (parcel(*FIELDS[:2]), parcel(*FIELDS), parcel(*FIELDS[:2]))
    publish(tmp_path / "web", "parcels-value", *schemas, references=[common])
    (script,) = (block["body"] for block in BLOCK.finditer(PAGE.read_text("utf-8")) if block["title"] == "export.py")
    repo = new_repo(tmp_path / "parcels", {"export.py": script}, environment)
    with serving(tmp_path / "web") as address:
        command = [sys.executable, "export.py", address, "parcels-value", "acme/parcels/v1/parcel.proto"]
        subprocess.run(command, cwd=repo.root, env={**environment}, check=True)
    assert repo.spawn("init", "--name", "parcels").code == 0
    ran = repo.spawn("adopt", "parcels", "--tags", "v*")
    assert [line.split()[1:3] for line in ran.out.splitlines()] == [
        ["1.0.0", "first"],
        ["1.1.0", "minor"],
        ["1.2.0", "major:"],
    ]
