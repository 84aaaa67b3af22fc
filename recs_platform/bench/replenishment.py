"""`recs bench replenishment`: the whole weekly job of a large company, beside lists made client by client in pandas."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from recs_platform.bench import replenishment_week
from recs_platform.bench.measure import Aim, MeasuredPart
from recs_platform.bench.order_rows import OrderSize
from recs_platform.bench.registry import Options

CLIENTS, PLAIN_CLIENTS = 10_000, 20
PER_SECOND = {"v32": 2_000, "v4": 1_000}
"""Clients for whom lists are made in a second, at least."""
BUYING = 0.02


def parts(options: Options) -> list[MeasuredPart]:
    clients = options.customers or CLIENTS
    return [
        *(_version(options, version, clients) for version in PER_SECOND),
        _growth(options, "growth to it", clients, max(10, clients // 10)),
        _growth(options, "growth from it", 5 * clients, clients),
        _quiet(options, clients),
    ]


def _version(options: Options, version: str, clients: int) -> MeasuredPart:
    """The week before is made beforehand: it trains the model, and its lists are live."""
    size = OrderSize(clients, version=version)
    home = options.folder / version
    sample = min(PLAIN_CLIENTS, clients)
    return MeasuredPart(
        name=version,
        sizes=size.figures(),
        prepare=partial(replenishment_week.fill_with_week_before, home, size),
        work=partial(replenishment_week.measure_week, home, size),
        baseline_name=f"pandas, client by client, lists of v32: {sample} of them, times as many as there are for one",
        baseline=partial(replenishment_week.measure_lists_plainly, home, size, sample, compared=version == "v32"),
        aim=Aim(seconds=clients / PER_SECOND[version]),
    )


def _growth(options: Options, name: str, clients: int, fewer: int) -> MeasuredPart:
    """As many times the clients may take as many times the seconds."""
    size, less = OrderSize(clients), OrderSize(fewer)
    home, smaller = options.folder / f"clients-{clients}", options.folder / f"clients-{fewer}"
    return MeasuredPart(
        name=name,
        sizes=size.figures(),
        prepare=partial(_fill_both, (home, size), (smaller, less)),
        work=partial(replenishment_week.measure_week, home, size, rows=0),
        baseline_name=f"the same week of {fewer:,} clients",
        baseline=partial(replenishment_week.measure_week, smaller, less, rows=0),
        aim=Aim(ratio=fewer / clients),
    )


def _quiet(options: Options, clients: int) -> MeasuredPart:
    size, full = OrderSize(clients, buying=BUYING), OrderSize(clients)
    home, other = options.folder / "quiet", options.folder / f"clients-{clients}"
    return MeasuredPart(
        name="few bought",
        sizes={**size.figures(), "clients who bought": round(BUYING * clients)},
        prepare=partial(_fill_both, (home, size), (other, full)),
        work=partial(replenishment_week.measure_week, home, size),
        baseline_name="a week in which all clients may have bought",
        baseline=partial(replenishment_week.measure_week, other, full),
        aim=Aim(ratio=0.8),
    )


def _fill_both(*homes: tuple[Path, OrderSize]) -> None:
    for home, size in homes:
        replenishment_week.fill_with_week_before(home, size)
