"""A day's weekly lists, from order lines on, as somebody would work them out with pencil and paper: loops over all
clients, items and orders, written from docs/replenishment.md.

Ties that numbers decide are decided by names. How alike clients are is kept with seven digits, as the table keeps it.
Not here: how a list is filled (lists.py) and the platform's own way (worlds.py).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property

import numpy as np

from recs_platform.schemas.replenishment import DISCOVERY, REPURCHASE
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters
from recs_platform_tests.strategies.replenishment.lists import Scored, SmallShop, plain_list

MOST_ORDERS, POPULAR, YEAR, ORDINARY = 8, 50, 364, 10


@dataclass(frozen=True)
class Line:
    day: date
    order: str
    client: str
    item: str
    quantity: int = 1
    returned: int = 0


@dataclass(frozen=True)
class Goods:
    """What the catalog says of an item."""

    group: str | None = None
    category: str | None = None
    brand: str | None = None
    price: float | None = None

    @property
    def alike(self) -> str | None:
        return self.group if self.group is not None else self.category

    @property
    def band(self) -> int | None:
        return math.floor(round(math.log2(self.price), 6)) if self.price else None


@dataclass(frozen=True)
class World:
    day: date
    lines: Sequence[Line]
    catalog: Mapping[str, Goods]
    """Empty where there is none."""
    catalog_before: frozenset[str]


@dataclass(frozen=True)
class Row:
    """A recommendation that scored, of which some are listed."""

    client: str
    item: str
    kind: str
    score: float
    reason: str


class Plain:
    """A day's lists. Each question is answered from the lines anew: slow, and nothing is shared but these answers."""

    def __init__(self, world: World, parameters: ReplenishmentParameters) -> None:
        self.world, self.parameters, self.is_old = world, parameters, parameters.version == "v31"
        self.lines = [line for line in world.lines if 0 <= self.ago(line.day) < parameters.history_days]
        self.ordered = [line for line in self.lines if line.quantity]

    def ago(self, day: date) -> int:
        return (self.world.day - day).days

    # Clients.

    @cached_property
    def clients(self) -> list[str]:
        return sorted({line.client for line in self.ordered})

    def orders(self, client: str, within: int | None = None) -> set[tuple[date, str]]:
        """Its orders, those of the last days if so many are asked for."""
        days = self.parameters.history_days if within is None else within
        return {(line.day, line.order) for line in self.ordered if line.client == client and self.ago(line.day) < days}

    @cached_property
    def active(self) -> list[str]:
        return [client for client in self.clients if self.orders(client, self.parameters.active_window_days)]

    def is_heavy(self, client: str) -> bool:
        """The middle of the places that it shares lies among the upper ones."""
        numbers = sorted(len(self.orders(one, self.parameters.active_window_days)) for one in self.active)
        own = len(self.orders(client, self.parameters.active_window_days))
        places = [place for place, number in enumerate(numbers) if number == own]
        middle = Fraction(places[0] + places[-1] + 1, 2)
        return 2 * middle >= round((1 - self.parameters.heavy_share) * 2 * len(numbers), 6)

    # Items.

    @cached_property
    def kept(self) -> dict[tuple[str, str], list[date]]:
        """By client and item that it ever ordered: the days of its orders that did not come back whole."""
        sent_back = Counter[tuple[str, str, str]]()
        for line in self.lines:
            sent_back[line.client, line.order, line.item] += line.returned
        found = defaultdict[tuple[str, str], list[date]](list)
        for line in self.ordered:
            days = found[line.client, line.item]
            if line.quantity > sent_back[line.client, line.order, line.item]:
                days.append(line.day)
        return {pair: sorted(days) for pair, days in found.items()}

    def days_of(self, item: str) -> list[date]:
        """Of everybody's orders with it."""
        return [day for (_, one), days in self.kept.items() if one == item for day in days]

    @cached_property
    def seen(self) -> list[date]:
        """The first day of each client's orders of an item, also where they came back."""
        return [self._first(client, item) for client, item in self.kept]

    def _first(self, client: str, item: str) -> date:
        ordered = [line.day for line in self.ordered if (line.client, line.item) == (client, item)]
        return min(self.kept[client, item] or ordered)

    @cached_property
    def sold(self) -> list[str]:
        ordered = {item for _, item in self.kept}
        return sorted(self.world.catalog if self.world.catalog else ordered)

    def goods(self, item: str) -> Goods:
        return self.world.catalog.get(item, Goods())

    def trends(self, item: str) -> bool:
        by, days = self.parameters, [self.ago(day) for day in self.days_of(item)]
        if not self.seen or self.ago(min(self.seen)) < 2 * by.trend_days - 1:
            return False
        recent = sum(ago < by.trend_days for ago in days)
        before = sum(by.trend_days <= ago < 2 * by.trend_days for ago in days)
        return recent >= by.trend_min_orders and recent >= round((1 + by.trend_growth) * before, 6)

    def is_new(self, item: str) -> bool:
        before, catalog = self.world.catalog_before, self.world.catalog
        if not before or item not in catalog or item in before:
            return False
        firsts = [self._first(client, one) for client, one in self.kept if one == item]
        return all(self.ago(day) < self.parameters.new_item_days for day in firsts)

    # Seasons.

    def is_season(self, day: date) -> bool:
        """Around this day of any year."""
        around = self.parameters.season_days
        years = range(1 + self.parameters.history_days // YEAR + 1)
        return any(-around <= self.ago(day) - year * YEAR < around for year in years)

    def seasonality(self, item: str) -> float | None:
        if not self.seen or self.ago(min(self.seen)) < YEAR + self.parameters.season_days - 1:
            return None
        everything = [day for days in self.kept.values() for day in days]
        days = self.days_of(item)
        if not everything:
            return None
        usual = sum(map(self.is_season, everything)) / len(everything)
        if usual == 1:
            return None
        more = sum(map(self.is_season, days)) - usual * len(days)
        return max(more, 0) / ((1 - usual) * (len(days) + ORDINARY))

    # What was bought before.

    def own(self, client: str) -> list[str]:
        """What it may buy again: so many items that it orders most, the newest and the season counted twice."""
        by = self.parameters
        kept = {item: days for (one, item), days in self.kept.items() if one == client and days and item in self.sold}

        def counted(item: str) -> int:
            days = kept[item]
            return len(days) + sum(self.ago(d) < by.trend_days for d in days) + sum(map(self.is_season, days))

        best = sorted(kept, key=lambda item: (-counted(item), self.ago(kept[item][-1]), item))
        places = by.repurchases_per_client + by.discoveries_per_client
        return best[: max(by.repurchase_candidates_per_client, places)]

    def repurchase(self, client: str, item: str) -> Row:
        by, days = self.parameters, self.kept[client, item]
        orders, since = self.orders(client), self.ago(days[-1])
        ordinary = len(days) / len(orders) * 0.5 ** (since / by.active_window_days) * self._due(days)
        seasonal = 0.0 if self.is_old else self._seasonal(client, item)
        score = max(ordinary, seasonal) * self._boost(item)
        last = {0: "today", 1: "yesterday"}.get(since, f"{since} days ago")
        season = "; as at this time of last year" if seasonal > ordinary else ""
        reason = f"bought in {len(days)} of {len(orders)} orders, last {last}{season}{self._trending(item)}"
        return Row(client, item, REPURCHASE, rounded(score), reason)

    def _due(self, days: Sequence[date]) -> float:
        if self.is_old:
            return 1
        if len(days) < 2 or days[0] == days[-1]:
            return 0.25
        gap, since = (days[-1] - days[0]).days / (len(days) - 1), self.ago(days[-1])
        return 0.25 + 0.75 * (since / gap if since <= gap else gap / since)

    def _seasonal(self, client: str, item: str) -> float:
        days, seasonality = self.kept[client, item], self.seasonality(item)
        if seasonality is None or self.ago(days[-1]) < self.parameters.season_days:
            return 0.0
        of_client = [day for day, _ in self.orders(client) if self.is_season(day)]
        return seasonality * sum(map(self.is_season, days)) / len(of_client) if of_client else 0.0

    def _boost(self, item: str) -> float:
        return 1 + self.parameters.trend_boost if not self.is_old and self.trends(item) else 1

    def _trending(self, item: str) -> str:
        return "; trending" if not self.is_old and self.trends(item) else ""

    # Who is alike.

    def likeness(self, one: str, other: str) -> float:
        most = 1 if self.is_old else MOST_ORDERS
        ours, theirs = self._counts(one, most), self._counts(other, most)
        common = sum((ours & theirs).values())
        if not common:
            return 0
        items = common / sum((ours | theirs).values())
        if self.is_old:
            return items
        lately = ratio(1 + self.since(one), 1 + self.since(other))
        often = ratio(len(self.orders(one)), len(self.orders(other)))
        by = self.parameters
        parts = by.product_similarity * items + by.recency_similarity * lately + by.frequency_similarity * often
        return parts / (by.product_similarity + by.recency_similarity + by.frequency_similarity)

    def _counts(self, client: str, most: int) -> Counter[str]:
        return Counter({item: min(len(days), most) for (one, item), days in self.kept.items() if one == client})

    def since(self, client: str) -> int:
        return min(self.ago(day) for day, _ in self.orders(client))

    def similar(self, client: str) -> list[tuple[str, np.float32]]:
        likeness = {one: self.likeness(client, one) for one in self.clients if one != client}
        nearest = sorted((one for one in likeness if likeness[one] > 0), key=lambda one: (-likeness[one], one))
        return [(one, np.float32(likeness[one])) for one in nearest[: self.parameters.neighbours]]

    # What was never bought.

    def buyers(self, item: str) -> int:
        return sum(bool(self.kept.get((client, item))) for client in self.active)

    def of_similar(self, client: str) -> dict[str, tuple[float, int]]:
        """Item: its share of the likeness of all similar clients, and how many of them buy it."""
        similar = self.similar(client)
        shares: dict[str, tuple[np.float32, int]] = {}
        for item in self.sold:
            likeness = [alike for one, alike in similar if self.kept.get((one, item))]
            if likeness and (client, item) not in self.kept:
                shares[item] = sum(likeness, start=np.float32(0)), len(likeness)
        whole = float(sum((alike for _, alike in similar), start=np.float32(0)))
        best = sorted(shares, key=lambda item: (-shares[item][0], item))[: self.parameters.candidates_per_client]
        return {item: (min(float(shares[item][0]) / whole, 1.0), shares[item][1]) for item in best}

    def affinities(self, client: str) -> dict[str, float]:
        """The new items that come first."""
        bought = {item: len(days) for (one, item), days in self.kept.items() if one == client and item in self.sold}
        found = {}
        for item in filter(self.is_new, self.sold):
            of = self.goods(item)
            alike = [
                sum(orders for one, orders in bought.items() if mine is not None and theirs(self.goods(one)) == mine)
                for mine, theirs in (
                    (of.alike, lambda goods: goods.alike),
                    (of.brand, lambda goods: goods.brand),
                    (of.band, lambda goods: goods.band),
                )
            ]
            if alike[0] and (client, item) not in self.kept:
                found[item] = sum(alike) / (3 * sum(bought.values()))
        places = math.floor(round(self.parameters.new_item_share * self.parameters.discoveries_per_client, 6))
        return {item: found[item] for item in sorted(found, key=lambda item: (-found[item], item))[:places]}

    def discoveries(self, client: str) -> list[Row]:
        if self.is_old and self.is_heavy(client):
            return []
        new = {} if self.is_old else self.affinities(client)
        rows = [Row(client, i, DISCOVERY, rounded(2 + new[i]), f"new in {self.goods(i).alike}") for i in new]
        of_similar = self.of_similar(client)
        bought = [item for item in self.sold if self.buyers(item)]
        popular = sorted(bought, key=lambda item: (-self.buyers(item), item))[:POPULAR]
        for item in sorted({*of_similar, *popular} - new.keys()):
            if (client, item) in self.kept:
                continue
            share, neighbours = of_similar.get(item, (0.0, 0))
            score = (share + 0.1 * self.buyers(item) / len(self.active)) * self._boost(item)
            reason = f"bought by {self.buyers(item)} of {len(self.active)} clients"
            if neighbours:
                reason = f"bought by {neighbours} of the similar clients"
            rows.append(Row(client, item, DISCOVERY, rounded(score), reason + self._trending(item)))
        return rows

    # Lists.

    @cached_property
    def scores(self) -> list[Row]:
        rows = []
        for client in self.active:
            rows += [self.repurchase(client, item) for item in sorted(self.own(client))] + self.discoveries(client)
        return rows

    @cached_property
    def lists(self) -> dict[str, list[Row]]:
        """Of every active client, in the order of ranks."""
        by_pair = {(row.client, row.item): row for row in self.scores}
        scored = {c: [Scored(r.item, r.kind, r.score) for r in self.scores if r.client == c] for c in self.active}
        shop = SmallShop(scored, {item: self.goods(item).alike for item in self.sold}, frozenset(self.kept))
        return {c: [by_pair[c, item] for item, _ in plain_list(shop, c, self.parameters)] for c in self.active}

    @property
    def week(self) -> date:
        return self.world.day + timedelta(days=-self.world.day.weekday() % 7)


def ratio(one: int, other: int) -> float:
    return min(one, other) / max(one, other)


def rounded(score: float) -> float:
    """To six digits, halves upwards."""
    return math.floor(score * 1e6 + 0.5) / 1e6
