"""Which of a company's feeds report an order line, and when.

An order line stands in the preferred order feed, in one of the other order feeds, or in both; the others report it a
little later, and now and then only after midnight. Not here: the rest of the event feed (`events`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from recs_platform.simulation.columns import DAY, HOUR, MINUTE, Columns, midnight, pick, rows
from recs_platform.simulation.randomness import BoolArray, IntArray, stream
from recs_platform.simulation.spec import WorldSpec

IN_BOTH, ONLY_PREFERRED = 0.55, 0.10
"""Shares of order lines by feed, where a company has other order feeds; the rest is only in another feed."""
AFTER_MIDNIGHT = 0.03
"""Share of lines in both feeds that the other feed shows on the next day."""


@dataclass(frozen=True)
class Reports:
    """Where each order line of a day stands; the other feed's name and instant mean nothing for lines not in it."""

    in_preferred: BoolArray
    in_other: BoolArray
    other_ts: IntArray
    other_name: IntArray


def reports(spec: WorldSpec, day: date, lines: Columns) -> Reports:
    count = rows(lines)
    by_name = {raw: number for number, raw in enumerate(spec.raw_event_names)}
    others = [by_name[raw] for raw in spec.raw_names("order_line")[1:]]
    if not others:
        return Reports(np.ones(count, bool), np.zeros(count, bool), lines["ts"], np.zeros(count, np.int64))
    rng = stream(spec.seed, "order feeds", day)
    where, lag, night = rng.random(count), rng.exponential(10 * MINUTE, count), rng.random(count)
    into_night = rng.integers(0, 6 * HOUR, count)
    both = where < IN_BOTH
    only_preferred = ~both & (where < IN_BOTH + ONLY_PREFERRED)
    tomorrow = midnight(day) + DAY
    same_day = np.minimum(lines["ts"] + lag.astype(np.int64), tomorrow - 1)
    other_ts = np.where(both & (night < AFTER_MIDNIGHT), tomorrow + into_night, same_day)
    other_name = np.asarray(others, np.int64)[rng.integers(0, len(others), count)]
    return Reports(both | only_preferred, ~only_preferred, other_ts, other_name)


def believed_at(spec: WorldSpec, day: date, lines: Columns) -> IntArray:
    """The instant of each order line of a day as somebody must take it who knows the feeds alone: the preferred feed's,
    or the other's for lines that only it reports."""
    reported = reports(spec, day, lines)
    return np.where(reported.in_preferred, lines["ts"], reported.other_ts)


def after_midnight(spec: WorldSpec, day: date, lines: Columns) -> Columns:
    """The order lines of a day that another feed shows on the next, with `name` and that feed's instant."""
    reported = reports(spec, day, lines)
    late = reported.in_other & (reported.other_ts >= midnight(day) + DAY)
    return pick({**lines, "ts": reported.other_ts, "name": reported.other_name}, late)
