"""Uploads that no module can be: refused at once, nothing is written, and others are served meanwhile."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from fieldstone.server.buf.messages import MODULE, message
from tests.server.buf.calling import create, order_of, push, upload
from tests.server.running import Serving, new_token, serving

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
    cases = push(registry, upload("shape", {**good, "a/b.proto": EMPTY, "A/c.proto": EMPTY}))
    assert (cases.status_code, "A and a in the upload of shape differ only in case" in cases.text) == (400, True)
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
    for files, status in ((many, 400), ({"a.proto": b"/" * 33 * 2**20}, 400), ({"a.proto": b"/" * 100_000_000}, 413)):
        started = time.monotonic()
        refused = push(registry, upload("much", files))
        assert (refused.status_code, "at once" in refused.json()["message"]) == (status, True)
        assert time.monotonic() - started < 20
    assert written(registry) == before


@pytest.mark.slow
def test_a_schema_that_compiles_slowly_is_refused_and_holds_nobody_up(tmp_path: Path) -> None:
    """Each of 300 files imports all before it, and passes these on: buf takes minutes."""
    files = {}
    for number in range(300):
        imports = "".join(f'import public "slow/f{other}.proto";\n' for other in range(number))
        files[f"slow/f{number}.proto"] = f'syntax = "proto3";\npackage slow;\n{imports}'.encode()
    with serving(tmp_path / "data", "--compile-seconds", "3") as served:
        create(served, "slow", "slow2", "quick")
        other, answers = new_token(served, "other"), []

        def judge(name: str) -> None:
            answers.append(push(served, upload(name, files)))

        judging = [threading.Thread(target=judge, args=(name,)) for name in ("slow", "slow2")]
        for thread in judging:
            thread.start()
        assert push(served, upload("quick", order_of("quick")), token=other).status_code == 200
        for thread in judging:
            thread.join()
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument"), answer.text
            assert "it takes more than 3 seconds of processor time" in answer.json()["message"]
        assert {row for name, row in written(served).items() if name == "releases"} == {1}


def test_a_cycle_that_spans_modules(registry: Serving) -> None:
    create(registry, "first", "second")
    before = written(registry)
    ring = {
        name: {f"{name}.proto": f'syntax = "proto3"; import "{other}.proto";'.encode()}
        for name, other in (("first", "second"), ("second", "first"))
    }
    refused = push(registry, *(upload(name, files) for name, files in ring.items()))
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_argument")
    assert "modules import each other in a circle: first and second" in refused.json()["message"]
    assert written(registry) == before
    created = message(f"{MODULE}.UploadResponse")
    second = push(registry, upload("second", {"second.proto": EMPTY}))
    commits = created.FromString(second.content).commits
    first = push(registry, upload("first", ring["first"]), deps=(commits[0].id,))
    commits = created.FromString(first.content).commits
    before = written(registry)
    closing_the_ring = push(registry, upload("second", ring["second"]), deps=(commits[0].id,))
    assert closing_the_ring.status_code == 400, closing_the_ring.text
    assert "in a circle" in closing_the_ring.json()["message"]
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
        from fieldstone.server import process
        sleeping = subprocess.Popen(["sleep", "60"])
        try:
            process._in_time(sleeping.wait, 1, 0)
        except TimeoutError:
            print("ended", sleeping.wait(timeout=5))
        """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50)
    assert ran.stdout == "ended -9\n", ran.stderr
