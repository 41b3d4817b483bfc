"""Uploads that no module can be: refused at once, nothing is written, and others are served meanwhile."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing

import httpx
import pytest

from tests.server.buf.calling import create, order_of, push, upload
from tests.server.running import Serving

TABLES = ("contents", "module_contents", "releases", "drafts", "labels", "declared")
EMPTY = b'syntax = "proto3";'
UNSAFE = (
    "../x.proto",
    "/abs.proto",
    "a/../b.proto",
    "a//b.proto",
    "./a.proto",
    "a\\b.proto",
    "a/b\0.proto",
    "line\n.proto",
    "n" * 300 + ".proto",
    "d/" * 40 + "x.proto",
    "buf.yaml",
    "x.txt",
    "",
)
LABELS = ("a b", "a:b", "x" * 300, "\0", "1.2.3", "v1.2", "v1.2.3+build", "cafe" * 8, "")


def written(served: Serving) -> dict[str, int]:
    """The number of rows of all that a push writes."""
    with closing(sqlite3.connect(served.data / "registry.db")) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}  # noqa: S608


def test_unsafe_paths_and_labels(registry: Serving) -> None:
    create(registry, "paths")
    before, good = written(registry), order_of("paths")
    for path in UNSAFE:
        refused = push(registry, upload("paths", {**good, path: EMPTY}))
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_argument"), path
    for label in LABELS:
        refused = push(registry, upload("paths", good, label))
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_argument"), label
    assert written(registry) == before


def test_uploads_of_the_wrong_shape(registry: Serving) -> None:
    create(registry, "shape")
    before, good = written(registry), order_of("shape")
    twice = push(registry, upload("shape", [*good.items(), *good.items()]))
    assert (twice.status_code, "has a file twice" in twice.text) == (400, True)
    nested = push(registry, upload("shape", {"a.proto": EMPTY, "a.proto/b.proto": EMPTY}))
    assert (nested.status_code, "as a file and as a folder" in nested.text) == (400, True)
    same = push(registry, upload("shape", good), upload("shape", good))
    assert (same.status_code, "each module once" in same.text) == (400, True)
    for refused in (push(registry), push(registry, upload("shape", {}))):
        assert refused.status_code == 400
    assert push(registry, upload("nobodys", good)).status_code == 404
    for dependency in ("0" * 32, "\0../x", ""):
        assert push(registry, upload("shape", good), deps=(dependency,)).status_code == 404
    assert push(registry, upload("shape", good), token="").status_code == 401
    assert push(registry, upload("shape", good), token="fst_unknown").status_code == 401  # noqa: S106
    assert written(registry) == before


def test_sources_that_do_not_compile(registry: Serving) -> None:
    create(registry, "broken")
    before = written(registry)
    deep = b"".join(b"message M%d {" % number for number in range(250)) + b"}" * 250
    texts = {
        "missing name": b'syntax = "proto3"; message {',
        "imported file does not exist": b'syntax = "proto3"; import "nobodys.proto";',
        "cyclic import": b'syntax = "proto3"; import "broken.proto";',
        "nesting depth": b'syntax = "proto3"; package broken; ' + deep,
    }
    for problem, text in texts.items():
        refused = push(registry, upload("broken", {"broken.proto": text}))
        assert (refused.status_code, problem in refused.json()["message"]) == (412, True), refused.text
    assert written(registry) == before


def test_too_much(registry: Serving) -> None:
    create(registry, "much")
    before = written(registry)
    many = {f"f{number}.proto": EMPTY for number in range(20_001)}
    for files in (many, {"a.proto": b"/" * 33 * 2**20}, {"a.proto": b"/" * 100_000_000}):
        started = time.monotonic()
        refused = push(registry, upload("much", files))
        assert (refused.status_code, "at once" in refused.json()["message"]) == (400, True)
        assert time.monotonic() - started < 20
    assert written(registry) == before


@pytest.mark.slow
def test_others_are_served_while_a_large_schema_is_judged(registry: Serving) -> None:
    """Each of 250 messages has ten fields of the next one's type: 10^250 paths from the first to the last."""
    create(registry, "wide", "quick")
    fields = "".join(f"M{{next}} f{number} = {number + 2};" for number in range(10))
    messages = [f"message M{n} {{{{ int64 x = 1; {fields} }}}}\n".format(next=n + 1) for n in range(250)]
    text = 'syntax = "proto3";\npackage wide;\n' + "".join(messages) + "message M250 { int64 x = 1; }\n"
    answers: list[int] = []

    def judge() -> None:
        texts = (text, text.replace("int64", "int32"))
        answers.extend(push(registry, upload("wide", {"wide.proto": each.encode()})).status_code for each in texts)

    judging = threading.Thread(target=judge)
    judging.start()
    slowest = 0.0
    while judging.is_alive():
        started = time.monotonic()
        assert httpx.get(f"{registry.url}/readyz", timeout=10).status_code == 200
        slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.02)
    assert answers == [200, 412]
    assert slowest < 5
    assert push(registry, upload("quick", order_of("quick"))).status_code == 200


def test_a_push_that_takes_too_long_is_ended_with_the_programs_that_it_started() -> None:
    """In a process of its own, as judges have them, and with a second instead of a minute."""
    script = """
        import subprocess
        from fieldstone.server import work
        work._LONGEST = 1
        sleeping = subprocess.Popen(["sleep", "60"])
        try:
            work._in_time(sleeping.wait)
        except TimeoutError:
            print("ended", sleeping.wait(timeout=5))
        """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert ran.stdout == "ended -9\n", ran.stderr
