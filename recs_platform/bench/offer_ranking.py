"""`recs bench offer-ranking`: features, training, candidates and scores, each beside the plain way."""

from __future__ import annotations

from functools import partial

from recs_platform.bench import offer_day
from recs_platform.bench.measure import Aim, Part
from recs_platform.bench.offer_rows import Size
from recs_platform.bench.registry import Options

CUSTOMERS = 100_000
SCORED_PER_SECOND = 200_000


def parts(options: Options) -> list[Part]:
    customers = options.customers or CUSTOMERS
    size, home = Size(customers), options.folder / "offers"
    sizes = {"customers": customers, "impressions": size.impressions, "order lines": size.lines, "offers": size.offers}
    pairs = customers * 40
    return [
        Part(
            name="features",
            sizes=sizes,
            prepare=partial(offer_day.fill, home, customers),
            work=partial(offer_day.measure_features, home, customers),
            baseline_name="pandas, day by day, the same features",
            baseline=partial(offer_day.measure_features_plainly, home, customers),
            aim=Aim(ratio=10),
        ),
        Part(
            name="training",
            sizes=sizes,
            prepare=partial(offer_day.make_features, home, customers),
            work=partial(offer_day.measure_training, home, customers),
            baseline_name="LightGBM alone, 100 trees on a ready matrix",
            baseline=partial(offer_day.measure_training_plainly, home, customers),
            aim=Aim(seconds=60),
        ),
        Part(
            name="candidates",
            sizes=sizes,
            prepare=partial(offer_day.make_features, home, customers),
            work=partial(offer_day.measure_candidates, home, customers),
            baseline_name="DuckDB, every customer with every offer",
            baseline=partial(offer_day.measure_candidates_plainly, home, customers),
            aim=Aim(ratio=1),
        ),
        Part(
            name="scoring",
            sizes=sizes,
            prepare=partial(offer_day.make_candidate_features, home, customers),
            work=partial(offer_day.measure_scoring, home, customers),
            baseline_name="LightGBM alone on a ready matrix",
            baseline=partial(offer_day.measure_scoring_plainly, home, customers),
            aim=Aim(seconds=pairs / SCORED_PER_SECOND),
        ),
    ]
