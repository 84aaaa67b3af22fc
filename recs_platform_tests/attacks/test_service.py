"""The prediction service over real sockets, at every route that takes a body: whatever is sent, the answer says what is
wrong, nothing of it is repeated or logged, and everybody else is served."""

from __future__ import annotations

import base64
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from recs_platform.platform_db.engine import engine
from recs_platform.serving.keys import new_key
from recs_platform_tests.attacks.counts import Count
from recs_platform_tests.serving.made_up import NOW
from recs_platform_tests.serving.models.worlds import OFFERS, feature_rows
from recs_platform_tests.serving.raw import Answered, connected, ended, get, read
from recs_platform_tests.serving.running import Running, serve_module
from recs_platform_tests.slow import takes_seconds

NINA = "nina@shop.example"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PAIR = {"customer_id": "c1", "offer_id": "o1"}
EVENT = {
    "event_id": "e1", "customer_id": "c1", "item_id": "i1", "reaction": "shown", "happened_at": "2025-09-03T07:00:00Z"
}  # fmt: skip
GOOD: dict[str, Any] = {
    "/recommend": {"customer_id": "c1"},
    "/score": {"pairs": [PAIR]},
    "/feedback": {"events": [EVENT]},
}
CUSTOMER = "/explorer/metro/customer"
SLOW = {"header_seconds": 1.0, "body_seconds": 1.0, "drain_seconds": 0, "linger_seconds": 0.1}


@dataclass(frozen=True)
class Attacked:
    running: Running
    keys: dict[str, str]

    def ask(self, *pieces: bytes) -> Answered:
        with connected(self.running.port) as talking:
            for piece in pieces:
                talking.sendall(piece)
            answer = read(talking)
        assert answer is not None
        return answer

    def send(self, path: str, body: bytes, *headers: str, key: str | None = "metro", kind: str = JSON) -> Answered:
        return self.ask(self.request(path, len(body), *headers, key=key, kind=kind), body)

    def request(self, path: str, length: int, *headers: str, key: str | None = "metro", kind: str = JSON) -> bytes:
        shown = (f"Authorization: Bearer {self.keys[key]}",) if key else ()
        said = (f"Content-Length: {length}", f"Content-Type: {kind}")
        return get(path, *said, *shown, *headers).replace(b"GET", b"POST", 1)


@pytest.fixture(scope="module")
@takes_seconds
def attacked(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Attacked]:
    folder = tmp_path_factory.mktemp("attacked")
    shutil.copy(migrated_file, folder / "platform.db")
    database = engine(f"sqlite:///{folder / 'platform.db'}")
    keys = {name: new_key(database, name, "", "tester", NOW)[1] for name in ("acme", "metro")}
    database.dispose()
    module = "recs_platform_tests.attacks.attacked_service"
    with serve_module(module, folder, json.dumps(SLOW), RECS_HOME=str(folder / "home")) as running:
        made = Attacked(running, keys)
        deadline = time.monotonic() + 60
        while made.send("/score", json.dumps(GOOD["/score"]).encode()).status != 200:
            assert time.monotonic() < deadline, "its model is never loaded"
            time.sleep(0.05)
        yield made
        assert running.end() == 0
    log = "\n".join(running.lines)
    assert "a defect" not in log
    assert "Traceback" not in log
    assert NINA not in log
    assert not any(key in log for key in keys.values())


@pytest.fixture(autouse=True)
def healthy(attacked: Attacked) -> Iterator[None]:
    """Every route answers afterwards as it did before."""
    yield
    for path, body in GOOD.items():
        assert attacked.send(path, json.dumps(body).encode()).status in (200, 202), path
    assert attacked.send(CUSTOMER, b"customer=c1", kind=FORM).status == 200
    assert attacked.ask(get("/health/live")).status == 200


def refused(answer: Answered, status: int, kind: str) -> None:
    assert (answer.status, answer.kind) == (status, kind), answer
    told = json.loads(answer.body)
    assert told["detail"].endswith((".", "?"))
    assert len(answer.body) < 5_000
    assert NINA.encode() not in answer.body


