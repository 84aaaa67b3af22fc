"""How much a number of impressions is worth as evidence, when many of them are about the same customer or offer.

A customer's impressions repeat the customer's features, and all impressions of an offer repeat the offer's: 5,000
impressions of 60 offers say of discounts what 60 rows would. Not here: what is made of it (drift.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.models.distribution import Distribution, weekdays_of
from recs_platform.models.drift import clustered_rows, independent_rows, rows_of_each
from recs_platform.models.features import Floats
from recs_platform.models.manifest import StoredWindow
from recs_platform.strategies.offer_ranking.features import CUSTOMER_FEATURES, OFFER_FEATURES

CUSTOMER, OFFER, DAY = "customer_id", "offer_id", "shown_on"
BOTH = (CUSTOMER, OFFER)
_OF_FEATURE = {
    **{spec.name: (CUSTOMER,) for spec in CUSTOMER_FEATURES},
    **{spec.name: (OFFER,) for spec in OFFER_FEATURES},
}
_GROUPS = {"business_type_match": ("business_type", "category")}
"""Features that customers of a kind share for all offers of a category. In training they were the same few groups."""
_TAILS = 0.1
"""Shares below it, or above its opposite, are too few rows to see from them how alike subjects are."""


@dataclass(frozen=True)
class Sizes:
    """Independent rows in training and now."""

    then: float
    now: float


def sizes_of_feature(name: str, window: StoredWindow, rows: pa.Table, indicators: Floats) -> Sizes:
    if name in _GROUPS:
        size = independent_rows(
            rows.group_by(list(_GROUPS[name])).aggregate([([], "count_all")])["count_all"].to_numpy()
        )
        return Sizes(size, size)
    return sizes(_OF_FEATURE.get(name, BOTH), window, rows, indicators)


def sizes(subjects: tuple[str, ...], window: StoredWindow, rows: pa.Table, indicators: Floats | None = None) -> Sizes:
    """Of what is about all of the subjects at once.

    If all rows about a customer were alike, and all about an offer, they would be worth as many as there are customers
    or offers, whichever are fewer. They are worth more as far as they are seen to differ. In training they were as
    alike as they are now.
    """
    now = {subject: independent_rows(rows_of_each(rows[subject])) for subject in subjects}
    size = min(now.values())
    if len(subjects) > 1 and indicators is not None and indicators.shape[1]:
        size = max(size, clustered_rows(indicators, [rows[subject] for subject in subjects]))
    # Of a model whose subjects were not counted, training is at least as many rows as now.
    growth = min(window.independent.get(subject, now[subject]) / now[subject] for subject in subjects)
    return Sizes(size * growth, size)


def indicators(values: Floats, distribution: Distribution) -> Floats:
    """A column per edge between bins: whether the value is at most that. Only edges that divide the rows well."""
    known = values[~np.isnan(values)]
    edges = np.array(distribution.edges or ())
    share = np.searchsorted(np.sort(known), edges, side="right") / max(len(known), 1)
    chosen = edges[(share >= _TAILS) & (share <= 1 - _TAILS)]
    found: Floats = (values[:, None] <= chosen[None, :]).astype(np.float64)
    return found


def rows_per_usual_day(window: StoredWindow, rows: pa.Table) -> list[float]:
    """In training, of the days on which anything was shown, a busy one counting more than a quiet one: of all days, and
    of the weekdays of these rows if training had them all."""
    calendar = (window.last - window.first).days + 1
    every = window.rows / window.independent.get(DAY, calendar)
    same = np.array(window.per_weekday)[weekdays_of(pc.unique(rows[DAY]))]
    return [every, float(same.sum() / independent_rows(same))] if same.all() else [every]
