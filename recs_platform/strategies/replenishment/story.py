"""What a day of replenishment comes to, in a few lines: whom it reaches, with what, and what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from recs_platform.plurals import counted, listed

if TYPE_CHECKING:
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.warehouse.protocol import Warehouse


def weekly_story(company: Company, pipeline: Pipeline, warehouse: Warehouse, day: date) -> Iterator[str]:
    """One line a finding; what the day has no figures of is left out."""
    from recs_platform.pipeline.stored import stored_rows
    from recs_platform.strategies.feedback.outcomes import outcome_lines

    rows = partial(stored_rows, warehouse, pipeline, company, day=day)

    lists, unserved = rows("weekly_lists"), rows("unserved_clients")
    if lists:
        versions = sorted({row["version"] for row in lists})
        repurchases, discoveries = (sum(row[kind] for row in lists) for kind in ("repurchases", "discoveries"))
        yield (
            f"week of {lists[0]['week']}: {len(lists):,} of {counted(len(lists) + len(unserved), 'active client')} "
            f"reached with {counted(repurchases, 'repurchase')} and "
            f"{counted(discoveries, 'discovery', 'discoveries')}, scored by {listed(versions)}"
        )
        short = [row["shortfall"] for row in lists if row["shortfall"]]
        if short:
            yield f"{counted(len(short), 'list')} shorter than it should be, by {counted(sum(short), 'item')} in all"
    for reason, clients in sorted(Counter(row["reason"] for row in unserved).items()):
        yield f"no list for {counted(clients, 'client')}: {reason}"
    figures = {(row["section"], row["name"]): row for row in rows("weekly_comparison")}
    common, kept = figures.get(("customers", "common")), figures.get(("repurchases", "kept"))
    if common and common["count"] and kept and kept["share"] is not None:
        yield (
            f"compared with what was live: {counted(common['count'], 'client')} in common, "
            f"{kept['share']:.1%} of their repurchases that could stay do"
        )
    judged = rows("next_basket_evaluation")
    if judged:
        from recs_platform.strategies.replenishment.evaluation_story import evaluation_story
        from recs_platform.strategies.replenishment.parameters import parameters_of

        yield from evaluation_story(judged, parameters_of(company).version)
    results = rows("experiment_results")
    if results:
        from recs_platform.strategies.replenishment.experiment_story import experiment_story

        yield from experiment_story(results, company.currency)
    yield from outcome_lines(rows("recommendation_outcomes"))