BODIES: dict[str, tuple[bytes, int, str]] = {
    "a space": (b" ", 400, "malformed-json"),
    "no JSON": (b"{customer_id: c1}", 400, "malformed-json"),
    "half": (b'{"customer_id": "c1"', 400, "malformed-json"),
    "two": (b"{}{}", 400, "malformed-json"),
    "a text": (json.dumps(NINA).encode(), 422, "invalid"),
    "a list": (b"[1]", 422, "invalid"),
    "null": (b"null", 422, "invalid"),
    "UTF-16": ("{}".encode("utf-16"), 400, "malformed-json"),
    "not UTF-8": (b'{"customer_id": "\xff"}', 400, "malformed-json"),
    "half a letter": (b'{"customer_id": "\\ud800"}', 400, "malformed-json"),
    "NaN": (b'{"top_n": NaN}', 400, "malformed-json"),
    "infinite": (b'{"top_n": -Infinity}', 400, "malformed-json"),
    "beyond all numbers": (b'{"top_n": 1e999}', 400, "malformed-json"),
    "a number of 100,000 digits": (b'{"top_n": %b}' % (b"9" * 100_000), 400, "malformed-json"),
    "100,000 deep": (b"[" * 100_000 + b"]" * 100_000, 400, "malformed-json"),
    "900 deep": (b'{"rows": %b}' % (b"[" * 900 + b"]" * 900), 422, "invalid"),
    "an unknown field": (json.dumps({NINA: NINA}).encode(), 422, "invalid"),
    "a long unknown field": (b'{"%b": 1}' % (b"x" * 900_000), 422, "invalid"),
    "many unknown fields": (json.dumps({f"x{n}": n for n in range(50_000)}).encode(), 422, "invalid"),
    "an unknown company": (b"", 403, "foreign-company"),
}


def with_company(path: str, company: str) -> bytes:
    return json.dumps({**GOOD[path], "company": company}).encode()


@pytest.mark.parametrize("path", GOOD)
def test_bodies(attacked: Attacked, path: str, count: Count) -> None:
    for name, (body, status, kind) in BODIES.items():
        answer = attacked.send(path, with_company(path, "nobody") if status == 403 else body)
        refused(answer, status, kind)
        assert name
    count(f"bodies to {path}", refused=len(BODIES))


def changed(path: str, **values: Any) -> bytes:
    """A good body, and somewhere in it another value."""
    body = json.loads(json.dumps(GOOD[path]))
    inner = {"/score": lambda: body["pairs"][0], "/feedback": lambda: body["events"][0]}.get(path, lambda: body)()
    inner.update(values)
    return json.dumps(body).encode()


IDS = ("", "c" * 10_000, "c\0", 7, None, True, [NINA], {NINA: NINA}, 1.5)
ODD_IDS = (
    "a/b",
    "../../etc/passwd",
    "Zoë",
    "日本語",
    "😀",
    "c1\r\nX: y",
    "<script>",
    "'; DROP TABLE x; --",
    "c" * 1_000,
    NINA,
)
TIMES = ("", NINA, "2025-09-03", "2025-09-03T08:00:00", "9999-12-31T23:59:59-12:00", 1e18, -1e18, "1e400", None)


@pytest.mark.parametrize(
    ("path", "field"), [("/recommend", "customer_id"), ("/score", "offer_id"), ("/feedback", "item_id")]
)
def test_ids(attacked: Attacked, path: str, field: str, count: Count) -> None:
    for value in IDS:
        refused(attacked.send(path, changed(path, **{field: value})), 422, "invalid")
    for value in ODD_IDS:
        answer = attacked.send(path, changed(path, **{field: value}))
        assert answer.status == {"/recommend": 404, "/score": 200, "/feedback": 202}[path], (value, answer)
        assert NINA.encode() not in answer.body
        assert b"<script>" not in answer.body
    count(f"ids in {path}", refused=len(IDS), answered=len(ODD_IDS))


def test_times(attacked: Attacked, count: Count) -> None:
    for value in TIMES:
        refused(attacked.send("/feedback", changed("/feedback", happened_at=value)), 422, "invalid")
        orders = [{"item_id": "i1", "ordered_at": value}]
        refused(attacked.send("/recommend", changed("/recommend", orders=orders)), 422, "invalid")
    oldest = [{"item_id": "i1", "ordered_at": "0001-01-01T00:00:00+12:00"}]
    assert attacked.send("/recommend", changed("/recommend", orders=oldest)).status == 200
    refused(attacked.send("/feedback", changed("/feedback", happened_at=oldest[0]["ordered_at"])), 422, "invalid")
    count("times", refused=2 * len(TIMES) + 1, answered=1)


