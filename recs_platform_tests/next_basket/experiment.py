"""Every method on any log, through the product's own evaluation: last baskets, or the newest weeks."""

from __future__ import annotations

import sys

from recs_platform.process import cores
from recs_platform.strategies.catalogue import company_named
from recs_platform.strategies.replenishment.evaluation.evaluate import Evaluation, How, Plan, evaluate
from recs_platform.strategies.replenishment.evaluation.split import split_by_hash
from recs_platform.strategies.replenishment.order_log import log_of
from recs_platform_tests.next_basket.experiment_worlds import WORLDS

COMPANY = "concord"
"""Whose parameters count: the defaults, as nothing of this company's own has to do with lists."""


def evaluated(world: str, how: How, weeks: int = 1, versions: tuple[str, ...] = ("v4",)) -> Evaluation:
    lines, items = WORLDS[world]()
    log = log_of(lines)
    end = max(day for day in lines["event_date"].unique().to_pylist() if day)
    plan = Plan(how, versions, weeks, end, cores())

    def tell(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    return evaluate(company_named(COMPANY), plan, lines, log, items, split_by_hash(log.clients), tell)


def main(world: str, how: str, weeks: str = "8") -> None:
    from recs_platform.cli.evaluation_tables import show

    assert how in ("weeks", "last-basket")
    show(world, evaluated(world, how, int(weeks), ("v31", "v32", "v4")))  # type: ignore[arg-type]


if __name__ == "__main__":
    main(*sys.argv[1:])
