"""The end: whoever asked is answered, the exit code is 0, and nobody waits longer than was said."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from recs_platform_tests.serving.raw import connected, ended, get, read
from recs_platform_tests.serving.running import serve_made_up

pytestmark = pytest.mark.slow


def test_what_is_being_answered_is_answered(tmp_path: Path) -> None:
    with serve_made_up(tmp_path) as running, connected(running.port) as asked, connected(running.port) as half:
        asked.sendall(get("/recommendations/acme/slow"))
        half.sendall(get()[:30])
        time.sleep(0.3)
        running.process.send_signal(signal.SIGTERM)
        half.sendall(get()[30:])
        for talking in (half, asked):
            answer = read(talking)
            assert answer is not None
            assert answer.status == 200
            assert answer.headers["connection"] == "close"
            assert ended(talking)
        assert running.process.wait(10) == 0


def test_a_body_that_was_on_its_way_is_answered(tmp_path: Path) -> None:
    with serve_made_up(tmp_path) as running, connected(running.port) as talking:
        talking.sendall(b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        time.sleep(0.2)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        talking.sendall(b"cd")
        answer = read(talking)
        assert answer is not None
        assert answer.status == 404
        assert running.process.wait(10) == 0


def test_while_it_ends_it_answers_and_is_not_ready(tmp_path: Path) -> None:
    with serve_made_up(tmp_path, drain_seconds=1.5) as running:
        wait_until_ready(running.url)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        ready = httpx.get(f"{running.url}/health/ready")
        assert (ready.status_code, ready.json()) == (503, {"ready": False, "ending": True})
        assert httpx.get(f"{running.url}/health/live").status_code == 200
        answer = httpx.get(f"{running.url}/recommendations/acme/c1")
        assert answer.status_code == 200
        assert answer.headers["connection"] == "close"
        assert running.process.wait(10) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{running.url}/health/live")


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_waiting_and_no_answer(tmp_path: Path, second: signal.Signals) -> None:
    with serve_made_up(tmp_path, drain_seconds=60) as running, connected(running.port) as talking:
        talking.sendall(get("/recommendations/acme/slow"))
        time.sleep(0.2)
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        running.process.send_signal(second)
        answer = read(talking)
        assert answer is not None
        assert answer.status == 200
        assert running.process.wait(10) == 0


def test_ctrl_c_ends_it_well(tmp_path: Path) -> None:
    with serve_made_up(tmp_path) as running:
        assert running.end(signal.SIGINT) == 0
        assert "Traceback" not in running.log


def test_who_does_not_read_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with serve_made_up(tmp_path, end_seconds=0.5) as running, connected(running.port) as talking:
        talking.sendall(get("/recommendations/acme/slow"))
        time.sleep(0.1)
        began = time.monotonic()
        assert running.end() == 0
        assert time.monotonic() - began < 10


def test_under_load_everybody_who_asked_is_answered(tmp_path: Path) -> None:
    """Some keep their connection, some make a new one for every request. An answer that says `close` is the last of its
    connection; who finds nobody listening was not accepted."""
    told: Counter[str] = Counter()
    stop = threading.Event()

    def ask(port: int, *, keep: bool) -> None:
        while not stop.is_set():
            try:
                with connected(port) as talking:
                    while not stop.is_set():
                        talking.sendall(get())
                        answer = read(talking)
                        told["lost" if answer is None else str(answer.status)] += 1
                        if answer is None or not keep or answer.headers.get("connection") == "close":
                            break
            except ConnectionRefusedError:
                return

    with serve_made_up(tmp_path, drain_seconds=0.5, linger_seconds=0.5) as running:
        wait_until_ready(running.url)
        asking = [
            threading.Thread(target=ask, args=(running.port,), kwargs={"keep": number % 2 == 0}) for number in range(16)
        ]
        for thread in asking:
            thread.start()
        time.sleep(0.5)
        before = sum(told.values())
        assert running.end() == 0
        stop.set()
        for thread in asking:
            thread.join(20)
    assert sum(told.values()) > before > 100, "they asked before and after the signal"
    assert set(told) == {"200"}


def wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + 20
    while httpx.get(f"{url}/health/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
