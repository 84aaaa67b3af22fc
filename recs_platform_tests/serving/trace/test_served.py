"""How long the checks wait, what they look at, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from recs_platform.serving.trace.link import Chain, Link, Name, broken, ok, unknown
from recs_platform.serving.trace.served import NEXT, PATIENCE_SECONDS, arrived

BEHIND = broken(Name.SERVICE, "it serves version 1, not version 2", "it is behind", "recs doctor")
WELL = ok(Name.SERVICE, "it serves version 2")
FAILED = broken(Name.RUN, "it failed", "the feed", "recs run metro --date 2025-12-02")
REFUSED = broken(Name.LIVE_TABLE, "it holds version 1", "a guardrail", "recs publish metro")


def chain(*links: Link) -> Chain:
    return Chain("metro", "model", "offers", 2, links)


@dataclass
class Clock:
    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def look(*chains: Chain, then: Chain) -> Iterator[Chain]:
    yield from chains
    while True:
        yield then


def test_a_service_that_lags_some_seconds_behind_passes() -> None:
    clock, seen = Clock(), look(chain(BEHIND), chain(BEHIND), then=chain(WELL))
    arrival = arrived(lambda: next(seen), clock=clock, sleep=clock.sleep)
    assert (arrival.passed, clock.slept) == (True, [1.0, 1.0])
    assert arrival.says == "offers: version 2 arrived; it serves version 2."


def test_one_that_stays_behind_fails_with_cause_and_command() -> None:
    clock, seen = Clock(), look(then=chain(BEHIND))
    arrival = arrived(lambda: next(seen), clock=clock, sleep=clock.sleep)
    assert not arrival.passed
    assert clock.seconds == PATIENCE_SECONDS
    said, _, command = arrival.says.partition(NEXT)
    assert said == "service: it serves version 1, not version 2 (it is behind). It was given 30 s."
    assert command == "recs doctor"


def test_what_other_checks_tell_is_not_told_again() -> None:
    clock, seen = Clock(), look(then=chain(FAILED, REFUSED, WELL))
    arrival = arrived(lambda: next(seen), clock=clock, sleep=clock.sleep)
    assert (arrival.passed, clock.slept) == (True, [])


def test_what_was_not_looked_at_is_said() -> None:
    arrival = arrived(lambda: chain(WELL, unknown(Name.GOLDEN, "there are no golden rows")))
    assert arrival.passed
    assert arrival.says.endswith("Not looked at: golden prediction (there are no golden rows).")
