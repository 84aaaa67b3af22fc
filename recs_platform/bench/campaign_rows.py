"""Made-up campaigns at any size: messages, what became of them, and orders, as tables of a lake and as plain files.

Not a simulated world: no truth is planted, only numbers, widths and repetition are like those of a large sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from recs_platform.bench.made_up import draw, fill_tables, plain_folder
from recs_platform.bench.strategy_day import DAY, bench_company, live_in

DAYS = 28
FIRST = DAY - timedelta(days=DAYS - 1)
_SHARES = {"interactions": 0.2, "orders": 0.1, "customers": 0.1}
"""Per message."""


@dataclass(frozen=True)
class CampaignSize:
    sends: int

    @property
    def interactions(self) -> int:
        return round(self.sends * _SHARES["interactions"])

    @property
    def orders(self) -> int:
        return round(self.sends * _SHARES["orders"])

    @property
    def customers(self) -> int:
        return max(1, round(self.sends * _SHARES["customers"]))


def fill_all(sizes: Mapping[Path, int]) -> None:
    """Several such worlds; those that are there already stay."""
    for home, sends in sizes.items():
        if not plain_folder(home).exists():
            fill(home, sends)


def fill(home: Path, sends: int) -> None:
    """The canonical tables that the campaign stage reads, in an empty lake, and the same rows as one file each."""
    live_in(home)
    from recs_platform.warehouse.slices import Days

    fill_tables(home, bench_company(1), Days(FIRST, DAY), _made_up(CampaignSize(sends)))


def _made_up(size: CampaignSize) -> dict[str, str]:
    """A SELECT for each table."""
    day = f"(TIMESTAMP '{FIRST}' + to_days({draw(1, DAYS)}))"
    sent_at = f"{day} + to_seconds(50400 + {draw(2, 10800)})"
    sends = f"""
        SELECT 'S' || i AS send_id, 'C' || ({draw(3, size.customers)}) AS customer_id, 'T' || ({draw(4, 24)})
          AS treatment_id, 'weekly-' || CAST(CAST({day} AS DATE) AS VARCHAR) AS campaign_id,
          CASE WHEN {draw(5, 100)} < 80 THEN 'personalised' WHEN {draw(5, 100)} < 90 THEN 'random' ELSE 'holdout' END
          AS arm, {sent_at} AS sent_at, 0.04 AS propensity, CAST({day} AS DATE) AS event_date, i
        FROM range({size.sends}) AS r(i)"""
    reported = f"""
        SELECT send_id, IF({draw(6, 100)} < 93, 'delivered', 'failed') AS status,
          IF({draw(6, 100)} < 93, NULL, 'rate_limit') AS failure_reason,
          sent_at + to_seconds(5 + {draw(7, 295)}) AS reported_at, event_date
        FROM ({sends}) WHERE arm <> 'holdout'"""
    engaged = f"""
        SELECT send_id, IF(i % 7 = 6, 'CLICKED', 'VIEWED') AS kind,
          sent_at + to_seconds(400 + {draw(8, 20000)}) AS happened_at, event_date
        FROM ({sends}) WHERE arm <> 'holdout' AND i % 9 < 2 LIMIT {size.interactions}"""
    ordered = f"""
        SELECT 'E' || i AS event_id,
          {day} + to_seconds({draw(9, 86400)}) AS event_ts, CAST({day} AS DATE) AS event_date,
          'C' || ({draw(3, size.customers)}) AS customer_id, 'order_line' AS event_name, 'P' || ({draw(10, 5000)})
          AS item_id, 1 + CAST({draw(11, 3)} AS BIGINT) AS quantity, ({draw(12, 90000)}) / 100 AS unit_price,
          'O' || i AS order_id
        FROM range({size.orders}) AS r(i)"""
    return {
        "treatments": f"SELECT * EXCLUDE (i) FROM ({sends})",
        "deliveries": reported,
        "interactions": engaged,
        "events": ordered,
        "customers": f"SELECT DATE '{DAY}' AS as_of, 'C' || i AS customer_id, 'make ' || (i % 12) AS vehicle_make "
        f"FROM range({size.customers}) AS r(i)",
    }
