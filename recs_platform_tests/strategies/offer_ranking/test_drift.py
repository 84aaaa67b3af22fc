"""Stable weeks do not alarm, the planted shift does, and impressions about the same customer or offer count as one.

Measured over more worlds and seeds, in docs/drift.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.models.drift import DriftVerdict, Sample, compare
from recs_platform.models.drift_report import DriftRow
from recs_platform.models.features import Column
from recs_platform.models.model import Model
from recs_platform.schemas.table import spec_of
from recs_platform.schemas.training import DriftReport
from recs_platform.simulation.columns import pc
from recs_platform.strategies.offer_ranking.drift import CUSTOMER, OFFER, drift_report, impressions_drift, show_drift
from recs_platform.strategies.offer_ranking.features import FEATURE_COLUMNS, TASK
from recs_platform.warehouse.slices import Days
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.offer_ranking import market
from recs_platform_tests.strategies.offer_ranking.drift_worlds import DriftWorld, drift_world
from recs_platform_tests.strategies.offer_ranking.serving import a_model, activate

DAY = TASK.columns.day
TRAINED, SHIFT = 176, 318
STABLE = range(TRAINED + 1, SHIFT)
"""Twenty weeks and a day, after the world's days without offers and what they left in the look-back."""


@pytest.fixture(scope="module")
@takes_seconds
def world(tmp_path_factory: pytest.TempPathFactory) -> DriftWorld:
    home = tmp_path_factory.mktemp("drift")
    return drift_world(home, seed=3, customers=300, first=117, last=SHIFT + 1, drift=SHIFT)


@pytest.fixture(scope="module")
def model(world: DriftWorld) -> Model:
    return world.trained(TRAINED)


def drifted(found: list[DriftRow]) -> set[str]:
    return {row.name for row in found if row.verdict == "drifted"}


@pytest.mark.slow
def test_twenty_stable_weeks_do_not_alarm(world: DriftWorld, model: Model) -> None:
    """The model of the first day, so that nothing hides behind a newer one."""
    by_day = {age: impressions_drift(model, world.impressions, world.company, world.day(age)) for age in STABLE}
    assert len(by_day) > 7 * 20
    assert {age: drifted(found) for age, found in by_day.items() if drifted(found)} == {}
    named = {row.name for row in by_day[STABLE[-1]]}
    assert named == {*FEATURE_COLUMNS, "score", "label", "volume"}


def test_the_planted_shift_alarms_within_two_days(world: DriftWorld, model: Model) -> None:
    def found(age: int) -> list[DriftRow]:
        return impressions_drift(model, world.impressions, world.company, world.day(age))

    assert not drifted(found(SHIFT - 1))
    # Offers that nobody has seen yet are what shows first; half of the newest impressions are of the day before.
    assert drifted(found(SHIFT)) == {"historical_redemption_rate"}
    assert {"discount_depth", "discount_depth_vs_usual"} <= drifted(found(SHIFT + 1))
    deeper = next(one for one in found(SHIFT + 1) if (one.name, one.figure) == ("discount_depth", "ks"))
    assert deeper.words == "discount_depth: half of them up to 0.36, in training up to 0.3"


def alarms(world: DriftWorld, model: Model, days: range) -> dict[int, set[str]]:
    by_day = {age: drifted(impressions_drift(model, world.impressions, world.company, world.day(age))) for age in days}
    return {age: names for age, names in by_day.items() if names}


def test_quiet_weekends_and_a_weekly_leaflet_do_not_alarm(world: DriftWorld) -> None:
    """On weekends 40% of the impressions of other days, and all offers end on Sunday: ten weeks that are alike."""
    weekday = pc.day_of_week(world.impressions[DAY])
    place = world.impressions.column_names.index("days_until_expiry")
    expiry = pc.subtract(7, weekday).cast(world.impressions.schema.field(place).type)
    leaflet = world.impressions.set_column(place, "days_until_expiry", expiry)
    shown = pc.or_(pc.less(weekday, 5), pa.array(np.arange(len(leaflet)) % 5 < 2))
    weekly = replace(world, impressions=leaflet.filter(shown))
    model = weekly.trained(TRAINED)
    assert alarms(weekly, model, STABLE[:70]) == {}
    # With nothing known of weekdays, every day would be unlike training.
    training = {name: replace(spread, weekdays=()) for name, spread in model.manifest.training.items()}
    windows = {name: replace(one, per_weekday=(0.0,) * 7) for name, one in model.manifest.windows.items()}
    unaware = replace(model, manifest=model.manifest.model_copy(update={"training": training, "windows": windows}))
    fortnight = alarms(weekly, unaware, STABLE[:14])
    assert sum("days_until_expiry" in names for names in fortnight.values()) > 10
    assert sum("volume" in names for names in fortnight.values()) >= 2
    # What is quiet on every day is no weekend.
    rows = weekly.impressions
    kept = pc.or_(pc.less(rows[DAY], pa.scalar(world.day(SHIFT - 2))), pa.array(np.arange(len(rows)) % 3 == 0))
    assert "volume" in alarms(replace(weekly, impressions=rows.filter(kept)), model, range(SHIFT - 1, SHIFT))[SHIFT - 1]


