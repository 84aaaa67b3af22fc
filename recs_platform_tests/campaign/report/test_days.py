"""Which day answers: the newest that saw all days asked about. Here a day sees itself and the seven before it."""

from __future__ import annotations

from datetime import date

import pytest

from recs_platform.campaign.report.reading import Asked, chosen_day
from recs_platform.errors import ConfigError
from recs_platform_tests.campaign.report.findings import company

MADE = [date(2025, 10, day) for day in (8, 9, 20)]
SHORT = company(campaign_window_days=8)


def october(day: int) -> date:
    return date(2025, 10, day)


@pytest.mark.parametrize(
    "asked, answers",
    [
        (Asked(), 20),
        (Asked(first=october(13)), 20),
        (Asked(last=october(5)), 20),
        (Asked(first=october(2), last=october(5)), 9),
        (Asked(first=october(1), last=october(5)), 8),
        (Asked(first=october(2), last=october(5), as_of=october(8)), 8),
        (Asked(as_of=october(9)), 9),
    ],
)
def test_the_newest_day_that_saw_all_of_it_answers(asked: Asked, answers: int) -> None:
    assert chosen_day(SHORT, asked, MADE) == october(answers)


@pytest.mark.parametrize(
    "asked, told",
    [
        (Asked(first=date(2025, 9, 30), last=october(5)), r"tables of 2025-10-08 cover messages of 2025-10-01 to"),
        (Asked(first=october(1), as_of=october(9)), r"messages of 2025-10-02 to 2025-10-09, but --from is 2025-10-01"),
        (
            Asked(last=october(21)),
            r"no campaign tables for 2025-10-21 or later; it has them for 2025-10-08 to 2025-10-20",
        ),
        (Asked(first=october(22)), r"no campaign tables for 2025-10-22 or later"),
        (Asked(as_of=october(10)), r"no campaign tables for 2025-10-10; .* \(3 days\)"),
        (Asked(first=october(10), as_of=october(9)), r"--from 2025-10-10 is after the last day, 2025-10-09"),
    ],
)
def test_what_no_day_saw_is_refused(asked: Asked, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        chosen_day(SHORT, asked, MADE)


def test_a_company_that_was_never_run_is_told_how() -> None:
    with pytest.raises(ConfigError, match=r"it has none yet. Make them: recs run garage --date 2025-09-01"):
        chosen_day(SHORT, Asked(), [])
