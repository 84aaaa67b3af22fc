"""A small company that is connected by files, of which an attack spoils one; and what an attack on it is.

Not here: the attacks themselves (ugly_csv.py, ugly_parquet.py, ugly_databases.py, ugly_yaml.py, ugly_settings.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import yaml

DAY = date(2025, 9, 1)

Rows: TypeAlias = Sequence[tuple[Any, ...]]


class Refused:
    """Nothing of it can be used."""


@dataclass(frozen=True)
class Attack:
    """`spoil` writes files below the shop's folder and returns what to change in the company's file."""

    name: str
    spoil: Callable[[Path], Mapping[str, Any]]
    table: str = "catalog"
    columns: tuple[str, ...] = ("item_id", "price")
    rows: Rows | type[Refused] | None = None
    """What a careful reader makes of it; None when nobody can say, and a refusal is as good."""
    variables: Mapping[str, str] | None = None
    """Of the environment, where `{folder}` is the shop's folder."""


GOOD = {
    "events": (
        "event_id,event_ts,event_name,customer_id,item_id,quantity,unit_price,order_id\n"
        "e1,2025-09-01 10:00:00,order_line,c1,i1,1,2.5,o1\n"
    ),
    "treatments": "send_id,customer_id,treatment_id,campaign_id,arm,sent_at\ns1,c1,t1,k1,random,2025-09-01 08:00:00\n",
    "deliveries": "send_id,status,at\ns1,delivered,2025-09-01 08:01:00\n",
    "interactions": "send_id,kind,at\ns1,VIEWED,2025-09-01 09:00:00\n",
    "customers": "customer_id,email\nc1,jane@shop.example\n",
    "catalog": "item_id,price\ni1,2.5\n",
}


def content(**changes: Any) -> dict[str, Any]:
    """The company's file."""
    sources = {table: {"connector": "files", "path": f"../data/{table}.csv"} for table in GOOD}
    return {
        "name": "ugly",
        "strategy": "replenishment",
        "dataset": "ugly",
        "timezone": "UTC",
        "currency": "EUR",
        "start_date": DAY,
        "sources": sources,
        **changes,
    }


def build(folder: Path) -> None:
    """The shop as it should be."""
    for name in ("companies", "data", "bad"):
        (folder / name).mkdir()
    for table, text in GOOD.items():
        (folder / "data" / f"{table}.csv").write_text(text)
    write_company(folder, {})


def write_company(folder: Path, changes: Mapping[str, Any]) -> None:
    """`text` is the whole file; otherwise keys, and in `sources` only the tables that differ."""
    path = folder / "companies" / "ugly.yaml"
    if "text" in changes:
        text = changes["text"]
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
        return
    whole = content(**{key: value for key, value in changes.items() if key != "sources"})
    whole["sources"] = {**whole["sources"], **changes.get("sources", {})}
    path.write_text(yaml.safe_dump(whole, sort_keys=False, width=1_000))


def from_file(table: str, name: str, **more: Any) -> dict[str, Any]:
    """The change that connects a table to a file of the folder `bad`."""
    return {"sources": {table: {"connector": "files", "path": f"../bad/{name}", **more}}}
