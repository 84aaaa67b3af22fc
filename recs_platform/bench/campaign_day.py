"""What `campaign` measures: from the canonical tables to funnel and attribution, through the lake and by plain pandas.

Every function runs in a process of its own, whose environment it changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recs_platform.bench.made_up import make_tables, plain_folder
from recs_platform.bench.measure import Done, Stopwatch
from recs_platform.bench.strategy_day import DAY, bench_company, live_in

if TYPE_CHECKING:
    import pandas as pd

STEPS = (
    "judged_interactions",
    "send_engagement",
    "campaign_orders",
    "campaign_days",
    "campaign_funnel",
    "conversion_paths",
)


def measure_campaign(home: Path, *, compared: bool) -> Done:
    """Each table written, audited and published, as a run does; without Dagster."""
    live_in(home)
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse
    from recs_platform.warehouse.slices import Days

    company, warehouse, watch, days = bench_company(1), open_warehouse(), Stopwatch(), Days.one(DAY)
    pipeline = pipeline_of(company)
    make_tables(company, STEPS, days, watch)
    with warehouse.read(pipeline.ref("conversion_paths", company), days) as reader:
        paths = {row["path"]: (row["orders"], row["revenue"]) for row in reader.read_all().to_pylist()}
    if compared:
        _same_paths(home / "paths.txt", paths)
    return watch.done(sum(orders for orders, _ in paths.values()) // 2 if compared else 0)


def measure_plainly(home: Path, *, compared: bool) -> Done:
    """The same in pandas, as a notebook would: merge, filter, sort, drop duplicates, group."""
    import pandas as pd

    folder, watch = plain_folder(home), Stopwatch()
    with watch.step("read"):
        sends, deliveries, interactions, events = (
            pd.read_parquet(folder / f"{name}.parquet")
            for name in ("treatments", "deliveries", "interactions", "events")
        )
    with watch.step("engagement"):
        sends = _engaged(sends[sends["arm"] != "holdout"], deliveries, interactions)
    with watch.step("orders"):
        orders = _credited(sends, events)
    with watch.step("funnel"):
        _funnels(sends.merge(orders.groupby("send_id")["revenue"].agg(["size", "sum"]), on="send_id", how="left"))
    with watch.step("paths"):
        totals = orders.groupby("path")["revenue"].agg(["size", "sum"])
    by_path = {str(path): (int(row["size"]), float(row["sum"])) for path, row in totals.iterrows()}
    by_path["total"] = (len(orders), float(orders["revenue"].sum()))
    if compared:
        _same_paths(home / "paths.txt", by_path)
    return watch.done(len(orders) if compared else 0)


def _same_paths(noted: Path, paths: dict[str, tuple[int, float]]) -> None:
    """Whoever comes second must have found the same orders and, to the cent, the same revenue on every path."""
    totals = str({path: (orders, round(100 * revenue)) for path, (orders, revenue) in sorted(paths.items())})
    if not noted.exists():
        noted.write_text(totals)
    elif noted.read_text() != totals:
        raise RuntimeError(f"the two sides disagree: {totals}, not {noted.read_text()}")


def _engaged(sends: pd.DataFrame, deliveries: pd.DataFrame, interactions: pd.DataFrame) -> pd.DataFrame:
    last = deliveries.sort_values("reported_at").drop_duplicates("send_id", keep="last")
    first = interactions.pivot_table(index="send_id", columns="kind", values="happened_at", aggfunc="min").reset_index()
    joined = sends.merge(last[["send_id", "status"]], on="send_id", how="left")
    return joined.merge(first, on="send_id", how="left")


def _credited(sends: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    lines = events.assign(revenue=(events["quantity"] * events["unit_price"]).round(2))
    orders = lines.groupby("order_id").agg({"customer_id": "min", "event_ts": "min", "revenue": "sum"}).reset_index()
    pairs = orders.merge(sends[sends["status"] != "failed"], on="customer_id")
    age = pairs["event_ts"] - pairs["sent_at"]
    pairs = pairs[(age >= pd.Timedelta(0)) & (age < pd.Timedelta(days=7))]
    latest = pairs.sort_values(["sent_at", "send_id"]).drop_duplicates("order_id", keep="last")
    clicked, opened = (latest[kind] <= latest["event_ts"] for kind in ("CLICKED", "VIEWED"))
    delivered = latest["status"] == "delivered"
    path = np.select([clicked, opened, delivered], ["clicked", "opened", "delivered"], "sent")
    return latest.assign(path=path)


def _funnels(sends: pd.DataFrame) -> list[pd.DataFrame]:
    steps = sends.assign(
        delivered=sends["status"] == "delivered",
        opened=sends["VIEWED"].notna(),
        clicked=sends["CLICKED"].notna(),
        ordered=sends["size"].notna(),
    )
    cells = ["campaign_id", "treatment_id", "arm", "event_date"]
    sums = []
    for level in (cells, ["campaign_id"], ["treatment_id"], ["arm"], ["event_date"], []):
        customers = steps.groupby([*level, "customer_id"])[["delivered", "opened", "clicked", "ordered"]].any()
        sums.append(customers.groupby(level).sum() if level else customers.sum().to_frame())
    return sums
