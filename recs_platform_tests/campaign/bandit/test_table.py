"""The rows of the table: what was counted, what is believed, what is given."""

from __future__ import annotations

import pytest

from recs_platform.campaign.bandit.allocation import Rules
from recs_platform.campaign.bandit.prior import BetaPrior
from recs_platform.campaign.bandit.table import BanditRow, bandit_rows
from recs_platform_tests.campaign.bandit.logs import log_of

LOG = log_of(
    {"segment": "new", "treatment": "a", "sends": 900, "views": 300, "clicks": 30, "age_days": 30},
    {"segment": "new", "treatment": "b", "sends": 1_500, "views": 500, "clicks": 10},
    {"segment": "loyal", "treatment": "b", "sends": 100, "views": 50, "clicks": 9},
    {"segment": "asleep", "treatment": "a", "sends": 40, "views": 0, "clicks": 0},
    unsent=("c",),
)
PRIOR = BetaPrior(0.05, 100)


def of(rows: list[BanditRow], segment: str) -> dict[str, BanditRow]:
    return {row.treatment: row for row in rows if row.segment == segment}


def test_everybody_first_then_each_segment_with_all_treatments() -> None:
    rows = bandit_rows(LOG)
    assert [(row.segment, row.treatment) for row in rows] == [
        (segment, treatment) for segment in ("(all)", "asleep", "loyal", "new") for treatment in "abc"
    ]
    for segment in ("(all)", "asleep", "loyal", "new"):
        found = of(rows, segment).values()
        assert sum(round(1e6 * row.share) for row in found) == 1_000_000
        assert sum(row.probability_best for row in found) == pytest.approx(1)


def test_by_hand() -> None:
    """Prior 5 of 100: a has 5 + 30 of 100 + 300; c, never sent, has the prior."""
    found = of(bandit_rows(LOG, prior=PRIOR), "(all)")
    a, c = found["a"], found["c"]
    assert (a.sends, a.views, a.clicks, a.rate) == (940, 300, 30, 0.1)
    assert a.posterior_mean == pytest.approx(35 / 400)
    assert a.low < 35 / 400 < a.high
    assert (c.sends, c.views, c.clicks, c.rate, c.retired) == (0, 0, 0, None, False)
    assert c.posterior_mean == pytest.approx(0.05)
    assert c.share >= 0.01


def test_fading_changes_what_is_believed_and_not_what_was_counted() -> None:
    """After one half life a's 30 of 300 count as 15 of 150."""
    a = of(bandit_rows(LOG, prior=PRIOR, half_life_days=30), "(all)")["a"]
    assert (a.views, a.clicks, a.rate) == (300, 30, 0.1)
    assert a.posterior_mean == pytest.approx((5 + 15) / (100 + 150))


def test_the_reward_decides_what_a_trial_is() -> None:
    a = of(bandit_rows(LOG, prior=PRIOR, reward="click_per_send"), "(all)")["a"]
    assert a.rate == pytest.approx(30 / 940)
    assert a.posterior_mean == pytest.approx((5 + 30) / (100 + 940))


def test_a_segment_that_was_never_tried_is_given_what_everybody_is_given() -> None:
    rows = bandit_rows(LOG, prior=PRIOR, rules=Rules(min_trials=100))
    everybody, asleep = of(rows, "(all)"), of(rows, "asleep")
    assert everybody["b"].retired
    assert [row.share for row in asleep.values()] == [row.share for row in everybody.values()]
    assert (asleep["a"].sends, asleep["a"].views, asleep["a"].rate) == (40, 0, None)


def test_a_treatment_comes_back_when_what_spoke_against_it_is_old() -> None:
    log = log_of(
        {"treatment": "a", "views": 5_000, "sends": 5_000, "clicks": 500, "age_days": 90},
        {"treatment": "b", "views": 5_000, "sends": 5_000, "clicks": 250, "age_days": 90},
    )
    assert of(bandit_rows(log), "(all)")["b"].retired
    assert not of(bandit_rows(log, half_life_days=15), "(all)")["b"].retired
