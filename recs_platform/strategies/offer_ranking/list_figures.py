"""What the day's recommendations are like as lists: how much of what runs they show, how varied and how new they are.

Beside them stand the same figures of popularity's lists: each customer's candidates by redemption rate, under no
business rule. Whether customers redeem what they are shown is judged elsewhere (evaluation.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.models import ranking_metrics as metrics
from recs_platform.models.features import Floats
from recs_platform.models.ranking_metrics import Lists, Values, lists
from recs_platform.strategies.offer_ranking.evaluation_rows import Row, average, figure


@dataclass(frozen=True)
class _Shown:
    """Lists with what stands in them, and how many customers bought each item before."""

    lists: Lists
    offers: Values
    categories: Values
    known_to: Values


def list_figures(
    day: date, lengths: Sequence[int], offers: pa.Table, candidates: pa.Table, recommended: pa.Table
) -> Iterator[Row]:
    """No rows when nothing is recommended; `digest` is what scored the recommendations."""
    if not recommended.num_rows:
        return
    # As for candidates: the lists are shown from the day after.
    shown_from = pa.scalar(day + timedelta(days=1), pa.date32())
    runs = pc.and_(pc.less_equal(offers["starts_on"], shown_from), pc.greater_equal(offers["ends_on"], shown_from))
    running = len(pc.unique(offers.filter(runs)["offer_id"]))
    people = len(pc.unique(candidates["customer_id"]))
    buyers = _buyers(candidates)
    ours = _shown(recommended, np.asarray(recommended["rank"].to_numpy()), buyers)
    rates = candidates["historical_redemption_rate"].to_numpy()
    popular = _shown(candidates, metrics.ranks(rates), buyers)
    for k in lengths:
        for row in _at(k, ours, popular, running, people):
            yield {**row, "digest": recommended["scored_by"][0].as_py()}


def _at(k: int, ours: _Shown, popular: _Shown, running: int, people: int) -> Iterator[Row]:
    covered = [metrics.coverage(shown.lists, shown.offers, k, running) for shown in (ours, popular)]
    customers = len(ours.lists.customers)
    yield figure("list", "coverage", k, value=covered[0], baseline=covered[1], sample_size=customers)
    varied = [metrics.diversity(shown.lists, shown.categories, k) for shown in (ours, popular)]
    new = [metrics.novelty(shown.lists, shown.known_to, people, k) for shown in (ours, popular)]
    for name, (own, usual) in (("diversity", varied), ("novelty", new)):
        has_value = int((~np.isnan(own)).sum())
        yield figure("list", name, k, interval=average(own), baseline=metrics.mean(usual), sample_size=has_value)


def _shown(rows: pa.Table, ranks: metrics.Ints, buyers: Mapping[str, int]) -> _Shown:
    offers = np.asarray(rows["offer_id"].to_numpy())
    listed = lists(
        np.asarray(rows["customer_id"].to_numpy()), ranks, np.zeros(len(ranks), dtype=np.bool_), items=offers
    )
    known_to: Floats = np.array([buyers.get(offer, 0) for offer in offers], dtype=np.float64)
    return _Shown(listed, offers, np.asarray(rows["category"].to_numpy()), known_to)


def _buyers(candidates: pa.Table) -> Mapping[str, int]:
    """Per offer, the customers who bought its item: what a customer bought before is a candidate first of all."""
    bought = candidates.filter(candidates["bought_product_before"])
    return Counter(str(offer) for offer in bought["offer_id"].to_pylist())