def test_features(attacked: Attacked, count: Count) -> None:
    (row,) = feature_rows(OFFERS.features, 1).to_pylist()
    number = next(spec.name for spec in OFFERS.features.specs if spec.kind == "number")
    for value in ("NaN", "Infinity", "-Infinity", "1e400"):
        body = json.dumps({"rows": [{**row, number: 7.25}]}).replace("7.25", value).encode()
        refused(attacked.send("/score", body), 400, "malformed-json")
    for value in (NINA, True, [1], {NINA: 1}):
        refused(attacked.send("/score", json.dumps({"rows": [{**row, number: value}]}).encode()), 422, "invalid")
    for value in (1e308, -1e308, 5e-324, 10**18, None):
        assert attacked.send("/score", json.dumps({"rows": [{**row, number: value}]}).encode()).status == 200
    count("values of features", refused=8, answered=5)


def test_ten_thousand_pairs_and_one_more(attacked: Attacked, count: Count) -> None:
    pairs = [{"customer_id": f"c{n}", "offer_id": f"o{n}"} for n in range(10_001)]
    answer = attacked.send("/score", json.dumps({"pairs": pairs[:-1]}).encode())
    assert (answer.status, len(json.loads(answer.body)["scores"])) == (200, 10_000)
    refused(attacked.send("/score", json.dumps({"pairs": pairs}).encode()), 422, "invalid")
    count("pairs", answered=10_000, refused=10_001)


def wrong_keys(attacked: Attacked) -> dict[str, tuple[str, ...]]:
    key, other = attacked.keys["metro"], attacked.keys["acme"]
    name = base64.b64encode(f"acme:{key}".encode()).decode()
    return {
        "none": (),
        "one letter other": (f"Authorization: Bearer {key[:-1]}{'A' if key[-1] != 'A' else 'B'}",),
        "another's secret": (f"Authorization: Bearer {key[:21]}{other[21:]}",),
        "another's name": (f"Authorization: Basic {name}",),
        "no text": ("Authorization: Bearer \xff\xfe",),
        "10,000 letters": (f"Authorization: Bearer {'k' * 10_000}",),
        "two, the right one last": ("Authorization: Bearer no", f"Authorization: Bearer {key}"),
    }


@pytest.mark.parametrize("path", [*GOOD, CUSTOMER])
def test_wrong_keys(attacked: Attacked, path: str, count: Count) -> None:
    body, kind = (json.dumps(GOOD[path]).encode(), JSON) if path in GOOD else (b"customer=c1", FORM)
    wrong = wrong_keys(attacked)
    for headers in wrong.values():
        answer = attacked.send(path, body, *headers, key=None, kind=kind)
        refused(answer, 401, "no-key")
        assert "www-authenticate" in answer.headers
    count(f"keys at {path}", refused=len(wrong))


def test_another_companys_key(attacked: Attacked, count: Count) -> None:
    reading = ["/recommendations/metro/c1", "/weekly-recommendations/c1?company=metro"]
    for address in reading:
        refused(attacked.ask(get(address, f"Authorization: Bearer {attacked.keys['acme']}")), 403, "foreign-company")
    for path in GOOD:
        refused(attacked.send(path, with_company(path, "metro"), key="acme"), 403, "foreign-company")
    pages = ["/explorer/metro", "/explorer/metro/models", "/explorer/nobody"]
    shown = [attacked.ask(get(page, f"Authorization: Bearer {attacked.keys['acme']}")) for page in pages]
    shown += [attacked.send(CUSTOMER, b"customer=c1", key="acme", kind=FORM)]
    assert {(page.status, page.body) for page in shown} == {(404, shown[0].body)}
    for address in ("/models", "/metrics", "/health", "/"):
        told = attacked.ask(get(address, f"Authorization: Bearer {attacked.keys['acme']}"))
        assert b"metro" not in told.body, address
    count("other companies", refused=len(reading) + len(GOOD) + len(shown), without_a_word_of_them=4)


@pytest.mark.parametrize("path", [*GOOD, CUSTOMER])
def test_pages_of_other_sites(attacked: Attacked, path: str, count: Count) -> None:
    body, kind = (json.dumps(GOOD[path]).encode(), JSON) if path in GOOD else (b"customer=c1", FORM)
    tricks = [
        ("Origin: http://evil.example",),
        ("Origin: null",),
        ("Sec-Fetch-Site: cross-site",),
        ("Host: evil.example",),
    ]
    for headers in tricks:
        refused(attacked.send(path, body, *headers, kind=kind), 403, "foreign-page")
    plain = ("text/plain", FORM, "multipart/form-data; boundary=x", "")
    if path in GOOD:  # what a form can send without asking first
        for said in plain:
            refused(attacked.send(path, body, kind=said), 415, "wrong-type")
        refused(attacked.send(path, body, "Content-Encoding: gzip"), 415, "wrong-type")
    count(f"pages of other sites at {path}", refused=len(tricks) + (len(plain) + 1 if path in GOOD else 0))


