"""How many rows a change of scores is told from."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from recs_platform.models.model import Model
from recs_platform.strategies.offer_ranking.drift import CUSTOMER, OFFER, impressions_drift
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform_tests.strategies.offer_ranking import market
from recs_platform_tests.strategies.offer_ranking.serving import a_model

BOUNDLESS = {CUSTOMER: 1e12, OFFER: 1e12, TASK.columns.day: 7.0}


def worth(window: str, independent: dict[str, float]) -> Model:
    """The model, had one of its windows so many customers and offers."""
    model = a_model()
    windows = {**model.manifest.windows, window: replace(model.manifest.windows[window], independent=independent)}
    return replace(model, manifest=model.manifest.model_copy(update={"windows": windows}))


def chance_of_the_score(model: Model) -> float:
    rows = impressions_drift(model, market.impressions(), market.metro(), market.DAY)
    (chance,) = (one.chance for one in rows if (one.name, one.figure) == ("score", "ks"))
    assert chance is not None
    return chance


def test_the_score_is_compared_with_the_rows_of_the_test_window() -> None:
    """Its spread was taken there. KS is uncertain by sqrt(c * (1 / then + 1 / now))."""
    as_it_is = chance_of_the_score(a_model())
    assert chance_of_the_score(worth("train", BOUNDLESS)) == as_it_is
    boundless = chance_of_the_score(worth("test", BOUNDLESS))
    assert as_it_is > boundless
    # Of a window whose subjects were not counted: as many rows then as now.
    assert chance_of_the_score(worth("test", {})) == pytest.approx(math.sqrt(2) * boundless)
