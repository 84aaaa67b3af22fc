"""The benchmarks that there are: a line for people each, and the function that gives a benchmark's parts.

A benchmark is a module with such a function, found by its name when it is asked for, so that listing them loads none.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recs_platform.bench.curves import Curve
from recs_platform.bench.measure import MeasuredPart, Measurement


@dataclass(frozen=True)
class Options:
    """What a person may choose; None means the benchmark's own size."""

    folder: Path
    """Empty, and deleted afterwards."""
    rows: int | None = None
    customers: int | None = None


@dataclass(frozen=True)
class Benchmark:
    line: str
    function: str
    growth: str | None = None
    """The function that puts curves together from its measured parts."""

    def parts(self, options: Options) -> Sequence[MeasuredPart]:
        """Nothing is made or measured yet."""
        function: Callable[[Options], Sequence[MeasuredPart]] = pkgutil.resolve_name(self.function)
        return function(options)

    def curves(self, measured: Sequence[Measurement]) -> Sequence[Curve]:
        """How its work grows; nothing of a benchmark of one size."""
        if self.growth is None:
            return ()
        function: Callable[[Sequence[Measurement]], Sequence[Curve]] = pkgutil.resolve_name(self.growth)
        return function(measured)


BENCHMARKS = {
    "foundation": Benchmark(
        "Write and read a large slice, and run a strategy's day on almost no data: what the platform itself costs.",
        "recs_platform.bench.foundation:parts",
    ),
    "vehicle-fitment": Benchmark(
        "A company's day from its feeds to what is published, its ranking against the plain definition, one more day.",
        "recs_platform.bench.vehicle_fitment:parts",
    ),
    "campaign": Benchmark(
        "Funnel and attribution of ten million messages, and the same by plain pandas on a tenth of them.",
        "recs_platform.bench.campaign:parts",
    ),
    "publication": Benchmark(
        "A tiny day, and half a million customers' recommendations made and published: what it costs to be safe.",
        "recs_platform.bench.publication:parts",
    ),
    "cloud": Benchmark(
        "A slice made in BigQuery, and the same requests without the platform: needs an emulator.",
        "recs_platform.bench.cloud:parts",
    ),
    "offer-ranking": Benchmark(
        "Features, training, candidates and scores of a million impressions, and each of them the plain way.",
        "recs_platform.bench.offer_ranking:parts",
    ),
    "replenishment": Benchmark(
        "A week of ten thousand clients from their orders to published lists, its growth, and lists by plain pandas.",
        "recs_platform.bench.replenishment:parts",
    ),
    "growth": Benchmark(
        "A day of each strategy with 10 and 100 times the customers, and with 10 times the days: how its cost grows.",
        "recs_platform.bench.growth:parts",
        growth="recs_platform.bench.growth:curves",
    ),
    "serving": Benchmark(
        "Lists and scores that the prediction service answers with, under a constant load: needs k6 and a Redis.",
        "recs_platform.bench.serving:parts",
    ),
}
