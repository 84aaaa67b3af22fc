"""Weekly lists of version 3.2 the straightforward way: client by client, in pandas, from the same orders.

What a client's list needs of everybody is grouped once; all else is asked of the whole table for each client again, as
a notebook does it. Not here: seasons, which a year of orders does not tell, and the words of reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from recs_platform.bench.measure import Stopwatch
    from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters

_MOST_ORDERS, _POPULAR = 8, 50
_CLIENT, _ITEM = "customer_id", "item_id"


def weekly_lists(
    folder: Path, day: date, parameters: ReplenishmentParameters, clients: Iterable[str], watch: Stopwatch
) -> pd.DataFrame:
    """Of each client its items in the order of ranks, with their kinds. The lists' seconds are a step of their own."""
    import pandas as pd

    with watch.step("habits"):
        world = _World(folder, pd.Timestamp(day), parameters)
    with watch.step("lists"):
        return pd.concat([world.list_of(client).assign(customer_id=client) for client in clients])


class _World:
    """What every client's list is made of."""

    def __init__(self, folder: Path, day: pd.Timestamp, parameters: ReplenishmentParameters) -> None:
        import numpy as np
        import pandas as pd

        self.parameters, self.day = parameters, day
        lines = pd.read_parquet(folder / "lines.parquet").assign(
            event_date=lambda table: pd.to_datetime(table["event_date"])
        )
        trend = pd.Timedelta(days=parameters.trend_days)
        kept = lines[lines["quantity"] > lines["returned"]]
        kept = kept.assign(
            recent=kept["event_date"] > day - trend,
            earlier=(kept["event_date"] <= day - trend) & (kept["event_date"] > day - 2 * trend),
        )
        of_pair = kept.groupby([_CLIENT, _ITEM])
        self.known = lines[[_CLIENT, _ITEM]].drop_duplicates()
        bought = of_pair.agg(
            orders=("order_id", "size"),
            first=("event_date", "min"),
            last=("event_date", "max"),
            recent=("recent", "sum"),
            earlier=("earlier", "sum"),
        ).reset_index()
        self.clients = lines.groupby(_CLIENT).agg(orders=("order_id", "nunique"), last=("event_date", "max"))
        self.clients["days_since"] = (day - self.clients["last"]).dt.days
        active = self.clients.index[self.clients["days_since"] < parameters.active_window_days]
        self.active = len(active)
        self.items = _items(folder, day, parameters, bought, lines)
        self.bought = bought.assign(counted=np.minimum(bought["orders"], _MOST_ORDERS))
        self.all_counted = self.bought.groupby(_CLIENT)["counted"].sum().reindex(self.clients.index).fillna(0)
        buyers = self.bought[self.bought[_CLIENT].isin(active) & self.bought[_ITEM].isin(self.items.index)]
        self.buyers = buyers.groupby(_ITEM).size()
        self.popular = (
            self.buyers.rename("clients").reset_index().sort_values(["clients", _ITEM], ascending=[False, True])
        )[_ITEM].head(_POPULAR)

    def list_of(self, client: str) -> pd.DataFrame:
        mine = self.bought[self.bought[_CLIENT] == client].set_index(_ITEM)
        known = set(self.known[self.known[_CLIENT] == client][_ITEM])
        repurchases = self._repurchases(client, mine[mine.index.isin(self.items.index)])
        return self._filled(repurchases, self._discoveries(client, mine, known))

    def _repurchases(self, client: str, mine: pd.DataFrame) -> pd.DataFrame:
        import numpy as np

        since = (self.day - mine["last"]).dt.days
        span = (mine["last"] - mine["first"]).dt.days
        gap = (span.where(span > 0) / (mine["orders"] - 1).where(mine["orders"] > 1)).to_numpy()
        nearer = np.where(since <= gap, since / gap, gap / since.where(since > 0))
        due = np.where(np.isnan(gap), 0.25, 0.25 + 0.75 * nearer)
        share = mine["orders"] / self.clients["orders"][client]
        lateness = 0.5 ** (since / self.parameters.active_window_days)
        return self._scored(share * lateness * due * self._boost(mine.index), "repurchase")

    def _discoveries(self, client: str, mine: pd.DataFrame, known: set[str]) -> pd.DataFrame:
        import pandas as pd

        near = self._similar(client, mine)
        theirs = self.bought[self.bought[_CLIENT].isin(near.index)]
        theirs = theirs[theirs[_ITEM].isin(self.items.index) & ~theirs[_ITEM].isin(known)]
        share = theirs[_CLIENT].map(near).groupby(theirs[_ITEM]).sum() / near.sum()
        ranked = share.rename("share").reset_index().sort_values(["share", _ITEM], ascending=[False, True])
        best = ranked.head(self.parameters.candidates_per_client).set_index(_ITEM)["share"]
        fresh = self._new(mine, known)
        others = [item for item in self.popular if item not in known and item not in best.index]
        share = pd.concat([best, pd.Series(0.0, index=pd.Index(others, name=_ITEM))])
        share = share[~share.index.isin(fresh.index)]
        popular = 0.1 * self.buyers.reindex(share.index).fillna(0) / self.active
        return pd.concat([self._scored((share + popular) * self._boost(share.index), "discovery"), fresh])

    def _similar(self, client: str, mine: pd.DataFrame) -> pd.Series:
        """The neighbours' likeness, by the neighbour."""
        import numpy as np

        weights = self.parameters
        theirs = self.bought[self.bought[_ITEM].isin(mine.index) & (self.bought[_CLIENT] != client)]
        both = theirs.assign(mine=theirs[_ITEM].map(mine["counted"]))
        common = both[["counted", "mine"]].min(axis=1).groupby(both[_CLIENT]).sum()
        apart = self.all_counted[client] + self.all_counted[common.index] - common
        others, own = self.clients.loc[common.index], self.clients.loc[client]
        likeness = weights.product_similarity * common / apart.clip(lower=1)
        for weight, ours, numbers in (
            (weights.recency_similarity, own["days_since"] + 1, others["days_since"] + 1),
            (weights.frequency_similarity, own["orders"], others["orders"]),
        ):
            likeness += weight * np.minimum(ours, numbers) / np.maximum(ours, numbers)
        likeness /= weights.product_similarity + weights.recency_similarity + weights.frequency_similarity
        found = likeness.rename("likeness").reset_index()
        found = found.sort_values(["likeness", _CLIENT], ascending=[False, True]).head(weights.neighbours)
        near: pd.Series = found.set_index(_CLIENT)["likeness"]
        return near

    def _new(self, mine: pd.DataFrame, known: set[str]) -> pd.DataFrame:
        """What is new in the catalog, by the client's orders of its group, brand and price band."""
        import math

        import numpy as np

        tastes = self.items.loc[mine.index.intersection(self.items.index)].assign(orders=mine["orders"])
        fresh = self.items[self.items["is_new"] & ~self.items.index.isin(known)]
        of = {name: fresh[name].map(tastes.groupby(name)["orders"].sum()) for name in ("group_id", "brand", "band")}
        total = sum((one.fillna(0) for one in of.values()), start=fresh["price"] * 0)
        affinity = (total / (3 * tastes["orders"].sum()))[of["group_id"].notna()]
        most = math.floor(round(self.parameters.new_item_share * self.parameters.discoveries_per_client, 6))
        order = np.lexsort((affinity.index.to_numpy(dtype=str), -affinity.to_numpy()))[:most]
        return self._scored(2 + affinity.iloc[order], "discovery")

    def _boost(self, items: Any) -> Any:
        return 1 + self.parameters.trend_boost * self.items["is_trending"].reindex(items).to_numpy(dtype=float)

    def _scored(self, score: pd.Series, kind: str) -> pd.DataFrame:
        import pandas as pd

        groups = self.items["group_id"].reindex(score.index)
        return pd.DataFrame(
            {_ITEM: score.index, "kind": kind, "score": score.round(6).to_numpy(), "group_id": groups.to_numpy()}
        )

    def _filled(self, repurchases: pd.DataFrame, discoveries: pd.DataFrame) -> pd.DataFrame:
        import pandas as pd

        wanted = self.parameters.repurchases_per_client
        places = wanted + self.parameters.discoveries_per_client
        chosen: dict[str, tuple[str, float]] = {}
        groups: dict[str, int] = {}
        ordered = [of.sort_values(["score", _ITEM], ascending=[False, True]) for of in (repurchases, discoveries)]
        for of, until in ((ordered[0], wanted), (ordered[1], places), (ordered[0], places)):
            for item, kind, score, group in of[[_ITEM, "kind", "score", "group_id"]].itertuples(index=False):
                if len(chosen) == until:
                    break
                if item not in chosen and groups.get(group, 0) < self.parameters.max_per_group:
                    chosen[item], groups[group] = (kind, score), groups.get(group, 0) + 1
        listed = pd.DataFrame([(item, *of) for item, of in chosen.items()], columns=[_ITEM, "kind", "score"])
        by = listed.assign(place=(listed["kind"] == "discovery").astype(int))
        by = by.sort_values(["place", "score", _ITEM], ascending=[True, False, True])
        return by[[_ITEM, "kind"]].assign(rank=range(1, len(by) + 1))


def _items(
    folder: Path, day: pd.Timestamp, parameters: ReplenishmentParameters, bought: pd.DataFrame, lines: pd.DataFrame
) -> pd.DataFrame:
    """What may be recommended, with what it is like."""
    import numpy as np
    import pandas as pd

    now, before = (
        pd.read_parquet(folder / f"catalog-{at.date()}.parquet").set_index(_ITEM)
        for at in (day, day - pd.Timedelta(days=parameters.new_item_days))
    )
    sums = bought.groupby(_ITEM)[["recent", "earlier"]].sum().reindex(now.index).fillna(0)
    first = lines.groupby(_ITEM)["event_date"].min().reindex(now.index)
    grown = sums["recent"] >= ((1 + parameters.trend_growth) * sums["earlier"]).round(6)
    fresh = first.isna() | (first > day - pd.Timedelta(days=parameters.new_item_days))
    return now.assign(
        is_trending=grown & (sums["recent"] >= parameters.trend_min_orders),
        is_new=~now.index.isin(before.index) & fresh,
        band=np.floor(np.round(np.log2(now["price"]), 6)),
    )
