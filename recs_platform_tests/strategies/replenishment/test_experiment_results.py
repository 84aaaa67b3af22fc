"""What an experiment says of its arms: by hand, of a planted difference, and of arms without any.

Which weeks count is tested by fixtures (sql/replenishment/experiment_outcomes/), the statistics in statistics/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.schemas.replenishment_reports import ExperimentOutcomes, ExperimentResults
from recs_platform.schemas.table import spec_of
from recs_platform.simulation.randomness import stream
from recs_platform.strategies.catalogue import company_named
from recs_platform.strategies.replenishment.experiment import Shares, steps
from recs_platform.strategies.replenishment.experiment_results import compare, expected_clients, experiment_results
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform.warehouse.slices import Days
from recs_platform_tests.strategies.replenishment.lists import arrow

FIRST, DAY = date(2025, 9, 7), date(2025, 9, 21)
HALVES: Shares = {FIRST: {"v31": 0.5, "v32": 0.5}}


def parameters(shares: Shares = HALVES, **said: Any) -> ReplenishmentParameters:
    return ReplenishmentParameters.model_validate({"experiment": "lists", "experiment_shares": dict(shares), **said})


def outcome(client: str, arm: str, **said: Any) -> dict[str, Any]:
    came = {"weeks": 1, "items": 10, "bought": 0, "discoveries_bought": 0, "spent_cents": 0}
    weeks = {"drawn_by": FIRST, "first_week_until": DAY, "last_week_until": DAY}
    return {"experiment": "lists", "customer_id": client, "arm": arm, **came, **weeks, **said}


def results(rows: Sequence[Mapping[str, Any]], given: ReplenishmentParameters) -> dict[tuple[str, str], Any]:
    outcomes = arrow(ExperimentOutcomes, [dict(row) for row in rows], DAY)
    company = company_named("concord").model_copy(update={"parameters": given})
    made = experiment_results.function(company=company, days=Days.one(DAY), experiment_outcomes=outcomes)
    assert made.schema == spec_of(ExperimentResults).arrow_schema
    return {(row["arm"], row["metric"]): row for row in made.to_pylist()}


def test_metrics_are_of_each_arms_clients() -> None:
    rows = [
        outcome("anna", "v31", weeks=2, items=50, bought=8, discoveries_bought=1, spent_cents=12345),
        outcome("bert", "v31", weeks=1, items=10, bought=1),
        outcome("carl", "v32", weeks=1, items=20, bought=6, discoveries_bought=3, spent_cents=10000),
        outcome("dora", "v32", weeks=1, items=20, bought=2, spent_cents=5000),
        # Of an experiment that is over.
        outcome("emil", "v32", experiment="before", weeks=1, items=1, bought=1),
    ]
    found = results(rows, parameters())
    values = {key: (row["value"], row["baseline_value"], row["difference"]) for key, row in found.items()}
    assert values == {
        ("v31", "precision"): (pytest.approx(9 / 60), 0.2, pytest.approx(-0.05)),
        ("v32", "precision"): (0.2, 0.2, None),
        ("v31", "discoveries"): (pytest.approx(1 / 3), 1.5, pytest.approx(1 / 3 - 1.5)),
        ("v32", "discoveries"): (1.5, 1.5, None),
        ("v31", "revenue"): (pytest.approx(41.15), 75.0, pytest.approx(-33.85)),
        ("v32", "revenue"): (75.0, 75.0, None),
    }
    row = found["v31", "precision"]
    assert (row["clients"], row["client_weeks"], row["baseline"], row["experiment"]) == (2, 3, "v32", "lists")
    for interval in ("anytime", "fixed"):
        assert row[f"{interval}_low"] < row["difference"] < row[f"{interval}_high"]
    assert found["v32", "precision"]["anytime_low"] is None


def test_the_companys_version_is_the_control() -> None:
    rows = [outcome("anna", "v31", bought=2), outcome("bert", "v32", bought=1)]
    found = results(rows, parameters(version="v31"))
    assert found["v32", "precision"]["difference"] == pytest.approx(-0.1)
    assert found["v31", "precision"]["difference"] is None


def test_an_arm_is_told_of_while_the_control_has_nobody() -> None:
    (*_, row) = results([outcome("anna", "v31", bought=2)], parameters()).values()
    assert (row["arm"], row["baseline_value"], row["difference"]) == ("v31", None, None)


def test_nothing_is_told_without_an_experiment_or_before_a_week_is_whole() -> None:
    assert results([], parameters()) == {}
    assert results([outcome("anna", "v31")], ReplenishmentParameters()) == {}


def test_clients_are_expected_by_the_shares_of_their_draw() -> None:
    plan: Shares = {FIRST: {"v31": 0.1, "v32": 0.1}, DAY: {"v31": 0.2, "v32": 0.8}}
    drawn_by = [FIRST] * 10 + [DAY] * 20
    assert expected_clients(drawn_by, list(steps(plan))) == pytest.approx({"v31": 5 + 4, "v32": 5 + 16})
    # Of a step that the file does not name any more, the one that was in force then.
    between = [FIRST + timedelta(days=3)] * 10
    assert expected_clients(between, list(steps(plan))) == pytest.approx({"v31": 5, "v32": 5})
    assert expected_clients([FIRST - timedelta(days=3)], list(steps(plan))) == pytest.approx({"v31": 0.5, "v32": 0.5})


@pytest.mark.parametrize(("of_v31", "is_off"), [(100, False), (60, True), (0, True)])
def test_arms_of_other_sizes_than_drawn_are_found(of_v31: int, is_off: bool) -> None:
    """As when a version leaves clients without a list."""
    rows = [outcome(f"a{n}", "v31") for n in range(of_v31)] + [outcome(f"b{n}", "v32") for n in range(120)]
    p_value = results(rows, parameters())["v32", "precision"]["ratio_p_value"]
    assert (p_value < 0.001) is is_off


def test_the_shares_of_a_later_step_are_no_mismatch() -> None:
    plan: Shares = {FIRST: {"v31": 0.1, "v32": 0.9}, DAY: {"v31": 0.5, "v32": 0.5}}
    rows = [outcome(f"a{n}", "v31") for n in range(20)] + [outcome(f"b{n}", "v32") for n in range(180)]
    assert results(rows, parameters(plan))["v31", "precision"]["ratio_p_value"] == pytest.approx(1)
    assert results(rows, parameters({DAY: plan[DAY]}))["v31", "precision"]["ratio_p_value"] < 0.001


CLIENTS, WEEKS, PLACES = 150, 12, 25


def weekly(name: str, lift: float) -> Iterator[pa.Table]:
    """Outcomes so far, a week at a time: clients with habits of their own, of whom half buy `lift` times as much of
    what is listed as they would."""
    random = stream(7, name)
    arm = np.where(np.arange(2 * CLIENTS) % 2, "v31", "v32")
    habit = random.beta(2, 18, 2 * CLIENTS) * np.where(arm == "v31", lift, 1)
    bought = np.zeros(2 * CLIENTS, dtype=np.int64)
    discoveries, spent = bought.copy(), bought.copy()
    for week in range(1, WEEKS + 1):
        new = random.binomial(PLACES, habit)
        found = random.binomial(new, 0.1)
        bought, discoveries = bought + new, discoveries + found
        spent = spent + (new * random.lognormal(7, 1, 2 * CLIENTS)).astype(np.int64)
        yield pa.table(
            {
                "arm": arm.tolist(),
                "drawn_by": [FIRST] * 2 * CLIENTS,
                "first_week_until": [DAY] * 2 * CLIENTS,
                "weeks": np.full(2 * CLIENTS, week),
                "items": np.full(2 * CLIENTS, week * PLACES),
                "bought": bought,
                "discoveries_bought": discoveries,
                "spent_cents": spent,
            }
        )


def _excludes_zero(row: Mapping[str, Any], which: str) -> bool:
    low, high = row[f"{which}_low"], row[f"{which}_high"]
    return low is not None and (low > 0 or high < 0)


def ever_said(name: str, lift: float, experiments: int, which: str) -> dict[str, int]:
    """By metric, in how many experiments an interval of any week says that the arms differ."""
    said = dict.fromkeys(("precision", "discoveries", "revenue"), 0)
    for number in range(experiments):
        differ = {
            row["metric"]
            for outcomes in weekly(f"{name} {number}", lift)
            for row in compare(outcomes, parameters())
            if row["arm"] == "v31" and _excludes_zero(row, which)
        }
        for metric in differ:
            said[metric] += 1
    return said


@pytest.mark.slow
def test_arms_without_a_difference_are_rarely_told_apart_however_often_one_looks() -> None:
    """At most 5% is promised; what looks at the interval for one look every week breaks that."""
    experiments = 150
    wrong = ever_said("alike", 1, experiments, "anytime")
    assert max(wrong.values()) <= 0.05 * experiments, wrong
    looked_at_weekly = ever_said("alike", 1, experiments, "fixed")
    assert min(looked_at_weekly.values()) > 0.05 * experiments, looked_at_weekly


@pytest.mark.slow
def test_a_version_that_is_better_is_found_to_be() -> None:
    experiments = 20
    right = ever_said("better", 1.5, experiments, "anytime")
    assert min(right.values()) >= 0.8 * experiments, right
    (*_, last) = weekly("better 0", 1.5)
    better = {row["metric"]: row["relative"] for row in compare(last, parameters()) if row["arm"] == "v31"}
    assert better["precision"] == pytest.approx(0.5, abs=0.2)
