"""Purchase logs of clients who are unlike most: companies made of one file each, and what their week comes to.

Not here: which outcome is the right one (test_edges_end_to_end.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import Any

from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.cli.terminal import Terminal

FIRST, SUNDAY, WEEK = date(2025, 10, 6), date(2025, 11, 30), "2025-12-01"
WEEKS = 8
CROWD, GOODS = 8, 30
LONG = "Ünï😀 " * 39 + "é€/\\,"
"""An item of 200 characters: letters of other alphabets, and the signs that part fields and ids."""
Line = tuple[str, str, str, date]
"""Client, order, item, day."""


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
    goods = [f"p{number:02}" for number in range(GOODS)]
    tied = [f"t{number:03}" for number in range(100)]
    Random(3).shuffle(tied)
    thousands = [f"h{number:04}" for number in range(5_000)]
    size = len(thousands) // WEEKS
    yield from weekly("one order", [goods[:5]])
    yield from weekly("three products", [goods[:3]] * WEEKS)
    yield from weekly("thousands", [[*thousands[n * size : (n + 1) * size], *goods[:2]] for n in range(WEEKS)])
    yield from weekly("nobody alike", [["l0", "l1", "l2"]] * WEEKS)
    yield from weekly("a hundred tied", [tied])
    yield from weekly("one at a time", [[goods[number % 5]] for number in range(WEEKS)])
    yield from weekly("Zoë 😀", [[LONG, "日本", *goods[:2]]] * WEEKS)


def discontinued() -> Iterator[Line]:
    """What the catalog does not have any more, and what it has."""
    yield from crowd()
    yield from weekly("lost one", [["gone", "p00", "p01"]] * WEEKS)
    yield from weekly("lost all", [["gone"]] * WEEKS)


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
        parameters = {"campaign_window_days": 8, "interaction_window_days": 5, "history_days": 60, **more}
        listed = ", ".join(f"{key}: {value}" for key, value in parameters.items())
        (folder / f"{name}.yaml").write_text(
            f"name: {name}\nstrategy: replenishment\nstart_date: {FIRST}\nparameters: {{{listed}}}\n{tables}"
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
