"""Off-policy estimates by hand, against a plain reference send by send, and every reason for which they are refused."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.campaign.bandit.counts import SendLog, tally
from recs_platform.campaign.bandit.off_policy import Evaluation, evaluate
from recs_platform.campaign.bandit.overlap import Cause, OverlapLimits, Refusal
from recs_platform.campaign.bandit.segments import segment_posteriors
from recs_platform_tests.campaign.bandit.logs import log_of

EVEN = {"(all)": {"a": 0.5, "b": 0.5}}
UNLIMITED = OverlapLimits(0, 0, 1, 1, 100)


def evaluated(log: SendLog, proposal: dict[str, dict[str, float]], limits: OverlapLimits = UNLIMITED) -> Evaluation:
    found = evaluate(log, proposal, limits)
    assert isinstance(found, Evaluation), found
    return found


def test_by_hand() -> None:
    """Weights 0.5 / 0.8 = 0.625 and 0.5 / 0.2 = 2.5: 8 x 0.625 + 4 x 2.5 = 15 clicks of 100 sends, 12 were logged."""
    log = log_of(
        {"treatment": "a", "propensity": 0.8, "sends": 80, "clicks": 8},
        {"treatment": "b", "propensity": 0.2, "sends": 20, "clicks": 4},
    )
    found = evaluated(log, EVEN)
    assert found.estimates["ips"].value == pytest.approx(0.15)
    assert found.estimates["snips"].value == pytest.approx(0.15)
    assert found.logged.value == pytest.approx(0.12)
    assert found.overlap.mean_weight == pytest.approx(1)
    assert found.overlap.effective_sends == pytest.approx(100**2 / (80 * 0.625**2 + 20 * 2.5**2))
    assert found.overlap.effective_clicks == pytest.approx(15**2 / (8 * 0.625**2 + 4 * 2.5**2))
    # 12 of 100, as Wilson has it.
    assert (found.logged.low, found.logged.high) == pytest.approx((0.070, 0.198), abs=2e-3)


def test_weights_that_do_not_average_to_one_part_ips_and_snips() -> None:
    """10 sends too many of b: IPS counts them, SNIPS divides them away. Weights sum to 50 + 75."""
    log = log_of(
        {"treatment": "a", "propensity": 0.8, "sends": 80, "clicks": 8},
        {"treatment": "b", "propensity": 0.2, "sends": 30, "clicks": 6},
    )
    found = evaluated(log, EVEN)
    assert found.estimates["ips"].value == pytest.approx((5 + 15) / 110)
    assert found.estimates["snips"].value == pytest.approx((5 + 15) / 125)


rows = st.lists(
    st.fixed_dictionaries(
        {
            "segment": st.sampled_from(["new", "loyal"]),
            "treatment": st.sampled_from(["a", "b", "c"]),
            "propensity": st.sampled_from([0.1, 0.3, 0.5, 1.0]),
            "sends": st.integers(1, 30),
            "part": st.floats(0, 1),
        }
    ),
    min_size=2,
    max_size=8,
)


@given(rows)
def test_groups_give_what_single_sends_give(groups: list[dict[str, Any]]) -> None:
    log = log_of(*({**row, "clicks": int(row.pop("part") * row["sends"])} for row in map(dict, groups)))
    proposal = {"(all)": {"a": 0.2, "b": 0.3, "c": 0.5}}
    sent = {(row["segment"], row["treatment"]) for row in groups}
    if not all((segment, treatment) in sent for segment in log.segments for treatment in "abc"):
        return
    found = evaluated(log, proposal)
    weights, rewards, scores = plainly(log, proposal["(all)"])
    assert found.estimates["ips"].value == pytest.approx(np.mean(weights * rewards))
    assert found.estimates["snips"].value == pytest.approx(np.sum(weights * rewards) / np.sum(weights))
    assert found.estimates["dr"].value == pytest.approx(np.mean(scores))
    assert found.gain.value == pytest.approx(np.mean(scores - rewards))
    error = np.std(scores - rewards, ddof=1) / np.sqrt(len(scores))
    assert found.gain.high - found.gain.value >= 1.9599 * error - 1e-12


def plainly(log: SendLog, shares: dict[str, float]) -> tuple[Any, Any, Any]:
    """Weight, reward and doubly robust score of each send, with a model made without it."""
    posteriors = segment_posteriors(tally(log, "click_per_send"))
    weights, rewards, scores = [], [], []
    for row in range(len(log.sends)):
        model = posteriors[log.segments[log.segment[row]]]
        at = int(log.treatment[row])
        weight = shares[log.treatments[at]] / log.propensity[row]
        for number in range(int(log.sends[row])):
            reward = 1.0 if number < log.clicks[row] else 0.0
            alpha, beta = model.alpha.copy(), model.beta.copy()
            alpha[at] -= reward
            beta[at] -= 1 - reward
            rate = alpha / (alpha + beta)
            forecast = sum(shares[name] * rate[place] for place, name in enumerate(log.treatments))
            weights.append(weight)
            rewards.append(reward)
            scores.append(forecast + weight * (reward - rate[at]))
    return np.array(weights), np.array(rewards), np.array(scores)


def test_what_was_done_is_worth_what_it_earned() -> None:
    log = log_of(
        {"treatment": "a", "propensity": 0.75, "sends": 3_000, "clicks": 90},
        {"treatment": "b", "propensity": 0.25, "sends": 1_000, "clicks": 60},
    )
    found = evaluated(log, {"(all)": {"a": 0.75, "b": 0.25}})
    for estimate in found.estimates.values():
        assert estimate.value == pytest.approx(150 / 4_000, rel=1e-3)
    assert found.gain.value == pytest.approx(0, abs=2e-5)
    assert found.gain.high - found.gain.low < 0.1 * (found.logged.high - found.logged.low)


def test_the_model_makes_good_for_wrong_propensities() -> None:
    """Logged as even while a was sent nine times in ten: IPS takes the worse treatment's clicks for the proposal's."""
    log = log_of(
        {"treatment": "a", "propensity": 0.5, "sends": 90_000, "clicks": 900},
        {"treatment": "b", "propensity": 0.5, "sends": 10_000, "clicks": 500},
    )
    found = evaluated(log, EVEN)
    assert found.estimates["ips"].value == pytest.approx(0.014)
    assert found.estimates["dr"].value == pytest.approx(0.03, rel=0.02)


def test_propensities_may_differ_from_day_to_day() -> None:
    """Day 1 sends a to 80%, day 0 to 20%; a earns 10%, b 20%, and half of each 15%."""
    log = log_of(
        {"treatment": "a", "age_days": 1, "propensity": 0.8, "sends": 800, "clicks": 80},
        {"treatment": "b", "age_days": 1, "propensity": 0.2, "sends": 200, "clicks": 40},
        {"treatment": "a", "age_days": 0, "propensity": 0.2, "sends": 200, "clicks": 20},
        {"treatment": "b", "age_days": 0, "propensity": 0.8, "sends": 800, "clicks": 160},
    )
    found = evaluated(log, EVEN)
    for estimate in found.estimates.values():
        assert estimate.value == pytest.approx(0.15, rel=2e-3)


def test_a_segment_has_its_own_shares() -> None:
    log = log_of(
        *(
            {"segment": segment, "treatment": treatment, "sends": 500, "clicks": clicks}
            for segment, treatment, clicks in (("new", "a", 50), ("new", "b", 0), ("old", "a", 0), ("old", "b", 100))
        )
    )
    found = evaluated(log, {"new": {"a": 1.0}, "(all)": {"b": 1.0}})
    assert found.estimates["ips"].value == pytest.approx((0.1 + 0.2) / 2)


def test_a_little_traffic_without_support_is_left_out() -> None:
    """c was never sent. Of the other 96%, a and b have half each."""
    log = log_of(
        {"treatment": "a", "sends": 4_000, "clicks": 40},
        {"treatment": "b", "sends": 4_000, "clicks": 120},
    )
    found = evaluated(log, {"(all)": {"a": 0.48, "b": 0.48, "c": 0.04}}, OverlapLimits())
    assert found.overlap.unsupported == pytest.approx(0.04)
    assert found.estimates["ips"].value == pytest.approx(0.02)


USUAL = ({"treatment": "a", "sends": 5_000, "clicks": 100}, {"treatment": "b", "sends": 5_000, "clicks": 100})


@pytest.mark.parametrize(
    ("changed", "proposal", "cause", "said"),
    [
        ({"sends": 0, "clicks": 0}, EVEN, "no_sends", "no sends"),
        ({"propensity": None}, EVEN, "propensity_missing", "100.0% of the sends have no logged propensity"),
        ({"propensity": 0.0}, EVEN, "propensity_impossible", "A propensity of 0 was logged"),
        ({"propensity": 1.5}, EVEN, "propensity_impossible", "A propensity of 1.5 was logged"),
        ({}, {"(all)": {"a": 0.9, "c": 0.1}}, "unsupported", "10.0% of the proposed traffic"),
        ({"propensity": 0.9}, EVEN, "propensity_contradicted", "average to 0.56 instead of 1"),
        (
            {"sends": 240, "clicks": 100},
            EVEN,
            "too_few_effective_sends",
            "480 sends say as much .* as 480; at least 500",
        ),
        ({"clicks": 7}, EVEN, "too_few_effective_clicks", "14 clicks say as much .* as 14.0; at least 15"),
    ],
)
def test_refused_with_its_reason(
    changed: dict[str, Any], proposal: dict[str, dict[str, float]], cause: Cause, said: str
) -> None:
    assert isinstance(evaluate(log_of(*USUAL), EVEN), Evaluation)
    found = evaluate(log_of(*({**row, **changed} for row in USUAL)), proposal)
    assert isinstance(found, Refusal)
    assert found.cause == cause
    assert re.search(said, found.words), found.words


def test_weights_make_many_sends_worth_few() -> None:
    """b was sent to 1% of 20,000 and is proposed alone: 200 sends of weight 100."""
    log = log_of(
        {"treatment": "a", "propensity": 0.99, "sends": 19_800, "clicks": 400},
        {"treatment": "b", "propensity": 0.01, "sends": 200, "clicks": 20},
    )
    found = evaluate(log, {"(all)": {"b": 1.0}})
    assert isinstance(found, Refusal)
    assert found.cause == "too_few_effective_sends"
    assert "20,000 sends say as much about the proposal as 200" in found.words


def test_one_send_in_a_hundred_without_propensity_is_left_out() -> None:
    unknown = {"treatment": "b", "propensity": None, "sends": 100, "clicks": 100}
    found = evaluated(log_of(*USUAL, unknown), EVEN, OverlapLimits())
    assert found.overlap.sends == 10_000
    assert found.estimates["ips"].value == pytest.approx(0.02)
    assert isinstance(evaluate(log_of(*USUAL, {**unknown, "sends": 110}), EVEN), Refusal)


@pytest.mark.parametrize(
    ("proposal", "said"),
    [({"(all)": {"a": 0.5}}, "not shares of a whole"), ({"loyal": {"a": 1.0}}, "no shares for segment all")],
)
def test_a_proposal_that_is_none_is_an_error(proposal: dict[str, dict[str, float]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        evaluate(log_of(*USUAL), proposal)
