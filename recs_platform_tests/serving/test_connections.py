"""Clients that are slow, silent, many or wrong, over real sockets: each is told what is wrong, and all others are
served."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from recs_platform_tests.serving.raw import Answered, connected, ended, get, read
from recs_platform_tests.serving.running import Running, serve_made_up
from recs_platform_tests.slow import takes_seconds

_PATIENCE = 0.4


@pytest.fixture(scope="module")
@takes_seconds
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve_made_up(tmp_path_factory.mktemp("served"), connections=1_500) as served:
        yield served
        assert served.process.poll() is None, served.log
        assert "Traceback" not in served.log


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """For those who are slow on purpose: who asks it anything else may be too slow as well. On the same worker as the
    other, which every test of this module looks at."""
    patience = dict.fromkeys(("header_seconds", "body_seconds", "keep_alive_seconds"), _PATIENCE)
    with serve_made_up(tmp_path_factory.mktemp("impatient"), **patience) as served:
        yield served
        assert served.process.poll() is None, served.log
        assert "Traceback" not in served.log


def ask(running: Running, *requests: bytes) -> Answered | None:
    with connected(running.port) as talking:
        for request in requests:
            talking.sendall(request)
        return read(talking)


@pytest.fixture(autouse=True)
def healthy(running: Running) -> Iterator[None]:
    yield
    answer = ask(running, get())
    assert answer is not None
    assert answer.status == 200


def test_a_connection_answers_many_requests(running: Running) -> None:
    with connected(running.port) as talking:
        for _ in range(5):
            talking.sendall(get())
            answer = read(talking)
            assert answer is not None
            assert answer.status == 200


def letter_by_letter(talking: socket.socket, text: bytes) -> None:
    """Until there is an answer, which comes before the last of them."""
    talking.settimeout(0.02)
    for at in range(len(text)):
        try:
            talking.sendall(text[at : at + 1])
            assert talking.recv(1, socket.MSG_PEEK), "it is answered before it is closed"
        except TimeoutError:
            continue
        talking.settimeout(20)
        return
    raise AssertionError("all of it was waited for")


def test_requests_that_do_not_wait_for_answers_are_answered_in_order(running: Running) -> None:
    asked = [f"/nothing/{number % 7}" if number % 3 else "/recommendations/acme/c1" for number in range(600)]
    post = b"POST /recommendations/acme/c1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5_000
    with connected(running.port) as talking:
        talking.sendall(b"".join(post if number % 100 == 50 else get(one) for number, one in enumerate(asked)))
        reading = talking.makefile("rb")
        for number, one in enumerate(asked):
            status = int(reading.readline().split()[1])
            length = 0
            while line := reading.readline().strip():
                if line.startswith(b"content-length: "):
                    length = int(line.split()[1])
            assert len(reading.read(length)) == length
            assert status == (405 if number % 100 == 50 else 404 if number % 3 else 200), one


@pytest.mark.parametrize(
    "request_",
    [get(), b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx"],
    ids=["without a body", "with one"],
)
def test_who_asks_and_asks_and_reads_no_answer_is_not_read_either(running: Running, request_: bytes) -> None:
    before = memory(running)
    with socket.socket() as talking:
        talking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        talking.settimeout(1)
        talking.connect(("127.0.0.1", running.port))
        with pytest.raises(TimeoutError):
            for _ in range(1_000):
                talking.sendall(request_ * 1_000)
    assert memory(running) - before < 20


def memory(running: Running) -> float:
    """In MiB."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_headers_that_come_letter_by_letter(impatient: Running) -> None:
    began = time.monotonic()
    with connected(impatient.port) as talking:
        request = get("/recommendations/acme/c1", f"X: {'x' * 10_000}")
        letter_by_letter(talking, request)
        answer = read(talking)
        assert answer is not None
        assert (answer.status, answer.kind) == (408, "slow-client")
        assert answer.headers["connection"] == "close"
    assert time.monotonic() - began >= _PATIENCE


def test_a_body_that_comes_letter_by_letter(impatient: Running) -> None:
    head = b"POST /recommendations/acme/c1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n"
    with connected(impatient.port) as talking:
        talking.sendall(head)
        letter_by_letter(talking, b"x" * 10_000)
        answer = read(talking)
        assert answer is not None
        assert (answer.status, answer.kind) == (408, "slow-client")


@pytest.mark.parametrize("said", [b"", b"\r\n", b"\r\n\r\n\r\n"])
def test_who_says_nothing_is_not_listened_to_for_ever(impatient: Running, said: bytes) -> None:
    with connected(impatient.port) as talking:
        talking.sendall(said)
        assert ended(talking)
    with connected(impatient.port) as talking:
        talking.sendall(get())
        assert read(talking)
        talking.sendall(said)
        assert ended(talking), "nor after an answer"


def test_a_thousand_who_say_nothing_hold_up_nobody(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2_500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4_096), hard))
    with serve_made_up(tmp_path) as running, ExitStack() as silent:
        idle = [silent.enter_context(connected(running.port)) for _ in range(1_000)]
        for talking in idle[:500]:
            talking.sendall(get()[:20])
        for _ in range(50):
            answer = ask(running, get())
            assert answer is not None
            assert answer.status == 200
        idle[0].sendall(get()[20:])
        answer = read(idle[0])
        assert answer is not None
        assert answer.status == 200, "they are only slow"