def test_the_order_of_rows_does_not_show(world: DriftWorld, model: Model) -> None:
    day = world.day(SHIFT + 1)
    shuffled = world.impressions.take(np.random.default_rng(4).permutation(len(world.impressions)))
    assert impressions_drift(model, shuffled, world.company, day) == impressions_drift(
        model, world.impressions, world.company, day
    )


def test_impressions_taken_as_independent_would_alarm_all_the_time(world: DriftWorld, model: Model) -> None:
    """Two days have some 1,000 impressions, of 55 offers. Measured: on 19 of 20 days, a week apart."""
    then, rows = model.manifest.training["discount_depth"], model.manifest.windows["train"].rows
    alarms = 0
    for age in STABLE[1::7]:
        two_days = pa.array([world.day(age - 1), world.day(age)])
        newest = world.impressions.filter(pc.is_in(world.impressions[DAY], two_days))
        now = Sample(then.like(newest["discount_depth"]), newest.num_rows)
        figures = compare("discount_depth", Sample(then, rows), now).figures
        alarms += any(figure.verdict == "drifted" for figure in figures)
    assert alarms > 10


def test_while_features_were_still_filling_drift_is_only_watched(world: DriftWorld, model: Model) -> None:
    """The first impressions that trained need 28 days of purchases before them."""
    first = model.manifest.windows["train"].first

    def found(start: date) -> list[DriftRow]:
        company = world.company.model_copy(update={"start_date": start})
        return impressions_drift(model, world.impressions, company, world.day(SHIFT + 1))

    assert drifted(found(first - timedelta(days=28)))
    too_late = first - timedelta(days=27)
    assert not drifted(found(too_late))
    mild = [one.words for one in found(too_late) if one.name == "discount_depth" and one.verdict == "watch"]
    assert mild
    assert mild[0].endswith(f"only to watch: in training, features looked back to before {too_late}")


def test_a_models_windows_say_what_they_are_worth(world: DriftWorld, model: Model) -> None:
    window = model.manifest.windows["train"]
    shown = world.impressions[DAY]
    rows = world.impressions.filter(pc.and_(pc.greater_equal(shown, window.first), pc.less_equal(shown, window.last)))
    assert window.rows == rows.num_rows > 5_000
    for subject in (CUSTOMER, OFFER, DAY):
        counts = np.array(list(pc.value_counts(rows[subject]).field("counts").to_pylist()))
        assert window.independent[subject] == pytest.approx(counts.sum() ** 2 / (counts**2).sum())
    assert window.independent[OFFER] < 100 < window.independent[CUSTOMER] < 300


def test_the_table_allows_the_verdicts_that_there_are() -> None:
    (allowed,) = (check.statistics["allowed_values"] for check in spec_of(DriftReport).schema.columns["verdict"].checks)
    assert tuple(allowed) == get_args(DriftVerdict)


NEWEST = [market.DAY - timedelta(days=age) for age in (1, 0)]


def report_of(home: Path, table: pa.Table, *, as_of: date | None = market.CLOSED_TO) -> list[dict[str, object]]:
    """The report of a day on which a model of made-up impressions serves, or none."""
    shelf = market.shelf(home)
    if as_of:
        activate(shelf, as_of)
    made = drift_report.function(
        market.metro(),
        Days.one(market.DAY),
        models=shelf,
        training_set=table,
    )
    assert made.schema == spec_of(DriftReport).arrow_schema
    rows: list[dict[str, object]] = made.to_pylist()
    return rows


