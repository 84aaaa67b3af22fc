"""Which order lines customers send back, and when."""

from __future__ import annotations

from datetime import date

import numpy as np

from recs_platform.simulation.columns import DAY, Columns, pick, rows
from recs_platform.simulation.happenings import REFUND
from recs_platform.simulation.randomness import stream
from recs_platform.simulation.spec import WorldSpec

RETURN_RATE = 0.03
"""Share of order lines that come back."""
RETURN_DAYS = (2, 6)
"""Days after the day of the order on which they do: the first and the last."""


def returned(spec: WorldSpec, day: date, lines: Columns) -> Columns:
    """The order lines of a day that come back, as what happens on the day of their return."""
    first, last = RETURN_DAYS
    rng = stream(spec.seed, "returns", day)
    comes_back = rng.random(rows(lines)) < RETURN_RATE
    wait = rng.integers(first * DAY, last * DAY, rows(lines))
    back = pick({**lines, "ts": lines["ts"] + wait}, comes_back)
    return {**back, "kind": np.full(rows(back), REFUND), "promo": np.full(rows(back), -1)}


def returns_truth() -> dict[str, object]:
    return {"share_of_order_lines": RETURN_RATE, "first_day": RETURN_DAYS[0], "last_day": RETURN_DAYS[1]}
