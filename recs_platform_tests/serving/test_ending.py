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
from recs_platform_tests.serving.running import PATIENCE_SECONDS, Running, serve_made_up

pytestmark = pytest.mark.slow


_FOR_LONG = 60.0
"""What ends before, ends because of what a test does."""


def wait_until_slow(running: Running) -> None:
    """It is at work on the list that takes a second, and has read what came before that was asked for."""
    assert running.next_line() == "slow"


def wait_until_ending(running: Running) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "ending: not ready any more" not in running.log:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_being_answered_is_answered(tmp_path: Path) -> None:
    with (
        serve_made_up(tmp_path, linger_seconds=_FOR_LONG) as running,
        connected(running.port) as half,
        connected(running.port) as asked,
    ):
        half.sendall(get()[:30])
        asked.sendall(get("/recommendations/acme/slow"))
        wait_until_slow(running)
        running.process.send_signal(signal.SIGTERM)
        half.sendall(get()[30:])
        for talking in (half, asked):
            answer = read(talking)
            assert answer is not None
            assert answer.status == 200
            assert answer.headers["connection"] == "close"
            assert ended(talking)
        assert running.wait() == 0


def test_a_body_that_was_on_its_way_is_answered(tmp_path: Path) -> None:
    with serve_made_up(tmp_path) as running, connected(running.port) as talking:
        talking.sendall(b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab")
        assert running.get("/health/live").status_code == 200, "what came before has been read, too"
        running.process.send_signal(signal.SIGTERM)
        wait_until_ending(running)
        time.sleep(0.2)  # longer than it waits for who has not asked
        talking.sendall(b"cd")
        answer = read(talking)
        assert answer is not None
        assert answer.status == 404
        assert running.wait() == 0


def test_while_it_ends_it_answers_and_is_not_ready(tmp_path: Path) -> None:
    with serve_made_up(tmp_path, drain_seconds=_FOR_LONG) as running:
        wait_until_ready(running.url)
        running.process.send_signal(signal.SIGTERM)
        wait_until_ending(running)
        ready = running.get("/health/ready")
        assert (ready.status_code, ready.json()) == (503, {"ready": False, "ending": True})
        assert running.get("/health/live").status_code == 200
        answer = running.get("/recommendations/acme/c1")
        assert answer.status_code == 200
        assert answer.headers["connection"] == "close"
        assert running.end() == 0
        with pytest.raises(httpx.ConnectError):
            running.get("/health/live")


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_the_waiting_and_no_answer(tmp_path: Path, second: signal.Signals) -> None:
    with serve_made_up(tmp_path, drain_seconds=10 * _FOR_LONG) as running, connected(running.port) as talking:
        talking.sendall(get("/recommendations/acme/slow"))
        wait_until_slow(running)
        running.process.send_signal(signal.SIGTERM)
        wait_until_ending(running)  # of two signals at once a process may see one
        running.process.send_signal(second)
        answer = read(talking)
        assert answer is not None
        assert answer.status == 200
        assert running.wait() == 0


def test_ctrl_c_ends_it_well(tmp_path: Path) -> None:
    with serve_made_up(tmp_path) as running:
        assert running.end(signal.SIGINT) == 0
        assert "Traceback" not in running.log


def test_who_does_not_read_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with serve_made_up(tmp_path, end_seconds=0.5) as running, connected(running.port) as talking:
        talking.sendall(get("/recommendations/acme/slow"))
        wait_until_slow(running)
        assert running.end() == 0


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

    with serve_made_up(tmp_path, drain_seconds=0.5, linger_seconds=_FOR_LONG) as running:
        wait_until_ready(running.url)
        asking = [
            threading.Thread(target=ask, args=(running.port,), kwargs={"keep": number % 2 == 0}) for number in range(16)
        ]
        for thread in asking:
            thread.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (before := sum(told.values())) < 100:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert running.end() == 0
        stop.set()
        for thread in asking:
            thread.join(PATIENCE_SECONDS)
    assert sum(told.values()) > before, "they asked before and after the signal"
    assert set(told) == {"200"}


def wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while httpx.get(f"{url}/health/ready", timeout=PATIENCE_SECONDS).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
