"""`recs bench offer-ranking`: features, training, candidates and scores, each beside the plain way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from recs_platform.bench import offer_day
from recs_platform.bench.measure import Aim, Done, MeasuredPart
from recs_platform.bench.offer_rows import OfferSize
from recs_platform.bench.registry import Options

CUSTOMERS = 100_000
CANDIDATES = 40
"""At most, per customer."""
SCORED_PER_SECOND = 2_000_000

Take: TypeAlias = Callable[[Path, int], object]
Measure: TypeAlias = Callable[[Path, int], Done]


def parts(options: Options) -> list[MeasuredPart]:
    customers = options.customers or CUSTOMERS
    size, home = OfferSize(customers), options.folder / "offers"
    sizes = {"customers": customers, "impressions": size.impressions, "order lines": size.lines, "offers": size.offers}

    def part(name: str, prepare: Take, work: Measure, baseline_name: str, baseline: Measure, aim: Aim) -> MeasuredPart:
        given = (home, customers)
        return MeasuredPart(
            name, sizes, partial(prepare, *given), partial(work, *given), baseline_name, partial(baseline, *given), aim
        )

    return [
        part(
            "features",
            offer_day.fill,
            offer_day.measure_features,
            "pandas, day by day, the same features",
            offer_day.measure_features_plainly,
            Aim(ratio=20),
        ),
        part(
            "training",
            offer_day.make_features,
            offer_day.measure_training,
            "LightGBM alone, 100 trees on a ready matrix",
            offer_day.measure_training_plainly,
            Aim(seconds=60),
        ),
        part(
            "candidates",
            offer_day.make_features,
            offer_day.measure_candidates,
            "DuckDB, every customer with every offer",
            offer_day.measure_candidates_plainly,
            Aim(ratio=1),
        ),
        part(
            "scoring",
            offer_day.make_candidate_features,
            offer_day.measure_scoring,
            "LightGBM alone on a ready matrix",
            offer_day.measure_scoring_plainly,
            Aim(seconds=customers * CANDIDATES / SCORED_PER_SECOND),
        ),
    ]
