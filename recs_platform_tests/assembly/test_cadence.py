"""What the UI says of weekly assets, and what a run says that makes one on a day on which it is not due."""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

import dagster as dg
import pytest

from recs_platform.assembly.cadence import tell_if_not_due
from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy
from recs_platform_tests.promises.platform import definitions_of

SUNDAY = date(2025, 11, 30)


def test_a_weekly_asset_says_on_which_mornings_it_is_made() -> None:
    """Where somebody looks who sees days without it: on its box of the graph, and on its page."""
    concord = companies_of_each_strategy()["replenishment"]
    other = concord.model_copy(
        update={"name": "other", "parameters": concord.parameters.model_copy(update={"weekly_day": "friday"})}
    )
    defs = definitions_of({company.name: company for company in (concord, other)})
    weekly = pipelines()["replenishment"].weekly
    specs = {spec.key.path[1]: spec for spec in defs.resolve_all_asset_specs() if spec.key.path[0] == "replenishment"}
    assert weekly <= specs.keys()
    for name, spec in specs.items():
        assert ("weekly" in spec.kinds) == (name in weekly)
        assert len(spec.kinds) <= 3, "the UI shows three"
        assert spec.tags["recs/cadence"] == ("weekly" if name in weekly else "daily")
        words = (
            "Once a week, on Fridays and Mondays, of the day before. Other days are not due, and so not materialized."
        )
        assert spec.metadata.get("made") == (words if name in weekly else None)


class _Log:
    """What a run is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.log = self
        self.info = self.lines.append


@pytest.mark.parametrize(("day", "told"), [(SUNDAY, False), (SUNDAY + timedelta(days=2), True)])
def test_a_run_that_makes_a_weekly_table_on_another_day_says_so(day: date, told: bool) -> None:
    concord, pipeline, run = companies_of_each_strategy()["replenishment"], pipelines()["replenishment"], _Log()
    for part in ("weekly_lists", "order_lines"):
        tell_if_not_due(cast(dg.AssetExecutionContext, run), pipeline, concord, part, day)
    words = (
        f"{concord.name}: weekly_lists is weekly and not due on 2025-12-02. This run was asked for it, so it is made "
        "of that day, beside that of 2025-11-30."
    )
    assert run.lines == ([words] if told else [])
