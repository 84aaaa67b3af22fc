"""How many rows a change of scores is told from, and which shares tell how alike rows are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.models.distribution import of_numbers
from recs_platform.models.features import Floats
from recs_platform.models.manifest import StoredWindow
from recs_platform.models.model import Model
from recs_platform.strategies.offer_ranking.drift import findings
from recs_platform.strategies.offer_ranking.drift_sizes import BOTH, CUSTOMER, DAY, OFFER, indicators, sizes
from recs_platform_tests.strategies.offer_ranking import market
from recs_platform_tests.strategies.offer_ranking.serving import a_model

BOUNDLESS = {CUSTOMER: 1e12, OFFER: 1e12, DAY: 7.0}


def worth(window: str, independent: dict[str, float]) -> Model:
    """The model, had one of its windows so many customers and offers."""
    model = a_model()
    windows = {**model.manifest.windows, window: replace(model.manifest.windows[window], independent=independent)}
    return replace(model, manifest=model.manifest.model_copy(update={"windows": windows}))


def chance_of_the_score(model: Model) -> float:
    found = findings(model, market.impressions(), market.metro(), market.DAY)
    (chance,) = (one.chance for one in found if (one.name, one.figure) == ("score", "ks"))
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


def test_only_edges_with_a_tenth_of_the_rows_on_either_side_tell_how_alike_rows_are() -> None:
    """Twenty known values: at most 1 are 5% of them, 2 are 10%, 18 are 90%, 19 are 95%."""
    values = np.array([*range(1, 21), np.nan])
    edges = (1.0, 2.0, 10.0, 18.0, 19.0)
    chosen = indicators(values, of_numbers(values, edges))
    assert chosen.sum(axis=0).tolist() == [2, 10, 18]
    assert chosen[-1].tolist() == [0, 0, 0], "what is missing is below no edge"


def test_one_dear_offer_does_not_make_all_rows_those_of_offers() -> None:
    """Each of 20 customers saw each of 20 offers. One offer is dear for everybody, which says nothing of the others:
    whether theirs is cheap is as often so for each customer and each offer."""
    customer, offer = (part.ravel() for part in np.meshgrid(np.arange(20), np.arange(20), indexing="ij"))
    values = np.where(offer == 0, 9.0, 1.0 + (customer + offer) % 2)
    rows = pa.table({CUSTOMER: pa.array(customer.astype(str)), OFFER: pa.array(offer.astype(str))})
    window = StoredWindow(market.DAY, market.DAY, 400, 10, {CUSTOMER: 20.0, OFFER: 20.0}, (0.0,) * 7)

    def size(shares: Floats) -> float:
        return sizes(BOTH, window, rows, shares).now

    assert size(indicators(values, of_numbers(values, (1.0, 2.0)))) > 200
    with_the_dear_one = (values[:, None] <= np.array([[1.0, 2.0]])).astype(np.float64)
    assert size(with_the_dear_one) < 22