def test_more_connections_than_there_is_room_for(tmp_path: Path) -> None:
    with serve_made_up(tmp_path, connections=3) as running, ExitStack() as held:
        idle = [held.enter_context(connected(running.port)) for _ in range(3)]
        for talking in idle:
            talking.sendall(get())
            assert read(talking)
        with connected(running.port) as fourth:
            answer = read(fourth)
            assert answer is not None
            assert (answer.status, answer.kind) == (503, "busy")
            assert ended(fourth)
        idle[0].close()
        deadline = time.monotonic() + 10
        while (answer := ask(running, get())) is None or answer.status != 200:
            assert time.monotonic() < deadline


@pytest.mark.parametrize(
    "address",
    [
        "/recommendations/acme/..",
        "/recommendations/acme/../metro/c1",
        "/recommendations/acme/../../../../etc/passwd",
        "/recommendations/acme/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/recommendations/acme/c1%00",
        f"/recommendations/acme/{'i' * 10_000}",
    ],
)
def test_ids_that_look_like_paths_are_ids(running: Running, address: str) -> None:
    answer = ask(running, get(address))
    assert answer is not None
    assert (answer.status, answer.kind) == (404, "unknown-customer")


@pytest.mark.parametrize("address", ["/../../etc/passwd", "//recommendations/acme/c1", "/static/../recs.db", "*"])
def test_there_are_no_files(running: Running, address: str) -> None:
    answer = ask(running, get(address))
    assert answer is not None
    assert answer.status in (400, 404)
    assert answer.kind in ("bad-request", "unknown-route")


def test_what_is_injected_stays_where_it_was(running: Running) -> None:
    address = "/recommendations/acme/c1%0d%0aX-Injected:%20yes%0d%0a%0d%0a<html>"
    answer = ask(running, get(address, "X-Request-Id: mine%0d%0aX-Injected: yes"))
    assert answer is not None
    assert (answer.status, answer.kind) == (404, "unknown-customer")
    assert "x-injected" not in answer.headers
    assert b"html" not in answer.body
    assert answer.headers["x-request-id"] not in ("mine", "")


_NO_REQUESTS = {
    "words": b"hello there\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303") + b"\x00" * 200,
    "a null in a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and pieces": (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a length below zero": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "a length that is no number": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n",
    "a bad piece": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "letters beyond ASCII": "GET /recommendations/acme/é HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
}


@pytest.mark.parametrize("request_bytes", _NO_REQUESTS.values(), ids=_NO_REQUESTS)
def test_what_is_no_request(running: Running, request_bytes: bytes) -> None:
    answer = ask(running, request_bytes)
    assert answer is not None
    assert (answer.status, answer.kind) == (400, "bad-request")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "request_bytes",
    [
        get("/" + "a" * 40_000),
        get("/", f"X: {'x' * 40_000}"),
        get("/", *(f"X-{number}: {'x' * 50}" for number in range(1_000))),
    ],
    ids=["address", "one header", "many headers"],
)
def test_headers_that_are_too_long(running: Running, request_bytes: bytes) -> None:
    answer = ask(running, request_bytes)
    assert answer is not None
    assert (answer.status, answer.kind) == (431, "long-headers")
    with connected(running.port) as talking:
        for at in range(0, len(request_bytes) - 10, 20_000):
            talking.sendall(request_bytes[at : at + 20_000])
            time.sleep(0.02)
        answer = read(talking)
        assert answer is not None, "also when it comes in pieces"
        assert answer.status == 431


def test_endless_headers_are_not_kept(running: Running) -> None:
    with connected(running.port) as talking:
        talking.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            for _ in range(2_000):
                talking.sendall(b"x" * 65_536)


@pytest.mark.parametrize("chunked", [True, False])
def test_a_body_that_is_too_large_is_answered_and_not_kept(running: Running, chunked: bool) -> None:
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 3000000"
    piece = b"10000\r\n" + b"x" * 65_536 + b"\r\n" if chunked else b"x" * 65_536
    with connected(running.port) as talking:
        talking.sendall(b"POST /recommendations/acme/c1 HTTP/1.1\r\nHost: localhost\r\n" + length + b"\r\n\r\n")
        for _ in range(45):
            talking.sendall(piece)
        talking.sendall(b"0\r\n\r\n" if chunked else b"x" * (3_000_000 - 45 * 65_536))
        answer = read(talking)
        assert answer is not None
        assert (answer.status, answer.kind) == (413, "too-large")
        assert ended(talking)


def test_requests_one_behind_the_other_are_answered_in_their_order(running: Running) -> None:
    with connected(running.port) as talking:
        talking.sendall(get("/recommendations/acme/slow") + get("/recommendations/metro/c1", "Connection: close"))
        got = b""
        while more := talking.recv(65_536):
            got += more
    assert got.count(b"HTTP/1.1 200") == 2
    assert got.index(b'"company":"acme"') < got.index(b'"company":"metro"')


def test_who_sends_nonsense_behind_a_request_is_answered_the_request(running: Running) -> None:
    with connected(running.port) as talking:
        talking.sendall(get("/recommendations/acme/slow") + b"hello there\r\n\r\n")
        answer = read(talking)
        assert answer is not None
        assert answer.status == 200
        assert ended(talking)


def test_who_hangs_up_leaves_nothing_behind(running: Running) -> None:
    for _ in range(20):
        with connected(running.port) as talking:
            talking.sendall(get("/recommendations/acme/slow"))
    assert ask(running, get("/recommendations/acme/slow"))


def test_a_key_that_is_no_text_is_no_key(running: Running) -> None:
    answer = ask(running, get("/recommendations/acme/c1", "Authorization: Bearer \xff\xfe"))
    assert answer is not None
    assert answer.status == 200, "on this machine, and without keys, nobody needs one"
