"""The numbers that `sizing.py` starts from, each with where it comes from.

`measured`: on the machine of docs/benchmarks.md, nothing of it at Google. `modelled`: found by `cost.py` from simulated
worlds. `design`: the platform is made so. `price`: Google's public price list for us-central1 in dollars, as recalled
for the middle of 2025 and not looked up since: prices change, and other regions are often a tenth or two dearer.
`assumed`: nobody has measured it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from recs_platform.warehouse.bigquery.bill import DOLLARS_PER_TIB


@dataclass(frozen=True)
class Input:
    value: float
    kind: Literal["measured", "modelled", "design", "price", "assumed"]
    comes_from: str


_ALL = {
    "customers": Input(100_000, "assumed", "customers of a company, with a list of 4 rows each"),
    "steps": Input(125, "design", "tables and checks of a day of `vehicle_fitment`"),
    "run minutes": Input(20, "assumed", "a day on BigQuery, nearly all of it waiting for answers"),
    "morning minutes": Input(180, "assumed", "in which all companies' days must be made"),
    "run cores": Input(2, "design", "a run pod's request"),
    "run GiB": Input(4, "design", "a run pod's request; 541 MB to 1.8 GB measured on the lake (benchmarks)"),
    "peak requests": Input(20, "assumed", "lists a second that a company's shop asks for at its peak"),
    "held rate": Input(781, "measured", "lists a second of one process from Redis (benchmarks, `serving`)"),
    "load of a pod": Input(0.5, "assumed", "share of that at which another pod is started"),
    "service cores": Input(0.5, "design", "a service pod's request; a process may use one core"),
    "service GiB": Input(0.5, "design", "a service pod's request; 231 MB measured for lists, 403 MB for scores"),
    "redis MB per 100,000 lists": Input(83, "measured", "of 4 rows each (serving-store)"),
    "versions in redis": Input(3, "design", "the live one, the one before, one that is loaded (serving-store)"),
    "share of redis in use": Input(0.75, "assumed", "the rest is for connections and copies"),
    "database MB per 100,000 lists": Input(83, "assumed", "as in Redis"),
    "versions in the database": Input(3, "design", "as in Redis"),
    "MB of events a step": Input(0.036, "measured", "2.3 MB a day of two companies of 16 tables (housekeeping)"),
    "days of runs": Input(90, "assumed", "`RECS_RUN_RETENTION_DAYS`, its default"),
    "MB for good a step": Input(0.011, "measured", "0.35 MB a day of 32 partitions (housekeeping)"),
    "connections of a run": Input(2, "design", "one or two of a process"),
    "connections of the rest": Input(30, "design", "web server up to 20; daemon, code location, metrics 2 each"),
    "cores always": Input(1.9, "design", "requests of web server, daemon, code location, metrics and operator's pod"),
    "GiB always": Input(4.25, "design", "of the same; definitions of 100 companies take 260 MB measured (scale)"),
    "GiB read a day": Input(6.81, "modelled", "of the assumed company, 4.4 of it the least that is billed"),
    "GiB written a day": Input(0.67, "modelled", "the slices of a day, as logical bytes"),
    "$ core hour": Input(0.0445, "price", "GKE Autopilot, general purpose"),
    "$ GiB hour": Input(0.0049225, "price", "GKE Autopilot, general purpose"),
    "$ cluster hour": Input(0.10, "price", "GKE, a cluster; the first is often free"),
    "$ database core hour": Input(0.0413, "price", "Cloud SQL Enterprise for PostgreSQL"),
    "$ database GiB hour": Input(0.007, "price", "Cloud SQL Enterprise, memory"),
    "$ database disk GiB": Input(0.17, "price", "Cloud SQL, SSD, a month"),
    "$ redis GiB hour, to 4": Input(0.064, "price", "Memorystore for Redis, standard tier"),
    "$ redis GiB hour, from 5": Input(0.046, "price", "Memorystore for Redis, standard tier"),
    "$ TiB read": Input(DOLLARS_PER_TIB, "price", "BigQuery on demand; the first TiB of a month is often free"),
    "$ GiB stored": Input(0.02, "price", "BigQuery, active logical storage, a month; half of it after 90 days"),
    "$ load balancer hour": Input(0.025, "price", "a forwarding rule; traffic not included"),
    "$ NAT hour": Input(0.0028, "price", "Cloud NAT, two pods' machines; traffic not included"),
}
INPUTS = {name: one.value for name, one in _ALL.items()}


def input_lines() -> Iterator[str]:
    yield "| input | value | kind | where it comes from |"
    yield "|---|---:|---|---|"
    for name, one in _ALL.items():
        yield f"| {name} | {one.value:,g} | {one.kind} | {one.comes_from} |"
