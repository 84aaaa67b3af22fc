"""The published methods client by client, as their papers tell them, and slow plain ways to what the package computes.

A history is a list of baskets, the oldest first, and a basket a set of items. Clients and items are whole numbers here,
so that ties are decided as in the package: by the smaller number.
"""

from __future__ import annotations

import math
from collections import defaultdict

Basket = frozenset[int]
Histories = dict[int, list[Basket]]
Vector = dict[int, float]


def tifu_vector(baskets: list[Basket], in_group: float, between_groups: float, size: int) -> Vector:
    """Baskets in groups of `size` from the newest one back; decayed averages in groups, then between them."""
    groups = [baskets[max(0, end - size) : end] for end in range(len(baskets), 0, -size)]
    vector: Vector = defaultdict(float)
    for age, group in enumerate(groups):
        for place, basket in enumerate(reversed(group)):
            for item in basket:
                vector[item] += between_groups**age / len(groups) * in_group**place / len(group)
    return dict(vector)


def distance(one: Vector, other: Vector) -> float:
    return math.sqrt(sum((one.get(item, 0.0) - other.get(item, 0.0)) ** 2 for item in {*one, *other}))


def cosine(one: Vector, other: Vector) -> float:
    common = sum(value * other.get(item, 0.0) for item, value in one.items())
    lengths = math.sqrt(sum(v * v for v in one.values())) * math.sqrt(sum(v * v for v in other.values()))
    return common / lengths if lengths else 0.0


def nearest(vectors: dict[int, Vector], client: int, count: int) -> list[int]:
    """By Euclidean distance; never the client itself."""
    others = [(distance(vectors[client], vector), other) for other, vector in vectors.items() if other != client]
    return [other for _, other in sorted(others)[:count]]


def average(vectors: list[Vector]) -> Vector:
    total: Vector = defaultdict(float)
    for vector in vectors:
        for item, value in vector.items():
            total[item] += value / len(vectors)
    return dict(total)


def tifu_scores(
    histories: Histories, client: int, in_group: float, between_groups: float, size: int, neighbours: int, alpha: float
) -> Vector:
    vectors = {one: tifu_vector(baskets, in_group, between_groups, size) for one, baskets in histories.items()}
    others = average([vectors[one] for one in nearest(vectors, client, neighbours)])
    mine = vectors[client]
    return {item: alpha * mine.get(item, 0.0) + (1 - alpha) * others.get(item, 0.0) for item in {*mine, *others}}


def up_cf_scores(histories: Histories, client: int, recency: int, asymmetry: float, locality: int) -> Vector:
    """User-wise popularity of the last `recency` baskets (0: all), summed over all clients, the client itself among
    them, by the asymmetric cosine of all that they ever bought."""
    bought = {one: frozenset[int]().union(*baskets) for one, baskets in histories.items()}
    scores: Vector = defaultdict(float)
    for other, baskets in histories.items():
        common = len(bought[client] & bought[other])
        lengths = len(bought[client]) ** asymmetry * len(bought[other]) ** (1 - asymmetry)
        similarity = common / lengths
        recent = baskets[-recency:] if recency else baskets
        for basket in recent:
            for item in basket:
                scores[item] += similarity**locality / len(recent)
    return dict(scores)


def ranked(scores: Vector, length: int) -> list[int]:
    """The highest first, equal ones by their number; nothing without a score."""
    order = sorted((-score, item) for item, score in scores.items() if score > 0)
    return [item for _, item in order[:length]]


def own_top(histories: Histories, client: int) -> Vector:
    counts: Vector = defaultdict(float)
    for basket in histories[client]:
        for item in basket:
            counts[item] += 1
    return dict(counts)


def global_top(histories: Histories) -> Vector:
    counts: Vector = defaultdict(float)
    for client in histories:
        for item, count in own_top(histories, client).items():
            counts[item] += count
    return dict(counts)


def own_then_global(histories: Histories, client: int, length: int) -> list[int]:
    """Own items by how often, equal ones by how often everybody bought them; then everybody's."""
    mine, everybody = own_top(histories, client), global_top(histories)
    order = sorted((-mine.get(item, 0), -count, item) for item, count in everybody.items())
    return [item for _, _, item in order[:length]]
