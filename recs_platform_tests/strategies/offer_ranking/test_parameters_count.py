"""What a company's file says of training, retraining and drift reaches the code that it is about."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.models.data import examples
from recs_platform.models.drift_report import DriftRow
from recs_platform.models.features import Bools
from recs_platform.models.model import Model
from recs_platform.models.provenance import Provenance
from recs_platform.models.retraining import Policy
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.training import train as fit
from recs_platform.strategies.offer_ranking.drift import impressions_drift
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters
from recs_platform.strategies.offer_ranking.policy import policy_of
from recs_platform.strategies.offer_ranking.training import settings_of
from recs_platform_tests.strategies.offer_ranking.market import (
    CLOSED_FROM,
    CLOSED_TO,
    DAY,
    WINDOW,
    impressions,
    metro,
    shelf,
    train,
    with_column,
)


def test_every_part_of_the_policy_is_the_companys() -> None:
    company = metro(retrain_weekday="friday", retrain_cool_down_days=5, drifted_features=4, drift_repeat_days=50)
    policy = policy_of(company)
    assert policy == Policy(weekday="friday", cool_down_days=5, drifted_features=4, repeat_days=50)
    usual = [one.name for one in fields(Policy) if getattr(policy, one.name) == getattr(Policy(), one.name)]
    # So many days after the last training is of who has no weekday.
    assert usual == ["every_days"], "a test of these needs an unusual value"


def test_training_settings_are_the_companys() -> None:
    company = metro(label_days=14, negatives_per_positive=2.5, training_seed=77)
    assert settings_of(company) == TrainingSettings(
        validation_days=7, test_days=7, gap_days=14, negatives_per_positive=2.5, seed=77
    )


def test_a_company_that_says_nothing_has_the_documented_policy_and_settings() -> None:
    silent = metro().model_copy(update={"parameters": OfferRankingParameters()})
    assert policy_of(silent) == Policy() == Policy("monday", None, 3, 1, 35)
    assert settings_of(silent) == TrainingSettings()


@pytest.mark.slow
def test_the_days_model_was_trained_as_the_company_says(tmp_path: Path) -> None:
    company = metro(label_days=14, training_seed=77)
    models = shelf(tmp_path)
    train(models, impressions(8_000), company=company)
    serving = models.serving(TASK.model, DAY)
    assert serving is not None
    manifest = models.load(serving, TASK.features).manifest
    assert manifest.settings == settings_of(company)
    # Fourteen days between the last validated impression and the first compared one, instead of seven.
    days = {name: (window.first, window.last) for name, window in manifest.windows.items()}
    assert days == {
        "train": (CLOSED_FROM, CLOSED_TO - timedelta(days=28)),
        "validation": (CLOSED_TO - timedelta(days=27), CLOSED_TO - timedelta(days=21)),
        "test": (CLOSED_TO - timedelta(days=6), CLOSED_TO),
    }


def test_the_seed_decides_which_failures_a_model_is_trained_on() -> None:
    table = impressions(1_000)
    closed = examples(table.filter(table["label"].is_valid()), TASK.features, TASK.columns)

    def coefficients(seed: int) -> bytes:
        company = metro(training_seed=seed, negatives_per_positive=1.0)
        settings = settings_of(company).model_copy(update={"most_trees": 2})
        return fit(closed, settings, Provenance({}, "1")).models[0].ranker.content()

    assert coefficients(7) == coefficients(7) != coefficients(8)


EVERY_DAY = 200
UNUSUAL = {"drift_days": 5, "volume_change": 0.05, "new_category_share": 0.5, "label_days": 14}


def usual_weeks() -> pa.Table:
    """200 impressions a day, each of a customer of its own, of which 40 are redeemed."""
    count = EVERY_DAY * WINDOW
    age = np.arange(count) % WINDOW
    label = pa.array((np.arange(count) // WINDOW % 5 == 0).astype(np.int64), mask=age < 7)
    table = with_column(impressions(count), "shown_on", [DAY - timedelta(days=int(days)) for days in age])
    table = with_column(table, "customer_id", [f"C{number}" for number in range(count)])
    return with_column(table, "label", label.to_pylist())


def unusual_days() -> pa.Table:
    """Of the newest five days a fifth is missing, the newest two know nothing but cheese, and of what was shown one to
    two weeks ago nothing is redeemed."""
    table = usual_weeks()
    number = np.arange(len(table))
    age = number % WINDOW
    table = _where(table, "category", age < 2, "Cheese")
    table = _where(table, "label", (age >= 7) & (age < 14), 0)
    return table.filter(pa.array((age >= 5) | (number // WINDOW % 5 > 0)))


def _where(table: pa.Table, name: str, chosen: Bools, value: object) -> pa.Table:
    return with_column(table, name, [value if c else v for c, v in zip(chosen, table[name].to_pylist(), strict=True)])


@lru_cache(maxsize=1)
def usual_model() -> Model:
    """Trained on 20 of these days, 4,000 impressions."""
    table = usual_weeks()
    settings = TrainingSettings(validation_days=7, test_days=7, gap_days=1, most_trees=3)
    closed = examples(table.filter(table["label"].is_valid()), TASK.features, TASK.columns)
    return fit(closed, settings, Provenance({}, "1")).candidate


def found(name: str, figure: str, **parameters: Any) -> DriftRow:
    made = impressions_drift(usual_model(), unusual_days(), metro(**parameters), DAY)
    return next(one for one in made if (one.name, one.figure) == (name, figure))


@pytest.mark.parametrize(
    ("name", "figure", "usual", "unusual"),
    [
        # 160 a day instead of 200. Over five days that is more than chance makes of it, 0.17.
        ("volume", "volume", (0.2, 0.3, "ok"), (0.2, 0.05, "drifted")),
        # Cheese on two of five days.
        ("category", "new_categories", (1.0, 0.05, "drifted"), (0.4, 0.5, "watch")),
        # The newest week that is final after seven days, of which nothing is redeemed; after fourteen, a fifth is.
        ("label", "label_rate", (1.0, 0.5, "drifted"), (0.0, 0.5, "ok")),
    ],
)
def test_drift_is_measured_over_the_companys_days_and_judged_by_its_limits(
    name: str, figure: str, usual: tuple[float, float, str], unusual: tuple[float, float, str]
) -> None:
    for parameters, (value, limit, verdict) in (({}, usual), (UNUSUAL, unusual)):
        one = found(name, figure, **parameters)
        assert one.value == pytest.approx(value), one
        assert (one.threshold, one.verdict) == (limit, verdict), one


def test_each_drift_parameter_has_a_say_of_its_own() -> None:
    """All others at their usual values."""
    assert found("category", "new_categories", drift_days=5).value == pytest.approx(0.4)
    assert found("volume", "volume", volume_change=0.05).threshold == 0.05
    assert found("volume", "volume", drift_days=5, volume_change=0.05).verdict == "drifted"
    assert found("category", "new_categories", new_category_share=0.5).threshold == 0.5
    assert found("label", "label_rate", label_days=14).words == "label: 20.0% redeemed instead of 20.0%"
