"""Several writers of the registry at once, and any order of changes: never two active versions, never one lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine, text

from recs_platform.errors import UserError
from recs_platform.model_registry import registry, training_log
from recs_platform.models.retraining import Reason
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform_tests.model_registry.versions import NOON, activate, day, register, rollback, served, statuses

_WRITE = """
import sys, time
from pathlib import Path
from recs_platform.platform_db.engine import engine
from recs_platform_tests.model_registry.versions import register, activate

database, name, go = engine(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
print("ready", flush=True)
while not go.exists():
    time.sleep(0.001)
for number in range(1, 7):
    made = register(database, number, f"{name}{number}", active=False)
    activate(database, made.version)
    register(database, number, f"{name}{number}")
"""


@pytest.mark.slow
def test_processes_that_train_and_activate_at_once(platform_db: Engine, tmp_path: Path) -> None:
    url, go = platform_db.url.render_as_string(hide_password=False), tmp_path / "go"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITE, url, name, str(go)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    go.touch()
    seen: list[int | None] = []
    writing = True
    while writing:  # and once more when they have ended, however quick they were
        writing = any(writer.poll() is None for writer in writers)
        with platform_db.connect() as connection:
            seen.append(connection.scalar(text("SELECT count(*) FROM model_config WHERE status = 'active'")))
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
    # None before the first activation; from then on readers see one, also in the middle of a change.
    assert set(seen[seen.index(1) :]) == {1}
    found = statuses(platform_db)
    assert list(found) == list(range(1, 13))
    assert sorted(found.values()) == ["active"] + ["retired"] * 11


def test_threads_that_register_the_same_model(platform_db: Engine) -> None:
    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(lambda _: register(platform_db, 6, "aa"), range(12)))
    assert {registered.version for registered in made} == {1}
    assert statuses(platform_db) == {1: "active"}


def test_of_two_that_roll_back_at_once_one_is_told(platform_db: Engine) -> None:
    for number, digest in ((6, "aa"), (13, "bb"), (20, "cc")):
        register(platform_db, number, digest)
    lead_to = registry.rollback_target(platform_db, "metro", "offer_ranking", None).version

    def go_back(_: int) -> str:
        try:
            registry.rollback(platform_db, "metro", "offer_ranking", lead_to, by="ann", at=NOON)
        except UserError as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as threads:
        told = sorted(threads.map(go_back, range(2)))
    assert told == ["done", "metro: version 2 of offer_ranking is active already."]
    assert statuses(platform_db) == {1: "retired", 2: "active", 3: "retired"}


def test_threads_that_begin_the_same_training_lose_no_reason(platform_db: Engine) -> None:
    def begin(number: int) -> None:
        reasons = [Reason("drift", "drifted", f"drift:{number}")]
        training_log.begin(platform_db, "metro", "offer_ranking", day(6), reasons, run_id=f"run-{number}", at=NOON)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(begin, range(12)))
    (run,) = training_log.begun(platform_db, "metro", "offer_ranking")
    assert {reason.evidence_id for reason in run.reasons} == {f"drift:{number}" for number in range(12)}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """One database for all examples, each of which is a company of its own."""
    opened = engine(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'platform.db'}")
    upgrade(opened)
    return opened


_CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("train"), st.integers(1, 6), st.booleans()),
        st.tuples(st.just("activate"), st.integers(1, 6), st.none()),
        st.tuples(st.just("roll back"), st.none() | st.integers(1, 6), st.none()),
    ),
    max_size=8,
)


class Plain:
    """The rules once more, told as a story: a list of versions, what each replaced, and which one is active."""

    def __init__(self) -> None:
        self.days: list[int] = []
        self.served: set[int] = set()
        self.replaced: dict[int, int | None] = {}
        self.active: int | None = None

    def train(self, number: int, good: bool) -> None:
        self.days.append(number)
        version = len(self.days)
        newest = max((self.days[other - 1] for other in self.served), default=0)
        if good:
            self.served.add(version)
        if good and number >= newest:
            self.replaced[version], self.active = self.active, version

    def activate(self, version: int) -> bool:
        if version > len(self.days) or version == self.active:
            return False
        self.replaced[version], self.active = self.active, version
        self.served.add(version)
        return True

    def roll_back(self, to: int | None) -> bool:
        if to is None:
            to = self.replaced.get(self.active) if self.active else None
        if to is None or to == self.active or to not in self.served:
            return False
        self.active = to
        return True

    def serving(self, number: int) -> int | None:
        if self.active and self.days[self.active - 1] <= number:
            return self.active
        there = sorted((self.days[version - 1], version) for version in self.served)
        return next((version for of, version in reversed(there) if of <= number), None)


def _done(change: Callable[[], object]) -> bool:
    try:
        change()
    except UserError:
        return False
    return True


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(changes=_CHANGES)
def test_any_order_of_changes_is_as_told(shared: Engine, changes: list[tuple[str, int, bool]]) -> None:
    with shared.connect() as connection:
        company = f"shop{connection.scalar(text('SELECT coalesce(max(id), 0) FROM model_config'))}"
    plain = Plain()
    for step, (kind, number, good) in enumerate(changes):
        if kind == "train":
            register(shared, number, f"{step}", company, active=good)
            plain.train(number, good)
        elif kind == "activate":
            assert _done(lambda version=number: activate(shared, version, company)) == plain.activate(number)  # type: ignore[misc]
        else:
            assert _done(lambda to=number: rollback(shared, to, company)) == plain.roll_back(number)  # type: ignore[misc]
        active = [version for version, status in statuses(shared, company).items() if status == "active"]
        assert active == ([plain.active] if plain.active else [])
    assert [served(shared, number, company) for number in range(1, 9)] == [
        plain.serving(number) for number in range(1, 9)
    ]