def test_two_hosts(attacked: Attacked, count: Count) -> None:
    key = f"Authorization: Bearer {attacked.keys['metro']}"
    for first, then in (("evil.example", "127.0.0.1"), ("127.0.0.1", "evil.example")):
        refused(attacked.ask(get("/models", key, f"Host: {then}", host=first)), 403, "foreign-page")
    count("requests of two hosts", refused=2)


def test_forms(attacked: Attacked, count: Count) -> None:
    forms = [b"", b"customer=", b"customer", b"\xff=\xff", b"a=b&" * 10_000, b"customer=" + b"c" * 10_000]
    forms += [b"customer=c1&item=" + b"i" * 10_000, b'{"customer": "c1"}']
    for form in forms:
        answer = attacked.send(CUSTOMER, form, kind=FORM)
        assert (answer.status, answer.headers["content-type"]) == (422, "text/html; charset=utf-8"), form[:40]
        assert len(answer.body) < 20_000
    odd = [b"customer=a%00b", b"customer=%ff", b"customer=<script>alert(1)</script>", b"customer=%27%22><svg onload=x>"]
    odd += [b"customer=c1%0d%0aX-Injected: y", b"customer=a/../b", "customer=日本語".encode()]
    for form in odd:
        answer = attacked.send(CUSTOMER, form, kind=FORM)
        assert answer.status == 404, form
        assert not any(tag in answer.body for tag in (b"<script", b"<svg onload"))
        assert "x-injected" not in answer.headers
    count("forms of the explorer", refused=len(forms), nobody_found=len(odd))


@pytest.mark.parametrize("path", [*GOOD, CUSTOMER])
def test_bodies_that_are_too_large(attacked: Attacked, path: str, count: Count) -> None:
    most = 2**24 if path == "/score" else 2**20
    with connected(attacked.running.port) as talking:
        talking.sendall(attacked.request(path, most + 1))
        for _ in range(most // 2**16 + 1):
            talking.sendall(b" " * 2**16)
        answer = read(talking)
        assert answer is not None
        refused(answer, 413, "too-large")
        assert ended(talking)
    pieces = attacked.request(path, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    with connected(attacked.running.port) as talking:
        talking.sendall(pieces)
        for _ in range(most // 2**16 + 1):
            talking.sendall(b"10000\r\n" + b" " * 2**16 + b"\r\n")
        answer = read(talking)
        assert answer is not None
        refused(answer, 413, "too-large")
    count(f"large bodies to {path}", refused=2)


@pytest.mark.parametrize("path", [*GOOD, CUSTOMER])
def test_clients_that_are_slow(attacked: Attacked, path: str, count: Count) -> None:
    with connected(attacked.running.port) as head, connected(attacked.running.port) as body:
        head.sendall(attacked.request(path, 10)[:-4])
        body.sendall(attacked.request(path, 10) + b"{")
        for talking in (head, body):
            answer = read(talking)
            assert answer is not None
            refused(answer, 408, "slow-client")
            assert ended(talking)
    count(f"slow clients at {path}", refused=2)


def memory(running: Running) -> int:
    """Bytes that the process has."""
    pages = Path(f"/proc/{running.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4_096


def send_much(attacked: Attacked, key: str | None, clients: int) -> tuple[int, list[int]]:
    """Each sends all but the end of a body of 16 MB; how much memory that took, and what those were answered who had
    been."""
    before = memory(attacked.running)
    with ExitStack() as stack:
        talking = [stack.enter_context(connected(attacked.running.port)) for _ in range(clients)]
        statuses = []
        for one in talking:
            one.settimeout(1)
            with suppress(OSError):
                one.sendall(attacked.request("/score", 2**24, key=key) + b" " * (2**24 - 1))
        grown = memory(attacked.running) - before
        for one in talking:
            try:
                answer = read(one)
            except (OSError, AssertionError):
                continue
            statuses += [answer.status] if answer else []
    return grown, statuses


def test_nobody_without_a_key_takes_memory(attacked: Attacked, count: Count) -> None:
    grown, statuses = send_much(attacked, None, 10)
    assert grown < 32 * 2**20
    assert set(statuses) == {401}
    count("large bodies without a key", refused=10)


def test_all_bodies_together_have_a_limit(attacked: Attacked, count: Count) -> None:
    _, statuses = send_much(attacked, "metro", 8)
    assert set(statuses) <= {408, 503}
    assert 503 in statuses, "64 MiB are room for less than eight"
    count("large bodies at once", refused=8)
