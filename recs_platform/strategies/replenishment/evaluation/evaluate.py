"""An evaluation from order lines to figures. Not here: where order lines come from, and how figures are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.next_basket.days import day_of
from recs_platform.next_basket.log import BasketLog
from recs_platform.strategies.replenishment.evaluation.figures import Collected, Row
from recs_platform.strategies.replenishment.evaluation.ranked import OTHERS, Methods, Tell
from recs_platform.strategies.replenishment.evaluation.split import Split
from recs_platform.strategies.replenishment.evaluation.trial import Trial, last_baskets, weeks
from recs_platform.strategies.replenishment.parameters import parameters_of

DEFAULT_WEEKS = 4
How: TypeAlias = Literal["weeks", "last-basket"]


@dataclass(frozen=True)
class Plan:
    how: How
    versions: tuple[str, ...]
    weeks: int
    end: date
    """The last day of the newest week."""
    threads: int = 1


@dataclass(frozen=True)
class Evaluation:
    plan: Plan
    rows: list[Row]
    clients: int
    """Who are judged at least once."""
    validation: int
    """Who methods are tuned on."""
    log: dict[str, int]
    days: tuple[date, ...]
    """The first and the last with an order."""
    first_days: tuple[date, ...]
    """Of the weeks that are judged."""
    chosen: dict[str, str]
    notes: tuple[str, ...]

    def figure(self, of: str, method: str, measure: str, k: int, **more: Any) -> Row | None:
        """One row, of all clients and of everything they bought unless more is said."""
        wanted = {"judged": of, "method": method, "measure": measure, "k": k, "part": "all", "segment": "all"}
        wanted |= {"compared_with": ""} | more
        return next((row for row in self.rows if wanted.items() <= row.items()), None)


def evaluate(
    company: Company, plan: Plan, order_lines: pa.Table, log: BasketLog, items: pa.Table, split: Split, tell: Tell
) -> Evaluation:
    """`log` is that of the order lines, and `items` what a catalog says of them. Without anybody to judge there are no
    rows."""
    trial = _trial(company, plan, order_lines, log, split)
    methods = Methods(company, plan.versions, items, plan.threads, tell)
    collected, first_days = Collected(plan.versions), []
    if any(len(kept.holdout.clients) for kept in trial.parts):
        for kept, ranked in methods.ranked(trial):
            collected.add(ranked)
            if kept.are_weeks:
                first_days.append(kept.first_day)
        tell("intervals")
    return Evaluation(
        plan,
        list(collected.rows()) if collected.judged else [],
        collected.judged,
        len(trial.tuning.clients),
        {
            "clients": len(log.clients),
            "items": len(log.items),
            "baskets": len(log.basket_client),
            "lines": len(log.line_item),
        },
        _first_and_last(log),
        tuple(first_days),
        methods.chosen,
        tuple(methods.notes),
    )


def _trial(company: Company, plan: Plan, order_lines: pa.Table, log: BasketLog, split: Split) -> Trial:
    if plan.how == "last-basket":
        return last_baskets(log, split)
    return weeks(order_lines, log, split, parameters_of(company), plan.weeks, plan.end)


def _first_and_last(log: BasketLog) -> tuple[date, ...]:
    days = log.basket_day
    if days is None or not len(days):
        return ()
    return (day_of(days.min()), day_of(days.max()))


def order_of_methods(versions: Sequence[str]) -> tuple[str, ...]:
    """The newest version first, then what it is held against."""
    return (*sorted(versions, reverse=True), *OTHERS)
