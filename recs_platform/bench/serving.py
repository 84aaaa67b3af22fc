"""`recs bench serving`: how soon and how often the prediction service answers, beside an endpoint without work."""

from __future__ import annotations

from functools import partial

from recs_platform.bench import serving_work as work
from recs_platform.bench.measure import Aim, MeasuredPart
from recs_platform.bench.registry import Options

CUSTOMERS = 100_000
RATE, SECONDS = 300, 60
REQUESTS = 20_000
_SCORED = {1: 2_000, 100: 300, 10_000: 20}
"""Requests by their number of pairs."""


def parts(options: Options) -> list[MeasuredPart]:
    customers = options.customers or CUSTOMERS
    lists, model = options.folder / "lists", options.folder / "model"
    prepare = partial(work.prepare_lists, lists, customers)
    made = []
    for source in ("redis", "database"):
        made += [
            MeasuredPart(
                name=f"lists from {source}",
                sizes={"customers": customers, "requests a second": RATE, "seconds": SECONDS},
                prepare=prepare,
                work=partial(work.measure_lists, lists, customers, RATE, SECONDS, source),
                baseline_name="an endpoint that does nothing, at the same rate, as clients see it",
                baseline=partial(work.measure_empty, lists, RATE, SECONDS),
                aim=Aim(seconds=0.003),
            ),
            MeasuredPart(
                name=f"throughput from {source}",
                sizes={"customers": customers, "requests": REQUESTS},
                prepare=prepare,
                work=partial(work.measure_throughput, lists, customers, REQUESTS, source),
                baseline_name="an endpoint that does nothing, as often",
                baseline=partial(work.measure_throughput, lists, customers, REQUESTS, source, empty=True),
                aim=Aim(ratio=0.5),
            ),
            MeasuredPart(
                name=f"highest rate from {source}",
                sizes={"customers": customers},
                prepare=prepare,
                work=partial(work.measure_highest_rate, lists, customers, source),
                baseline_name="an endpoint that does nothing",
                baseline=partial(work.measure_highest_rate, lists, customers, source, empty=True),
                aim=Aim(seconds=1 / 1_000),
            ),
        ]
    made += [
        MeasuredPart(
            name=f"scores of {pairs:,}",
            sizes={"pairs a request": pairs, "requests": requests},
            prepare=partial(work.prepare_model, model),
            work=partial(work.measure_scores, model, pairs, requests),
            baseline_name="LightGBM's predict alone, on a ready matrix",
            baseline=partial(work.measure_scores_plainly, model, pairs, requests),
            aim=Aim(ratio=0.01 if pairs == 1 else 0.1),
        )
        for pairs, requests in _SCORED.items()
    ]
    made.append(
        MeasuredPart(
            name="start",
            sizes={"customers": customers},
            prepare=prepare,
            work=partial(work.measure_start, lists),
            baseline_name="an empty application of the same framework",
            baseline=work.measure_empty_start,
            aim=Aim(seconds=5),
        )
    )
    return made
