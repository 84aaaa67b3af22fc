"""Drift and retraining of a model that learns from a table of one day, made anew every week."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recs_platform.models.drift_episodes import DailyReport, ReportedFigure, reasons_from_drift
from recs_platform.models.drift_report import DriftRow, DriftSettings, WatchedExamples, drift_rows
from recs_platform.models.retraining import Policy, Reason, Run, State, decide
from recs_platform_tests.models.list_worlds import FEATURES, MONDAY, TASK, habits, rows, trained

NEXT = MONDAY + timedelta(weeks=1)
CLIENT, ITEM = "client", "item"
WATCHED = WatchedExamples(
    TASK,
    subjects=(CLIENT, ITEM),
    subjects_of={"popularity": (ITEM,)},
    counted_by=(CLIENT,),
    groups={"group": (ITEM,)},
    plural="candidates",
    success="were bought",
)
RULES = DriftSettings(
    days=1,
    label_days=0,
    final_days=1,
    volume_change=0.3,
    new_category_share=0.05,
    look_back_days=28,
    history_from=date(2025, 1, 1),
)
POLICY = Policy(weekday="monday", cool_down_days=3, repeat_days=35)


def report(table: pa.Table) -> dict[tuple[str, str], DriftRow]:
    found = drift_rows(trained(habits).candidate, table, WATCHED, RULES, NEXT)
    return {(row.name, row.figure): row for row in found}


def drifted(made: dict[tuple[str, str], DriftRow]) -> set[str]:
    return {name for (name, _), row in made.items() if row.verdict == "drifted"}


def next_week(clients: int = 800, seed: int = 3) -> pa.Table:
    """Of the same items, and so of the same popularity; other outcomes."""
    table = rows(habits, clients=clients, seed=seed, day=NEXT)
    shuffled = np.random.default_rng(5).permutation(len(table))
    return table.set_column(table.column_names.index("due"), "due", table["due"].take(shuffled))


def test_a_week_like_that_of_training_has_not_drifted() -> None:
    made = report(next_week())
    assert {name for name, _ in made} == {*FEATURES.names, "score", "label", "volume"}
    assert drifted(made) == set()
    assert made["volume", "volume"].words == "volume: 16,000 candidates a day instead of 16,000"
    assert " were bought instead of " in made["label", "label_rate"].words


def test_the_number_of_examples_is_that_of_all_clients_not_of_those_who_taught() -> None:
    """Half of the clients teach; the table of a week holds all of them."""
    assert report(next_week(clients=400))["volume", "volume"].verdict == "drifted"
    assert report(next_week(clients=640))["volume", "volume"].verdict == "ok"


def test_what_moves_has_drifted_and_so_has_the_score() -> None:
    table = next_week()
    moved = table.set_column(table.column_names.index("due"), "due", pc.add(table["due"], 2.0))
    assert drifted(report(moved)) == {"due", "score"}
    other = table.set_column(table.column_names.index("group"), "group", pa.array(["G9"] * len(table)))
    assert ("group", "new_categories") in report(other)
    assert "group" in drifted(report(other))


def test_scores_are_compared_as_they_order_not_as_chances() -> None:
    """Raw scores of trees of order have no scale of chances: squeezed into it, their spread would be another."""
    manifest = trained(habits).models[1].manifest
    assert manifest.scores.edges is not None
    assert max(manifest.scores.edges) > 1 or min(manifest.scores.edges) < 0


def weekly(letters: str) -> list[DailyReport]:
    """A report a week, the newest first: `D` drifted."""
    figures = {
        letter: [ReportedFigure("due", "psi", verdict, "due")] for letter, verdict in (("D", "drifted"), (".", "ok"))
    }
    return [DailyReport(MONDAY + timedelta(weeks=week), figures[one]) for week, one in enumerate(letters)][::-1]


@pytest.mark.parametrize(("letters", "begun"), [("D", 0), ("DD", 0), ("D.D", 2), ("DD.DD", 3)])
def test_one_quiet_week_is_longer_than_the_cool_down_and_ends_a_shift(letters: str, begun: int) -> None:
    (reason,) = reasons_from_drift(POLICY, "concord", weekly(letters), (), days_between=7)
    assert reason.evidence_id == f"drift:concord:{MONDAY + timedelta(weeks=begun)}"


def test_by_days_three_quiet_reports_are_needed_as_before() -> None:
    (reason,) = reasons_from_drift(POLICY, "concord", weekly("D.D"), ())
    assert reason.evidence_id == f"drift:concord:{MONDAY}"


def test_each_week_trains_once_on_its_newer_table() -> None:
    """By its weekday; what the same week's report sees then waits for the cool-down, and the next week has learned."""
    runs: list[Run] = []
    for week in range(4):
        today = MONDAY + timedelta(weeks=week)
        asked = decide(POLICY, State(today, unusable="none is active" if not week else None, runs=runs))
        assert asked.train
        runs.append(Run(today, asked.reasons))
        assert not decide(POLICY, State(today, unusable=None, runs=runs)).train
    reasons = reasons_from_drift(POLICY, "concord", weekly("...D"), runs, days_between=7)
    assert [one.kind for one in reasons] == ["drift"]
    held = decide(replace(POLICY, weekday=None), State(runs[-1].day, None, reasons, runs))
    assert (held.train, held.words) == (False, f"Waits 3 days from the run of {runs[-1].day}: drifted: due")
    drift: tuple[Reason, ...] = reasons
    assert decide(replace(POLICY, weekday=None), State(runs[-1].day + timedelta(days=3), None, drift, runs)).train
