"""A server that is stopped while it judges a push: the push is finished, or refused; none is half-written."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.server.buf.calling import create, order_of, push, upload
from tests.server.running import LONGEST, Serving, serving


def pushed_while_it_stops(served: Serving, files: dict[str, bytes]) -> httpx.Response:
    """The answer to a push; the server is stopped once it judges it."""
    answers: list[httpx.Response] = []
    pushing = threading.Thread(target=lambda: answers.append(push(served, upload("shop", files))))
    pushing.start()
    headers = {"Authorization": f"Bearer {served.token}"}
    latest = time.monotonic() + LONGEST
    while "fieldstone_requests_running 2.0" not in httpx.get(f"{served.url}/metrics", headers=headers).text:
        assert time.monotonic() < latest
    served.process.send_signal(signal.SIGTERM)
    pushing.join()
    assert served.process.wait(timeout=LONGEST) == 0
    assert "Traceback" not in served.log
    return answers[0]


def test_a_push_under_way_is_finished(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--stop-seconds", "60") as served:
        create(served, "shop")
        answer = pushed_while_it_stops(served, order_of("shop"))
        assert answer.status_code == 200, answer.text
    with serving(tmp_path / "data") as served:
        again = push(served, upload("shop", order_of("shop")))
        assert (again.status_code, again.content) == (200, answer.content)


@pytest.mark.slow
def test_a_push_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    imports = "".join(f'import "f{number}.proto";\n' for number in range(2000))
    files = {f"f{number}.proto": b'syntax = "proto3";' for number in range(2000)}
    large = {**files, "all.proto": f'syntax = "proto3";\n{imports}'.encode()}
    with serving(tmp_path / "data", "--stop-seconds", "1") as served:
        create(served, "shop")
        started = time.monotonic()
        answer = pushed_while_it_stops(served, large)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable"), answer.text
        assert "the server stopped before" in answer.json()["message"]
        assert time.monotonic() - started < LONGEST
    with serving(tmp_path / "data") as served:
        assert push(served, upload("shop", order_of("shop"))).status_code == 200


@pytest.mark.slow
def test_the_processes_of_a_killed_server_end(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as served:
        create(served, "shop")
        assert push(served, upload("shop", order_of("shop"))).status_code == 200
        listed = Path(f"/proc/{served.process.pid}/task").glob("*/children")
        children = [Path("/proc", child) for file in listed for child in file.read_text("ascii").split()]
        assert children
        served.process.kill()
        served.process.wait()
        latest = time.monotonic() + LONGEST
        while any(is_running(child) for child in children):
            assert time.monotonic() < latest
            time.sleep(0.05)


def is_running(process: Path) -> bool:
    """Whether a process runs; one that ended and that nobody waits for does not."""
    try:
        return (process / "stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
