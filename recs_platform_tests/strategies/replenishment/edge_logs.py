"""Purchase logs of clients who are unlike most: companies made of one file each, and what their week comes to.

Not here: which outcome is the right one (test_edges_end_to_end.py).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate, count, pairwise
from random import Random
from typing import Any

from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.cli.terminal import Terminal

FIRST, SUNDAY, WEEK = date(2025, 10, 6), date(2025, 11, 30), "2025-12-01"
WEEKS = 8
CROWD, GOODS = 80, 30
"""So many clients that there is enough to train a model on."""
LONG = "Ünï😀 " * 39 + "é€/\\,"
"""An item of 200 characters: letters of other alphabets, and the signs that part fields and ids."""
Line = tuple[str, str, str, date]
"""Client, order, item, day."""
EXPERIMENT = "all versions"
SHARES: Mapping[str, float] = {"v31": 0.3, "v32": 0.3, "v4": 0.4}
SIDE_BY_SIDE = {"experiment": EXPERIMENT, "experiment_shares": {str(FIRST): dict(SHARES)}}
"""Parameters by which the lists of all versions are made in one week."""


@lru_cache
def of_version(kind: str, version: str) -> str:
    """A client of a kind whom the experiment draws for a version."""
    bounds = [0.0, *accumulate(SHARES.values())]
    low, high = next(bound for name, bound in zip(SHARES, pairwise(bounds), strict=True) if name == version)
    return next(name for name in (f"{kind} {number}" for number in count(1)) if low <= _place(name) < high)


def _place(client: str) -> float:
    digits = hashlib.md5(f"{EXPERIMENT}|arm|{client}".encode(), usedforsecurity=False).hexdigest()[:13]
    return int(digits, 16) / 2**52


def week(number: int) -> date:
    return FIRST + timedelta(days=7 * number)


def weekly(client: str, baskets: Sequence[Iterable[str]]) -> Iterator[Line]:
    """A basket a week, the last one in the last week."""
    for number, basket in enumerate(baskets, WEEKS - len(baskets)):
        for item in basket:
            yield client, str(number), item, week(number)


def crowd() -> Iterator[Line]:
    """Clients who are like each other: enough of them to learn discoveries from."""
    for client in range(CROWD):
        baskets = [[f"p{(client * 3 + number * 5 + k) % GOODS:02}" for k in range(6)] for number in range(WEEKS)]
        yield from weekly(f"c{client}", baskets)


def odd_clients() -> Iterator[Line]:
    """One of each kind for each version."""
    goods = [f"p{number:02}" for number in range(GOODS)]
    tied = [f"t{number:03}" for number in range(100)]
    Random(3).shuffle(tied)
    thousands = [f"h{number:04}" for number in range(5_000)]
    size = len(thousands) // WEEKS
    for version in SHARES:
        own = [f"l{number} {version}" for number in range(3)]
        baskets: Mapping[str, Sequence[Iterable[str]]] = {
            "one order": [goods[:5]],
            "three products": [goods[:3]] * WEEKS,
            "thousands": [[*thousands[n * size : (n + 1) * size], *goods[:2]] for n in range(WEEKS)],
            "nobody alike": [own] * WEEKS,
            "a hundred tied": [tied],
            "one at a time": [[goods[number % 5]] for number in range(WEEKS)],
            "Zoë 😀": [[LONG, "日本", *goods[:2]]] * WEEKS,
        }
        for kind, ordered in baskets.items():
            yield from weekly(of_version(kind, version), ordered)


def discontinued() -> Iterator[Line]:
    """What the catalog does not have any more, and what it has."""
    yield from crowd()
    for version in SHARES:
        yield from weekly(of_version("lost one", version), [["gone", "p00", "p01"]] * WEEKS)
        yield from weekly(of_version("lost all", version), [["gone"]] * WEEKS)


@dataclass(frozen=True)
class Place:
    rank: int
    item: str
    kind: str


@dataclass(frozen=True)
class EdgeHome:
    """A folder with companies and what was made of them."""

    terminal: Terminal

    def add(self, name: str, lines: Iterable[Line], *, catalog: Iterable[str] = (), **more: Any) -> None:
        """A company of one file; with a catalog of one group, if some items stand in it."""
        folder = self.terminal.companies
        folder.mkdir(exist_ok=True)
        text = ["customer_id,order_id,item_id,ordered_at"]
        text += [f'{client},{order},"{item}",{day}' for client, order, item, day in lines]
        (folder / f"{name}.csv").write_text("\n".join([*text, ""]))
        tables = f"sources:\n  events: {{connector: purchases, path: {name}.csv}}\n"
        if items := list(catalog):
            (folder / f"{name}_catalog.csv").write_text(
                "\n".join(["item_id,price,group_id", *(f"{item},1,all" for item in items), ""])
            )
            tables += f"  catalog: {{connector: files, path: {name}_catalog.csv}}\n"
        windows = {"campaign_window_days": 8, "interaction_window_days": 5, "history_days": 60}
        # Nobody looks at how good the lists were, which takes as long as all else.
        parameters = json.dumps({**windows, "evaluated_weeks": 0, **more})
        (folder / f"{name}.yaml").write_text(
            f"name: {name}\nstrategy: replenishment\nstart_date: {FIRST}\nparameters: {parameters}\n{tables}"
        )

    def make(self, name: str) -> None:
        ended = self.terminal.recs("weekly", name, "--week", WEEK)
        assert ended.code == 0, ended.out + ended.err

    def week_of(self, name: str) -> Week:
        with self.terminal.inside():
            company = company_named(name)
            pipeline, warehouse = pipeline_of(company), open_warehouse()

            def rows(table: str) -> list[dict[str, Any]]:
                ref = pipeline.ref(table, company)
                with warehouse.read(ref, Days.one(SUNDAY)) as batches:
                    found: list[dict[str, Any]] = batches.read_all().to_pylist()
                return found

            return Week(rows("weekly_recommendations"), rows("weekly_lists"), rows("unserved_clients"))


@dataclass(frozen=True)
class Week:
    """The lists of a week, how short they are, and who has none."""

    recommendations: list[dict[str, Any]]
    lengths: list[dict[str, Any]]
    left_out: list[dict[str, Any]]

    @cached_property
    def lists(self) -> dict[str, list[Place]]:
        found = defaultdict(list)
        for row in sorted(self.recommendations, key=lambda row: row["rank"]):
            found[row["customer_id"]].append(Place(row["rank"], row["item_id"], row["kind"]))
        return dict(found)

    @cached_property
    def unserved(self) -> dict[str, str]:
        return {row["customer_id"]: row["reason"] for row in self.left_out}

    def length(self, client: str) -> dict[str, Any]:
        (row,) = [row for row in self.lengths if row["customer_id"] == client]
        return row

    def items(self, client: str, kind: str) -> list[str]:
        return [place.item for place in self.lists.get(client, []) if place.kind == kind]

    def scored_by(self, version: str) -> set[str]:
        """Who scored the lists of a version's clients."""
        return {row["scored_by"] for row in self.recommendations if row["version"] == version}

    def version_of(self, client: str) -> str:
        (version,) = {row["version"] for row in self.recommendations if row["customer_id"] == client}
        return str(version)
