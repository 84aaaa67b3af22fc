"""A reading that fails, hangs or takes long is no error for who asks, and no wait beyond their patience."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import pytest

from recs_platform.automation.metrics import families as of
from recs_platform.automation.metrics import source as source_module
from recs_platform.automation.metrics.families import Sample
from recs_platform.automation.metrics.source import Source


def asked(source: Source, patience: float = 60.0) -> tuple[Sample, ...] | None:
    source.begin()
    return source.answer(time.monotonic() + patience)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_reading_answers_everybody_who_asks_soon_after() -> None:
    readings: list[int] = []

    def read() -> Iterable[Sample]:
        readings.append(1)
        return [of.COMPANIES.sample(len(readings), "sound")]

    source = Source("s", read)
    assert asked(source) == asked(source) == (of.COMPANIES.sample(1, "sound"),)
    assert len(readings) == 1


def test_an_error_is_an_answer_and_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    def read() -> Iterable[Sample]:
        yield of.COMPANIES.sample(1, "sound")
        raise RuntimeError("down for canary@example.com")

    source = Source("s", read)
    assert asked(source) is None
    assert source.failures == 1
    assert source.problem.startswith("RuntimeError: down")
    assert "canary@example.com" not in source.problem + caplog.text


def test_nobody_waits_longer_than_they_can_and_one_reading_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "FRESH_SECONDS", 0.0)
    gate, readings = threading.Event(), []

    def read() -> Iterable[Sample]:
        readings.append(1)
        assert gate.wait(60)
        return [of.COMPANIES.sample(1, "sound")]

    source = Source("s", read)
    began = time.monotonic()
    assert asked(source, patience=0.05) is None
    assert asked(source, patience=0.05) is None
    assert time.monotonic() - began < 30
    assert len(readings) == 1
    gate.set()
    wait_for(lambda: not source._running)
    # The first reading is kept while the next one goes on.
    gate.clear()
    assert asked(source, patience=0.05) == (of.COMPANIES.sample(1, "sound"),)
    assert len(readings) == 2
    monkeypatch.setattr(source_module, "KEPT_SECONDS", 0.0)
    assert asked(source, patience=0.05) is None
    gate.set()
