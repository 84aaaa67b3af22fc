"""What machines do with messages: mail programs that open every message, scanners that click every link.

Both do it within seconds of the delivery, so on the day of the send, and nobody buys because of it. Not here: people,
who take at least a minute (`campaigns`).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from recs_platform.simulation.columns import SECOND, Columns, pick, rows, stack
from recs_platform.simulation.randomness import BoolArray, IntArray, stream
from recs_platform.simulation.spec import WorldSpec

PREFETCHED, SCANNED = 0.12, 0.03
"""Shares of customers whose mail program opens every message, and whose messages a scanner follows."""
OPENS_AFTER = (1, 6)
"""Seconds from the delivery report to the mail program's open."""
CLICKS_AFTER, CLICKS, BURST = (2, 8), (3, 6), 2
"""Seconds from the report to a scanner's first click; its clicks per message; seconds within which they all fall."""
VIEWED, CLICKED = 0, 1


@lru_cache(maxsize=2)
def behind_machines(spec: WorldSpec) -> tuple[BoolArray, BoolArray]:
    """Which customers have such a mail program, and which a scanner."""
    rng = stream(spec.seed, "mail machines")
    return rng.random(spec.customers) < PREFETCHED, rng.random(spec.customers) < SCANNED


def machine_interactions(spec: WorldSpec, day: date, sent: Columns) -> Columns:
    """What machines do with the messages of a day: send `number`, `kind` and instant, no two at the same one."""
    prefetched, scanned = behind_machines(spec)
    delivered = pick(sent, (sent["reported_at"] >= 0) & (sent["failure"] < 0))
    rng = stream(spec.seed, "mail machines", day)
    return stack(
        [
            _opens(rng, pick(delivered, prefetched[delivered["customer"]])),
            _bursts(rng, pick(delivered, scanned[delivered["customer"]])),
        ]
    )


def _opens(rng: np.random.Generator, seen: Columns) -> Columns:
    first, last = OPENS_AFTER
    at = seen["reported_at"] + rng.integers(first * SECOND, last * SECOND, rows(seen))
    return _interactions(seen["number"], VIEWED, at)


def _bursts(rng: np.random.Generator, seen: Columns) -> Columns:
    """Each click has a stretch of the burst of its own, and an instant in that."""
    most, stretch = CLICKS[1], BURST * SECOND // CLICKS[1]
    count = rows(seen)
    first = seen["reported_at"] + rng.integers(CLICKS_AFTER[0] * SECOND, (CLICKS_AFTER[1] - BURST) * SECOND, count)
    clicks = rng.integers(CLICKS[0], most + 1, count)
    within = np.arange(most) * stretch + rng.integers(0, stretch, (count, most))
    message, turn = np.nonzero(np.arange(most) < clicks[:, None])
    return _interactions(seen["number"][message], CLICKED, (first[:, None] + within)[message, turn])


def _interactions(number: IntArray, kind: int, at: IntArray) -> Columns:
    return {"number": number, "kind": np.full(len(number), kind, np.int64), "at": at}


def machine_counts(spec: WorldSpec, day: date, sent: Columns) -> dict[str, int]:
    """What machines do with the messages of a day, and with how many that nobody else touches."""
    interactions = machine_interactions(spec, day, sent)
    by_machine = {kind: np.unique(interactions["number"][interactions["kind"] == kind]) for kind in (VIEWED, CLICKED)}
    by_people = {VIEWED: sent["opened_at"] >= 0, CLICKED: sent["clicked_at"] >= 0}
    only = {kind: int((~by_people[kind][numbers]).sum()) for kind, numbers in by_machine.items()}
    return {
        "machine_opens": int((interactions["kind"] == VIEWED).sum()),
        "scanner_clicks": int((interactions["kind"] == CLICKED).sum()),
        "sends_opened_by_machine": len(by_machine[VIEWED]),
        "sends_opened_by_machine_only": only[VIEWED],
        "sends_clicked_by_scanner": len(by_machine[CLICKED]),
        "sends_clicked_by_scanner_only": only[CLICKED],
    }


def machines_truth() -> dict[str, Any]:
    return {
        "share_of_customers_prefetched": PREFETCHED,
        "share_of_customers_scanned": SCANNED,
        "seconds_to_machine_open": list(OPENS_AFTER),
        "seconds_to_scanner_click": list(CLICKS_AFTER),
        "scanner_clicks_per_send": list(CLICKS),
        "seconds_of_a_burst": BURST,
    }
