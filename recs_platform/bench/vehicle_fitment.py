"""`recs bench vehicle-fitment`: a company's day from its feeds to what is published, and its ranking by itself."""

from __future__ import annotations

from functools import partial

from recs_platform.bench import fitment_day
from recs_platform.bench.measure import Aim, MeasuredPart
from recs_platform.bench.registry import Options

CUSTOMERS = 500_000


def parts(options: Options) -> list[MeasuredPart]:
    customers = options.customers or CUSTOMERS
    home = options.folder / "fitment"
    return [
        MeasuredPart(
            name="pipeline",
            sizes={"customers": customers, "days": fitment_day.DAYS},
            prepare=partial(fitment_day.land, home, customers),
            work=partial(fitment_day.run_from_feeds, home, customers),
            baseline_name="DuckDB, the same feeds copied once",
            baseline=partial(fitment_day.copy_feeds, home),
            aim=Aim(seconds=30),
        ),
        MeasuredPart(
            name="ranking",
            sizes={"customers": customers},
            prepare=partial(fitment_day.make, home, customers),
            work=partial(fitment_day.rank, home, customers),
            baseline_name="the plain ranking query, same rows",
            baseline=partial(fitment_day.rank_plainly, home, customers),
            aim=Aim(ratio=3),
        ),
        MeasuredPart(
            name="next day",
            sizes={"customers": customers},
            prepare=partial(fitment_day.land_next_day, home, customers),
            work=partial(fitment_day.run_next_day, home, customers),
            baseline_name="the first day, with its history",
            baseline=partial(fitment_day.run_from_feeds, home, customers),
            aim=Aim(ratio=1),
        ),
    ]
