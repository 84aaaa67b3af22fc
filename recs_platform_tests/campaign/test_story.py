"""What the demo says of an arm: never more than its interval allows."""

from __future__ import annotations

import pytest

from recs_platform.campaign.report.provided import engagement_in_words
from recs_platform.campaign.story import brought_in
from recs_platform.companies.source_config import SimulatedSource
from recs_platform_tests.companies.of_each_strategy import companies_of_each_strategy


@pytest.mark.parametrize(
    ("total", "low", "high", "told"),
    [
        (54.0, 0.1, 2.9, "54 more orders (95% interval 4 to 105)"),
        (-54.0, -2.9, -0.1, "54 fewer orders (95% interval -105 to -4)"),
        (0.7, -0.5, 0.6, "1 more order (95% interval -20 to 26; not statistically significant)"),
        (-0.3, -0.5, 0.6, "no additional orders (not statistically significant)"),
        (-3.0, None, None, "3 fewer orders (not statistically significant)"),
    ],
)
def test_an_arm_is_told_with_its_interval_and_its_doubt(
    total: float, low: float | None, high: float | None, told: str
) -> None:
    ends = {54.0: (4.0, 105.0), -54.0: (-105.0, -4.0), 0.7: (-20.0, 26.0)}.get(total, (None, None))
    row = {"arm": "personal", "baseline": "holdout", "total": total, "fixed_low": low, "fixed_high": high}
    said = brought_in({**row, "total_low": ends[0], "total_high": ends[1]})
    assert said == f"compared with holdout, arm personal brought in {told}"


def test_nothing_is_said_of_opens_and_clicks_that_nobody_provides() -> None:
    row = {"sends": 200, "opened": 50, "clicked": 10}
    company = companies_of_each_strategy()["measurement"]
    assert engagement_in_words(company, row) == "25.0% opened, 5.00% clicked; "
    alone = {table: SimulatedSource() for table in ("treatments", "events")}
    assert engagement_in_words(company.model_copy(update={"sources": alone}), row) == ""
