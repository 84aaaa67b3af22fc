"""`recs bench growth`: what a day of each strategy costs with ten and a hundred times the customers, and with ten times
the days of history.

Its parts are steps from one size to the next; the curves are put together from them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean

from recs_platform.bench.curves import FLAT, WORST, Curve, Point
from recs_platform.bench.growth_day import SHORT, GrowthSize, make_history, measure_day
from recs_platform.bench.measure import Aim, MeasuredPart, Measurement, Side
from recs_platform.bench.registry import Options

CUSTOMERS = 500
"""Of the smallest company; the largest has a hundred times as many."""
_TIMES, _STEP = (1, 10, 100), 10
_HISTORY = 93
_SHORT_HISTORY = 30


def parts(options: Options) -> list[MeasuredPart]:
    customers, memory = options.customers or CUSTOMERS, os.environ.get("RECS_MEMORY_LIMIT")
    return [part for strategy in SHORT for part in _of_strategy(options.folder, strategy, customers, memory)]


def _of_strategy(folder: Path, strategy: str, customers: int, memory: str | None) -> list[MeasuredPart]:
    companies = {n: GrowthSize(strategy, n * customers, _HISTORY, memory=memory) for n in _TIMES}
    histories = {n: GrowthSize(strategy, customers, n * _SHORT_HISTORY, short=True, memory=memory) for n in (1, _STEP)}
    linear = Aim(ratio=_STEP**-WORST, of_cpu=True)
    return [
        _step(folder, f"{strategy}, 10x customers", companies[1], companies[10], linear),
        _step(folder, f"{strategy}, 100x customers", companies[10], companies[100], linear),
        _step(folder, f"{strategy}, 10x days", histories[1], histories[_STEP], Aim(ratio=1 / FLAT, of_cpu=True)),
    ]


def _step(folder: Path, name: str, smaller: GrowthSize, larger: GrowthSize, aim: Aim) -> MeasuredPart:
    few, many = _home(folder, smaller), _home(folder, larger)
    return MeasuredPart(
        name=name,
        sizes={"customers": larger.customers, "days of history": larger.days},
        prepare=partial(_make_both, (few, smaller), (many, larger)),
        work=partial(measure_day, many, larger),
        baseline_name=f"the same day, {smaller.customers:,} customers, {smaller.days:,} days of history",
        baseline=partial(measure_day, few, smaller),
        aim=aim,
    )


def _home(folder: Path, size: GrowthSize) -> Path:
    return folder / f"{size.strategy}-{size.customers}-{size.days}{'-short' if size.short else ''}"


def _make_both(*homes: tuple[Path, GrowthSize]) -> None:
    for home, size in homes:
        make_history(home, size)


def curves(measured: Sequence[Measurement]) -> list[Curve]:
    """Of the parts that were measured; what a strategy lacks of them, its curve lacks, too."""
    found = []
    for strategy in SHORT:
        of_name = {one.part.name: one for one in measured}
        ten, hundred = (of_name.get(f"{strategy}, {n}x customers") for n in (10, 100))
        if ten or hundred:
            sides = {1: [ten.baseline] if ten else [], 10: [ten.platform] if ten else []}
            sides[10] += [hundred.baseline] if hundred else []
            sides[100] = [hundred.platform] if hundred else []
            largest = hundred or ten
            base = largest.part.sizes["customers"] // (100 if hundred else 10) if largest else 0
            found.append(Curve(strategy, "customers", _points(sides, base)))
        if days := of_name.get(f"{strategy}, 10x days"):
            sides = {1: [days.baseline], _STEP: [days.platform]}
            found.append(Curve(strategy, "days", _points(sides, days.part.sizes["days of history"] // _STEP)))
    return found


def _points(sides: Mapping[int, Sequence[Side]], base: int) -> tuple[Point, ...]:
    return tuple(
        Point(
            times=times,
            size=times * base,
            seconds=fmean(side.seconds for side in of_size),
            cpu=fmean(side.cpu_seconds or 0.0 for side in of_size),
            peak_mb=max(side.peak_mb for side in of_size),
            spilled_mb=max(side.spilled_mb or 0.0 for side in of_size),
        )
        for times, of_size in sides.items()
        if of_size
    )
