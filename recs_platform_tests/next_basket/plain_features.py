"""Every feature of a candidate from the baskets themselves, one client and one item at a time."""

from __future__ import annotations

import math
from itertools import pairwise

from recs_platform.next_basket.features import SPARSE
from recs_platform.next_basket.popularity import RECENT_BASKETS, RECENT_DAYS
from recs_platform.next_basket.sources import Settings
from recs_platform_tests.next_basket import plain

NAN = math.nan
Row = dict[str, float]


def own_features(baskets: list[plain.Basket], item: int, settings: Settings) -> Row:
    numbers = [number for number, basket in enumerate(baskets) if item in basket]
    total, last = len(baskets), len(baskets) - 1
    slow, fast = (
        plain.tifu_vector(baskets, decay.in_group, decay.between_groups, decay.group).get(item, 0.0)
        for decay in (settings.slow, settings.fast)
    )
    row: Row = {
        "own_count": len(numbers),
        "own_share": len(numbers) / total,
        "own_share_since_first": len(numbers) / (total - numbers[0]) if numbers else 0.0,
        "own_recency": last - numbers[-1] if numbers else NAN,
        "own_first_seen": last - numbers[0] if numbers else NAN,
        "own_recent_share": sum(item in basket for basket in baskets[-5:]) / 5,
        "own_decayed_slow": slow,
        "own_decayed_fast": fast,
        "own_mean_gap": NAN,
        "own_last_gap": NAN,
        "own_dueness": NAN,
    }
    if len(numbers) > 1:
        gap = (numbers[-1] - numbers[0]) / (len(numbers) - 1)
        row |= {"own_mean_gap": gap, "own_last_gap": numbers[-1] - numbers[-2]}
        row["own_dueness"] = (total - numbers[-1]) / gap
    return row


def own_features_in_days(baskets: list[plain.Basket], days: list[int], item: int, as_of: int) -> Row:
    bought = [day for basket, day in zip(baskets, days, strict=True) if item in basket]
    row: Row = {"own_recency_days": NAN, "own_mean_gap_days": NAN, "own_dueness_days": NAN}
    if bought:
        row["own_recency_days"] = as_of - bought[-1]
    if len(bought) > 1:
        row["own_mean_gap_days"] = (bought[-1] - bought[0]) / (len(bought) - 1)
        row["own_dueness_days"] = (as_of - bought[-1]) / max(row["own_mean_gap_days"], 1)
    for name, half_life in (("month", 30), ("quarter", 90)):
        row[f"own_decayed_{name}"] = sum(0.5 ** ((as_of - day) / half_life) for day in bought)
    return row


def item_features(histories: plain.Histories, days: dict[int, list[int]] | None, item: int, as_of: int) -> Row:
    everything = [basket for baskets in histories.values() for basket in baskets]
    if days is None:
        recent = [basket for baskets in histories.values() for basket in baskets[-RECENT_BASKETS:]]
    else:
        recent = [
            basket
            for client, baskets in histories.items()
            for basket, day in zip(baskets, days[client], strict=True)
            if day >= as_of - RECENT_DAYS
        ]
    buyers = [numbers for baskets in histories.values() if (numbers := [n for n, b in enumerate(baskets) if item in b])]
    popularity = sum(item in basket for basket in everything) / len(everything)
    recently = sum(item in basket for basket in recent) / max(1, len(recent))
    gaps = [later - earlier for numbers in buyers for earlier, later in pairwise(numbers)]
    return {
        "popularity": popularity,
        "recent_popularity": recently,
        "popularity_growth": recently / (popularity + SPARSE),
        "item_clients": len(buyers) / len(histories),
        "item_bought_again": sum(len(numbers) > 1 for numbers in buyers) / len(buyers),
        "item_mean_gap": sum(gaps) / len(gaps) if gaps else NAN,
    }


def client_features(baskets: list[plain.Basket], days: list[int] | None, as_of: int) -> Row:
    lines, items = sum(map(len, baskets)), frozenset[int]().union(*baskets)
    known: set[int] = set()
    again = 0
    for basket in baskets:
        again += len(basket & known)
        known |= basket
    later = lines - len(baskets[0])
    return {
        "client_baskets": len(baskets),
        "client_basket_size": lines / len(baskets),
        "client_last_size": len(baskets[-1]),
        "client_items": len(items),
        "client_variety": len(items) / lines,
        "client_bought_again": again / later if later else NAN,
        "client_gap_days": (days[-1] - days[0]) / (len(days) - 1) if days and len(days) > 1 else NAN,
        "client_days_since": as_of - days[-1] if days else NAN,
        "client_history_days": as_of - days[0] if days else NAN,
    }


def neighbour_scores(vectors: dict[int, plain.Vector], client: int, measure: str, count: int) -> plain.Vector:
    """By distance the plain mean of the nearest; by cosine a mean weighted by it."""
    if measure == "l2":
        near = dict.fromkeys(plain.nearest(vectors, client, count), 1.0)
    else:
        cosines = {o: plain.cosine(vectors[client], v) for o, v in vectors.items() if o != client}
        near = dict(sorted(((o, c) for o, c in cosines.items() if c > 0), key=lambda one: (-one[1], one[0]))[:count])
    total = sum(near.values())
    scores: plain.Vector = {}
    for other, weight in near.items():
        for item, value in vectors[other].items():
            scores[item] = scores.get(item, 0.0) + weight / total * value
    return scores
