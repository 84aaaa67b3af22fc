"""One round of looks: what each saw is booked as it comes, and what goes wrong with one keeps no other waiting.

A look that fails is trouble itself, and is told; it begins again where it stopped at the next round. What cannot be
booked is told nowhere but in the log, so the round ends with it.

Not here: when there is a round, and sending (sensors/alerts.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from recs_platform.alerts.finding import PLATFORM, Finding, Kind, Observation, Severity, Trouble
from recs_platform.automation.looks.look import Look, LookContext
from recs_platform.automation.looks.open_troubles import open_of_kind
from recs_platform.automation.looks.stores import LOOK
from recs_platform.errors import PlatformError
from recs_platform.masking import mask_text

_log = logging.getLogger(__name__)

Book = Callable[[Observation], None]


@dataclass
class Round:
    booked: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """Look: what it failed of."""
    in_vain: list[str] = field(default_factory=list)
    """Observations that could not be booked, though the books are there."""

    def __str__(self) -> str:
        parts = [f"{self.booked} looks booked"]
        parts += [f"{name} failed: {why}" for name, why in self.failed.items()]
        parts += [f"{name} could not be booked" for name in self.in_vain]
        return "; ".join(parts)


def take_looks(context: LookContext, looks: Mapping[str, Look], book: Book) -> Round:
    done = Round()
    for name, look in looks.items():
        for observation in _seen(name, look, context, done):
            if _booked(observation, book):
                done.booked += 1
            else:
                done.in_vain.append(observation.name)
    for observation in _of_looks(context, done):
        book(observation)
    return done


def _seen(name: str, look: Look, context: LookContext, done: Round) -> Iterator[Observation]:
    """What a look sees, until it fails."""
    try:
        # What goes wrong with booking is raised where it is booked, and not here.
        yield from look(context)
    except Exception as error:
        _log.exception("the look at %s failed", name)
        done.failed[name] = mask_text(f"{error}" if isinstance(error, PlatformError) else repr(error))


def _booked(observation: Observation, book: Book) -> bool:
    try:
        book(observation)
    except PlatformError:
        raise
    except Exception:
        # What it says is in the log at least, and the next one is booked.
        _log.exception("could not be booked, and is told nowhere else: %s", mask_text(str(observation.findings)))
        return False
    return True


def _of_looks(context: LookContext, done: Round) -> list[Observation]:
    """What is wrong with the looks themselves, and what is well again."""
    findings = tuple(
        Finding(
            Trouble(PLATFORM, Kind.STORE, f"{LOOK}{name}"),
            Severity.ERROR,
            f"The look at {name} failed, so what it watches is not watched: {why}",
            "Bring back what it names. If it is a defect, the trace stands in the log of the code server.",
        )
        for name, why in sorted(done.failed.items())
    )
    known = {trouble for trouble in open_of_kind(context.database, Kind.STORE) if trouble.subject.startswith(LOOK)}
    wrong = {finding.trouble for finding in findings}
    if wrong == known:
        return []
    return [Observation(f"looks {context.now}", PLATFORM, context.now, findings, frozenset(known - wrong))]
