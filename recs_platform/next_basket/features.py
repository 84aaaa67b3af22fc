"""What a ranker is told of each candidate, as one table: a row per client and item, in their order.

Time counts in the client's baskets, and in days as well where a log has days; a feature that a log cannot say is NaN in
every row, so that every log has the same columns. Nothing looks beyond the history that the sources were made of.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.next_basket.arrays import Floats, Ints, Singles, over
from recs_platform.next_basket.candidates import Candidates
from recs_platform.next_basket.columns import FEATURES as FEATURES
from recs_platform.next_basket.decayed import by_days
from recs_platform.next_basket.habits import Habits, habits
from recs_platform.next_basket.own import Rows
from recs_platform.next_basket.seasons import season_lift, weekday_lift
from recs_platform.next_basket.sources import FAST, SLOW, Known
from recs_platform.next_basket.taste import shares

HALF_LIVES = {"month": 30.0, "quarter": 90.0}
ATTRIBUTES = ("group", "brand", "price_band")
SPARSE = 1e-6
"""Added to a popularity that is divided by."""
OVER_POPULARITY = ("neighbours_slow_l2", "neighbours_slow_cosine", "transitions")


def features(found: Known, chosen: Candidates) -> pa.Table:
    """Client and item by name, then the features of `FEATURES`."""
    client, item = chosen.client, chosen.item
    columns: dict[str, Singles] = {}
    rows = Rows(found.own.at(client, item))
    client_habits = habits(found.own, found.as_of)
    columns |= _own(found, rows)
    columns |= _own_days(found, rows)
    columns |= _everybody(found, item)
    columns |= chosen.scores
    columns |= {
        f"{name}_over_popularity": score / (columns["popularity"] + SPARSE)
        for name, score in chosen.scores.items()
        if name in OVER_POPULARITY
    }
    columns |= _client(client_habits, client)
    columns |= _season(found, client, item)
    columns |= _taste(found, client, item)
    log = found.own.log
    names = {"customer_id": _named(log.clients, client), "item_id": _named(log.items, item)}
    return pa.table(names | {name: pa.array(columns[name]) for name in FEATURES})


def _named(names: pa.Array[Any], numbers: Ints) -> pa.Array[Any]:
    return pa.DictionaryArray.from_arrays(numbers.astype(np.int32), names)


def _own(found: Known, rows: Rows) -> dict[str, Singles]:
    own, log = found.own, found.own.log
    since = log.age[own.last_basket]
    spans = log.number[own.last_basket] - log.number[own.earliest_basket]
    gap = over(spans, own.count - 1)
    last = _before_last(found)
    return {
        "own_count": rows.take(own.count, 0),
        "own_share": rows.take(own.count / log.baskets[own.client], 0),
        "own_share_since_first": rows.take(own.count / (log.age[own.earliest_basket] + 1), 0),
        "own_recency": rows.take(since),
        "own_first_seen": rows.take(log.age[own.earliest_basket]),
        "own_mean_gap": rows.take(gap),
        "own_last_gap": rows.take(last),
        "own_dueness": rows.take((since + 1) / np.maximum(gap, 1)),
        "own_recent_share": rows.take(own.summed((log.age < 5).astype(np.float64)) / 5, 0),
        "own_decayed_slow": rows.take(found.decayed[SLOW], 0),
        "own_decayed_fast": rows.take(found.decayed[FAST], 0),
        "own_item_dueness": rows.take((since + 1) / found.popularity.gap[own.item]),
    }


def _before_last(found: Known) -> Floats:
    """From the purchase before the last one to the last one, in baskets."""
    own = found.own
    again = own.count > 1
    of = np.full(len(own.item), np.nan)
    before = own.basket[own.first_line[1:][again] - 2]
    of[again] = own.last_basket[again] - before
    return of


def _own_days(found: Known, rows: Rows) -> dict[str, Singles]:
    own, log, as_of = found.own, found.own.log, found.as_of
    names = ("own_recency_days", "own_mean_gap_days", "own_dueness_days", *(f"own_decayed_{one}" for one in HALF_LIVES))
    if log.basket_day is None or as_of is None:
        return {name: rows.nothing() for name in names}
    since = as_of[own.client] - log.basket_day[own.last_basket]
    gap = over(log.basket_day[own.last_basket] - log.basket_day[own.earliest_basket], own.count - 1)
    return {
        "own_recency_days": rows.take(since),
        "own_mean_gap_days": rows.take(gap),
        "own_dueness_days": rows.take(since / np.maximum(gap, 1)),
    } | {
        f"own_decayed_{name}": rows.take(own.summed(by_days(log, as_of, days)), 0) for name, days in HALF_LIVES.items()
    }


def _everybody(found: Known, item: Ints) -> dict[str, Singles]:
    popularity = found.popularity
    return {
        "popularity": _single(popularity.baskets[item]),
        "recent_popularity": _single(popularity.recent[item]),
        "popularity_growth": _single(popularity.recent[item] / (popularity.baskets[item] + SPARSE)),
        "item_clients": _single(popularity.clients[item]),
        "item_bought_again": _single(popularity.bought_again[item]),
        "item_mean_gap": _single(popularity.gap[item]),
    }


def _client(habits: Habits, client: Ints) -> dict[str, Singles]:
    return {
        "client_baskets": _single(habits.baskets[client]),
        "client_basket_size": _single(habits.basket_size[client]),
        "client_last_size": _single(habits.last_size[client]),
        "client_items": _single(habits.items[client]),
        "client_variety": _single(habits.variety[client]),
        "client_bought_again": _single(habits.bought_again[client]),
        "client_gap_days": _single(habits.gap_days[client]),
        "client_days_since": _single(habits.days_since[client]),
        "client_history_days": _single(habits.history_days[client]),
    }


def _season(found: Known, client: Ints, item: Ints) -> dict[str, Singles]:
    log, as_of = found.own.log, found.as_of
    if log.basket_day is None or as_of is None:
        return {name: np.full(len(item), np.nan, dtype=np.float32) for name in ("weekday_lift", "season_lift")}
    days = as_of[client]
    return {"weekday_lift": weekday_lift(log, days, item), "season_lift": season_lift(log, days, item)}


def _taste(found: Known, client: Ints, item: Ints) -> dict[str, Singles]:
    attributes = found.attributes
    unknown = np.full(len(item), np.nan, dtype=np.float32)
    return {
        f"client_{name}_share": shares(found.own, attributes[name], client, item) if name in attributes else unknown
        for name in ATTRIBUTES
    }


def _single(values: Floats | Ints) -> Singles:
    return np.asarray(values).astype(np.float32)
