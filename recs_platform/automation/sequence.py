"""Runs one after the other, in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, TypeAlias

import dagster as dg

from recs_platform.automation.launch import Outcome, launch
from recs_platform.automation.plan import Step

Definitions: TypeAlias = dg.Definitions
Instance: TypeAlias = dg.DagsterInstance
Event: TypeAlias = dg.DagsterEvent
"""Under these names the terminal knows what it only hands on."""


@dataclass(frozen=True)
class Ended:
    """A run that ended, and how long it took."""

    outcome: Outcome
    seconds: float

    def to_json(self, *, timings: bool = False) -> dict[str, Any]:
        step, done = self.outcome.step, asdict(self.outcome.summary)
        user_mistake, of_tables, _ = done.pop("user_mistake"), done.pop("seconds"), done.pop("traces")
        return {
            "company": step.company,
            "first": str(step.days.first),
            "last": str(step.days.last),
            "history": step.history,
            "run_id": self.outcome.run_id,
            "success": self.outcome.success,
            "user_mistake": user_mistake,
            "seconds": round(self.seconds, 2),
            "seconds_of_tables": of_tables,
            **done,
            **({"timings": self.outcome.timings.to_json()} if timings else {}),
        }


def carried_out(
    defs: Definitions,
    instance: Instance,
    steps: Iterable[Step],
    follow: Callable[[Step, Event], None] | None = None,
) -> Iterator[Ended]:
    """After a run that failed nothing more is started for its company."""
    failed: set[str] = set()
    for step in steps:
        if step.company in failed:
            continue
        begun = time.perf_counter()
        outcome = launch(defs, instance, step, partial(follow, step) if follow else None)
        if not outcome.success:
            failed.add(step.company)
        yield Ended(outcome, time.perf_counter() - begun)
