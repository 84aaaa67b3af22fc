"""Two days' recommendations of a company side by side: the comparison that publication makes, between any two days.

Not here: what is compared (the strategy's `comparison.sql`), and comparing with what is live (publication).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.errors import ConfigError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.warehouse.point_in_time import View
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days


def compare_days(
    warehouse: Warehouse, pipeline: Pipeline, company: Company, before: date, after: date
) -> list[dict[str, Any]]:
    """The figures of the comparison, as if `before` were live and `after` about to be published."""
    product = pipeline.products.get(RECOMMENDATIONS)
    if product is None:
        raise ConfigError(
            f"{company.name} has nothing to compare: {pipeline.strategy.name} publishes no recommendations."
        )
    compared = product.of
    made = warehouse.days(pipeline.ref(compared.name, company))
    for day in (before, after):
        if day not in made:
            there = f"its days are {made[0]} to {made[-1]}, {len(made)} in all" if made else "it has none yet"
            raise ConfigError(f"{company.name} has no recommendations of {day}; {there}.")
    bound = pipeline.bind(product.comparison, company, Days.one(after))
    shown = View(product.live.name, compared, Days.one(before), required=True)
    views = tuple(shown if view.name == shown.name else view for view in bound.views)
    with warehouse.run(replace(bound, views=views)) as reader:
        figures: list[dict[str, Any]] = reader.read_all().to_pylist()
    return sorted(figures, key=lambda figure: (figure["section"], -(figure["count"] or 0), figure["name"]))
