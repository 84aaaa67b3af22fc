"""Whatever looks see, in whatever order, however often they are taken again, killed or not delivered: each trouble is
told once when it begins, once when it gets worse and once when it is over, in that order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from recs_platform.alerts import record as module
from recs_platform.alerts.channels.channel import Answer, Later, Refused, Sent
from recs_platform.alerts.channels.log import LogChannel
from recs_platform.alerts.deliver import deliver
from recs_platform.alerts.finding import Severity
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import Message
from recs_platform.alerts.policy import Policy
from recs_platform.alerts.record import record
from recs_platform_tests.alerts.books import NOON, copied, finding, look, trouble

SUBJECTS = ("a", "b", "c")
ACME = Policy(("slack:#acme", "slack:#other"))

Event = tuple[str, str]
"""Subject and what was told of it: a severity, or that it is over."""


@dataclass
class Told:
    """A channel that keeps what it was told, and answers as it is told."""

    answer: str = "sent"
    heard: list[tuple[str, Event]] = field(default_factory=list)
    unsure: int = 0
    """Times that it took something and nobody learned of it."""

    def send(self, where: str, messages: Sequence[Message], name: str) -> Answer:
        if self.answer == "refused":
            return Refused("channel_not_found", "Invite it.")
        if self.answer == "later":
            return Later("busy")
        for message in messages:
            severity = message.severity
            self.heard += [(where, (one.finding.trouble.subject, severity)) for one in message.told]
        if self.answer == "lost":
            self.unsure += 1
            return Later("no answer in time")
        return Sent()

    def of(self, where: str, subject: str) -> list[str]:
        return [what for place, (name, what) in self.heard if place == where and name == subject]


@dataclass
class Expected:
    """The same by hand: what is open, with the worst that was told, and what was told."""

    open: dict[str, Severity] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)

    def look(self, seen: dict[str, Severity], well: set[str]) -> None:
        for subject, severity in seen.items():
            before = self.open.get(subject)
            if before is None or severity.rank > before.rank:
                self.open[subject] = severity
                self.told.append((subject, severity.value))
        for subject in sorted(well - seen.keys()):
            if (severity := self.open.pop(subject, None)) and severity is not Severity.INFO:
                self.told.append((subject, "recovered"))


looks = st.tuples(
    st.just("look"),
    st.integers(0, 6),
    st.dictionaries(st.sampled_from(SUBJECTS), st.sampled_from(Severity)),
    st.sets(st.sampled_from(SUBJECTS)),
)
killed = st.tuples(
    st.just("killed"), st.integers(0, 6), st.dictionaries(st.sampled_from(SUBJECTS), st.sampled_from(Severity))
)
sent = st.tuples(st.just("deliver"), st.sampled_from(["sent", "later", "refused", "lost"]))
steps = st.lists(st.one_of(looks, looks, killed, sent), max_size=12)


class _Killed(BaseException):
    pass


@pytest.mark.slow
@settings(max_examples=40)
@given(steps)
def test_each_trouble_is_told_once_at_each_turn(migrated_file: Path, taken: list[tuple[object, ...]]) -> None:
    with TemporaryDirectory(dir=migrated_file.parent) as folder, copied(migrated_file, Path(folder)) as books:
        told, expected = Told(), Expected()
        booked: set[int] = set()
        for minute, step in enumerate(taken):
            match step:
                case ("look", int(name), dict(seen), set(well)):
                    record(books, look(f"{name}", *_findings(seen), settled=[trouble(one) for one in well]), ACME)
                    if name not in booked:
                        booked.add(name)
                        expected.look(seen, well)
                case ("killed", int(name), dict(seen)):
                    _killed_while_booking(books, name, seen)
                case ("deliver", str(answer)):
                    told.answer = answer
                    _deliver(books, told, minute)
        told.answer = "sent"
        for hour in range(1, 6):
            _deliver(books, told, 60 * hour)
        for place in ("#acme", "#other"):
            for subject in SUBJECTS:
                heard = told.of(place, subject)
                wanted = [what for name, what in expected.told if name == subject]
                assert _without_repetition(heard) == _without_repetition(wanted)
                more = Counter(heard)
                more.subtract(Counter(wanted))
                assert all(count >= 0 for count in more.values()), "nothing is lost"
                assert sum(more.values()) <= told.unsure, "and nothing doubled of which anybody knew"


def _findings(seen: dict[str, Severity]) -> list[module.Finding]:
    return [finding(subject, severity) for subject, severity in seen.items()]


def _deliver(books: Engine, told: Told, minute: int) -> None:
    deliver(books, {"slack": told, "log": LogChannel(Links())}, NOON + timedelta(minutes=minute))


def _killed_while_booking(books: Engine, name: int, seen: dict[str, Severity]) -> None:
    """The process is gone when everything is written and nothing is committed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_close", _die)
        try:
            record(books, look(f"{name}", *_findings(seen)), ACME)
        except _Killed:
            return


def _die(*_: object) -> None:
    raise _Killed


def _without_repetition(events: Sequence[str]) -> list[str]:
    return [event for number, event in enumerate(events) if number == 0 or events[number - 1] != event]