def test_the_report_has_a_row_per_figure_and_says_of_which_model(tmp_path: Path) -> None:
    rows = report_of(tmp_path, market.impressions())
    keys = [(row["name"], row["figure"]) for row in rows]
    assert len(set(keys)) == len(keys)
    assert {"psi", "ks", "missing_rate", "new_categories", "label_rate", "volume"} == {row["figure"] for row in rows}
    assert {(row["digest"], row["trained_on"]) for row in rows} == {(a_model().digest, market.CLOSED_TO)}
    assert all(str(row["words"]).startswith(f"{row['name']}: ") for row in rows)
    assert report_of(tmp_path, market.impressions()) == rows


def test_without_a_model_or_without_impressions_there_is_no_row(tmp_path: Path) -> None:
    assert report_of(tmp_path, market.impressions(), as_of=None) == []
    assert report_of(tmp_path, older(market.impressions())) == []


def older(table: pa.Table) -> pa.Table:
    """Without the newest two days."""
    return table.filter(pc.invert(is_newest(table)))


def is_newest(table: pa.Table) -> Column:
    found: Column = pc.is_in(table[DAY], value_set=pa.array(NEWEST))
    return found


def found_in(table: pa.Table) -> dict[tuple[str, str], DriftRow]:
    return {(one.name, one.figure): one for one in impressions_drift(a_model(), table, market.metro(), market.DAY)}


def test_labels_are_compared_only_where_outcomes_are_final() -> None:
    table = market.impressions()
    final = table.filter(pc.is_valid(table["label"]))
    shown = pc.greater(final[DAY], pa.scalar(market.CLOSED_TO - timedelta(days=7)))
    rate = pc.mean(final.filter(shown)["label"]).as_py()
    label = found_in(table)["label", "label_rate"]
    assert label.value == pytest.approx(abs(rate / a_model().manifest.label_rate - 1))
    assert f"{rate:.1%} redeemed instead of {a_model().manifest.label_rate:.1%}" in label.words
    # In a company's first days no outcome is final yet, and the newest impressions are all there is.
    assert ("label", "label_rate") not in found_in(table.filter(is_newest(table)))
    nobody = market.with_column(table, "label", [None if one is None else 0 for one in table["label"].to_pylist()])
    assert found_in(nobody)["label", "label_rate"].verdict == "drifted"


def test_new_categories_count_from_their_share_on() -> None:
    table = market.impressions()
    none = found_in(table)["category", "new_categories"]
    assert (none.value, none.words) == (0, "category: no value that training never saw")
    verdicts = {}
    for every in (40, 10):
        names = ["Cheese" if place % every == 0 else name for place, name in enumerate(table["category"].to_pylist())]
        new = found_in(market.with_column(table, "category", names))["category", "new_categories"]
        assert new.words.endswith("are Cheese, which training never saw")
        verdicts[every] = (new.verdict, new.chance)
        assert new.value == pytest.approx(1 / every, abs=0.04)
    assert verdicts == {40: ("watch", None), 10: ("drifted", None)}


@pytest.mark.parametrize(("times", "verdict"), [(1, "ok"), (4, "drifted")])
def test_volume_is_per_day_on_which_anything_is_shown(times: int, verdict: str) -> None:
    """The model was trained on 1,000 impressions in 42 days."""
    many = market.impressions(1_000 * times)
    only_today = many.filter(pc.not_equal(many[DAY], pa.scalar(NEWEST[0])))
    for table in (many, only_today):
        volume = found_in(table)["volume", "volume"]
        assert (volume.verdict, volume.threshold) == (verdict, 0.3), volume
        assert volume.value == pytest.approx(times - 1, abs=0.5 * times)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (lambda row: [], "Nothing to compare: no model serves, or there are no examples."),
        (lambda row: [row("a", "ok")], "No drift since the training of 2025-12-01: of 1 figures, none is"),
        (lambda row: [row("a", "watch")], "No drift since the training of 2025-12-01. To watch: a: moved."),
        (
            lambda row: [row("b", "watch"), row("a", "drifted"), row("a", "drifted")],
            "**Drifted** since the training of 2025-12-01: a: moved. To watch: b: moved.",
        ),
        (
            lambda row: [row(name, "drifted") for name in "abcdefg"],
            "**Drifted** since the training of 2025-12-01: "
            "a: moved; b: moved; c: moved; d: moved; e: moved; and 2 more.",
        ),
    ],
)
def test_the_report_in_words(rows: Callable[..., list[dict[str, object]]], words: str) -> None:
    def row(name: str, verdict: str) -> dict[str, object]:
        return {"name": name, "verdict": verdict, "words": f"{name}: moved", "trained_on": date(2025, 12, 1)}

    assert show_drift(rows(row)).words.startswith(words)
