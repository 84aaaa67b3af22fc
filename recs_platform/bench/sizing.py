"""`python -m recs_platform.bench.sizing`: how large a cluster is for 1, 10 and 100 companies, and what it costs, as
Markdown for docs/deploy.md.

A model, not a bill: every number that it starts from stands in `sizing_inputs.py`, with where it comes from. Here is
what follows from them. Not here: what a day reads on BigQuery (`cost.py` says how that is found).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from recs_platform.bench.sizing_inputs import INPUTS

COMPANIES = (1, 10, 100)
_HOURS = 730
_DAYS = _HOURS / 24


@dataclass(frozen=True)
class Size:
    """What a number of companies of the assumed kind needs."""

    companies: int
    concurrent_runs: int
    run_core_hours: float
    """A month."""
    run_memory_hours: float
    """GiB hours a month."""
    redis_gib: int
    service_pods: int
    database_cores: int
    database_memory_gib: float
    database_connections: int
    database_disk_gib: int
    """After a year."""
    warehouse_gib_a_day: float
    warehouse_gib_after_a_year: float
    read_tib_a_day: float


def size(companies: int, given: Mapping[str, float] = INPUTS) -> Size:
    """
    >>> [size(n).service_pods for n in COMPANIES]
    [2, 2, 6]
    """
    lists = companies * given["customers"]
    busy_minutes = companies * given["run minutes"]
    concurrent = max(2, math.ceil(busy_minutes / given["morning minutes"]))
    pods = max(2, math.ceil(companies * given["peak requests"] / (given["held rate"] * given["load of a pod"])))
    redis_mb = lists / 100_000 * given["redis MB per 100,000 lists"] * given["versions in redis"]
    run_hours = _DAYS * busy_minutes / 60
    connections = math.ceil(concurrent * given["connections of a run"] + pods * 2 + given["connections of the rest"])
    events_mb = given["steps"] * given["MB of events a step"] * given["days of runs"]
    for_good_mb = given["steps"] * given["MB for good a step"] * 365
    lists_mb = given["customers"] / 100_000 * given["database MB per 100,000 lists"] * given["versions in the database"]
    cores = _database_cores(connections)
    written = companies * given["GiB written a day"]
    return Size(
        companies=companies,
        concurrent_runs=concurrent,
        run_core_hours=run_hours * given["run cores"],
        run_memory_hours=run_hours * given["run GiB"],
        redis_gib=max(1, math.ceil(redis_mb / 1_024 / given["share of redis in use"])),
        service_pods=pods,
        database_cores=cores,
        database_memory_gib=cores * 3.75,
        database_connections=connections,
        database_disk_gib=max(10, math.ceil(companies * (events_mb + for_good_mb + lists_mb) / 1_024)),
        warehouse_gib_a_day=written,
        warehouse_gib_after_a_year=written * 365,
        read_tib_a_day=companies * given["GiB read a day"] / 1_024,
    )


def _database_cores(connections: int) -> int:
    """A machine of Cloud SQL with 3.75 GiB a core, which lets in 100 connections for each of them."""
    return next(cores for cores in (1, 2, 4, 8, 16, 32) if cores * 100 * 0.8 >= connections)


def dollars_a_month(of: Size, given: Mapping[str, float] = INPUTS) -> dict[str, float]:
    """By what is paid for, with the warehouse of a year."""
    core, memory = given["$ core hour"], given["$ GiB hour"]
    always = given["cores always"] * core + given["GiB always"] * memory
    service = of.service_pods * (given["service cores"] * core + given["service GiB"] * memory)
    database = of.database_cores * given["$ database core hour"] + of.database_memory_gib * given["$ database GiB hour"]
    redis_price = given["$ redis GiB hour, to 4"] if of.redis_gib <= 4 else given["$ redis GiB hour, from 5"]
    return {
        "cluster": _HOURS * given["$ cluster hour"],
        "what always runs beside the service": _HOURS * always,
        "run pods": of.run_core_hours * core + of.run_memory_hours * memory,
        "service": _HOURS * service,
        "Cloud SQL, with a standby": 2 * (_HOURS * database + of.database_disk_gib * given["$ database disk GiB"]),
        "Memorystore, with a replica": _HOURS * of.redis_gib * redis_price,
        "BigQuery: queries": _DAYS * of.read_tib_a_day * given["$ TiB read"],
        "BigQuery: storage after a year": of.warehouse_gib_after_a_year * given["$ GiB stored"],
        "way in: load balancer, NAT": _HOURS * (given["$ load balancer hour"] + given["$ NAT hour"]),
    }


def size_lines() -> Iterator[str]:
    sizes = [size(companies) for companies in COMPANIES]
    yield f"| | {' | '.join(_companies(one) for one in sizes)} |"
    yield f"|---|{'---:|' * len(sizes)}"
    rows = {
        "`RECS_CONCURRENT_RUNS`": [f"{one.concurrent_runs}" for one in sizes],
        "core hours of run pods a month": [f"{one.run_core_hours:,.0f}" for one in sizes],
        "service pods": [f"{one.service_pods}" for one in sizes],
        "Memorystore, GiB": [f"{one.redis_gib}" for one in sizes],
        "Cloud SQL, cores and GiB": [f"{one.database_cores} and {one.database_memory_gib:g}" for one in sizes],
        "- connections": [f"{one.database_connections}" for one in sizes],
        "- disk after a year, GiB": [f"{one.database_disk_gib:,}" for one in sizes],
        "BigQuery reads a day, TiB": [f"{one.read_tib_a_day:,.3f}" for one in sizes],
        "BigQuery grows a day, GiB": [f"{one.warehouse_gib_a_day:,.2f}" for one in sizes],
        "- after a year, GiB": [f"{one.warehouse_gib_after_a_year:,.0f}" for one in sizes],
    }
    for name, values in rows.items():
        yield f"| {name} | {' | '.join(values)} |"


def cost_lines() -> Iterator[str]:
    costs = [dollars_a_month(size(companies)) for companies in COMPANIES]
    yield f"| dollars a month | {' | '.join(_companies(size(companies)) for companies in COMPANIES)} |"
    yield f"|---|{'---:|' * len(costs)}"
    for name in costs[0]:
        yield f"| {name} | {' | '.join(f'{cost[name]:,.0f}' for cost in costs)} |"
    totals = [sum(cost.values()) for cost in costs]
    yield f"| **together** | {' | '.join(f'**{total:,.0f}**' for total in totals)} |"
    each = [total / companies for total, companies in zip(totals, COMPANIES, strict=True)]
    yield f"| for each company | {' | '.join(f'{one:,.0f}' for one in each)} |"


def _companies(one: Size) -> str:
    return "1 company" if one.companies == 1 else f"{one.companies} companies"


def main() -> None:
    from recs_platform.bench.sizing_inputs import input_lines

    for lines in (size_lines(), cost_lines(), input_lines()):
        print("\n".join(lines), end="\n\n")  # noqa: T201  (a page's text)


if __name__ == "__main__":
    main()
