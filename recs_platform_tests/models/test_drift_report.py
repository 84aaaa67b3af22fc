"""A day's drift report for a strategy of another trade: what it declares, and nothing else, tells it from offers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recs_platform.models.data import examples
from recs_platform.models.drift_report import DriftRow, DriftSettings, WatchedExamples, drift_rows
from recs_platform.models.drift_text import drift_summary
from recs_platform.models.model import Model
from recs_platform.models.task import RankingTask
from recs_platform.models.training import train
from recs_platform_tests.models.worlds import COLUMNS, DAYS, FEATURES, FIRST, PROVENANCE, SETTINGS, linear, rows

CUSTOMER = "customer_id"
TASK = RankingTask("reorder", FEATURES, replace(COLUMNS, subjects=(CUSTOMER,)))
WATCHED = WatchedExamples(TASK, subjects=(CUSTOMER,), subjects_of={}, counted_by=(CUSTOMER,), plural="baskets")
RULES = DriftSettings(
    days=3,
    label_days=2,
    final_days=7,
    volume_change=0.3,
    new_category_share=0.05,
    look_back_days=28,
    history_from=date(2025, 1, 1),
)
TODAY = FIRST + timedelta(days=DAYS - 1)


@pytest.fixture(scope="module")
def model() -> Model:
    return train(examples(rows(linear), FEATURES, TASK.columns), SETTINGS, PROVENANCE).candidate


def report(model: Model, table: pa.Table, rules: DriftSettings = RULES) -> dict[tuple[str, str], DriftRow]:
    return {(row.name, row.figure): row for row in drift_rows(model, table, WATCHED, rules, TODAY)}


def shifted(table: pa.Table) -> pa.Table:
    """Everybody's taste moves by two standard deviations."""
    return table.set_column(table.column_names.index("taste"), "taste", pc.add(table["taste"], 2.0))


def test_what_has_not_changed_has_not_drifted(model: Model) -> None:
    made = report(model, rows(linear))
    assert {name for name, _ in made} == {*FEATURES.names, "score", "label", "volume"}
    assert {row.verdict for row in made.values()} == {"ok"}
    assert made["volume", "volume"].words == "volume: 286 baskets a day instead of 294"
    assert " succeeded instead of " in made["label", "label_rate"].words


def test_what_has_changed_has_drifted_and_leads_the_summary(model: Model) -> None:
    made = report(model, shifted(rows(linear)))
    assert {name for (name, _), row in made.items() if row.verdict == "drifted"} == {"taste", "score"}
    summary = drift_summary([{**vars(row), "trained_on": FIRST} for row in made.values()])
    assert summary.startswith("**Drifted** since the training of 2026-01-01: score: half of them up to ")
    assert "; taste: half of them above 1.698, in training up to 0.004466;" in summary


def test_features_that_were_still_filling_are_only_watched(model: Model) -> None:
    first = model.manifest.windows["train"].first
    for history_from, verdict in ((first - timedelta(days=28), "drifted"), (first - timedelta(days=27), "watch")):
        made = report(model, shifted(rows(linear)), replace(RULES, history_from=history_from))
        assert made["taste", "ks"].verdict == verdict
        assert ("only to watch" in made["taste", "ks"].words) == (verdict == "watch")


def test_days_without_examples_have_no_report(model: Model) -> None:
    table = rows(linear)
    old = table.filter(pc.less(table[TASK.columns.day], pa.scalar(TODAY - timedelta(days=2))))
    assert report(model, old) == {}
