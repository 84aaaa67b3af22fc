"""Where the time of a week goes: every part on a made-up log of 10,000 clients, 370,000 products and 5 M order lines.

python -m recs_platform_tests.next_basket.timed [CLIENTS [THREADS]]

Not here: the whole weekly job, tables and lists included (`recs bench`).
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.next_basket import candidates as candidates_module
from recs_platform.next_basket import features as features_module
from recs_platform.next_basket import sources as sources_module
from recs_platform.next_basket.arrays import distinct, parts
from recs_platform.next_basket.log import BasketLog
from recs_platform.next_basket.sources import Settings

PRODUCTS, LINES_PER_CLIENT, BASKET, DAYS, FAVOURITES = 370_000, 500, 12, 730, 60
SOURCES = ("own", "thinned", "neighbours", "last_baskets", "transitions", "popularity")


def made_up_log(clients: int, seed: int = 1) -> BasketLog:
    """Some clients with many baskets and many with few; three of five lines are favourites of the client."""
    rng = np.random.default_rng(seed)
    baskets = np.maximum(1, rng.gamma(1.0, LINES_PER_CLIENT / BASKET, clients)).astype(int)
    client = np.repeat(np.arange(clients), baskets)
    day = 17_000 + rng.integers(0, DAYS, len(client))
    day = day[np.lexsort((day, client))]
    basket = np.repeat(np.arange(len(client)), np.maximum(1, rng.poisson(BASKET, len(client))))
    chances = np.cumsum(1 / (np.arange(PRODUCTS) + 30) ** 0.85)

    def drawn(count: int) -> np.ndarray:
        return np.minimum(np.searchsorted(chances / chances[-1], rng.random(count)), PRODUCTS - 1)

    favourites = drawn(clients * FAVOURITES).reshape(clients, FAVOURITES)
    place = np.minimum(rng.geometric(0.06, len(basket)) - 1, FAVOURITES - 1)
    item = np.where(rng.random(len(basket)) < 0.6, favourites[client[basket], place], drawn(len(basket)))
    line_basket, line_item = parts(distinct(basket * PRODUCTS + item), PRODUCTS)
    names = [pa.array([f"{kind}{number:07}" for number in range(of)]) for kind, of in (("c", clients), ("i", PRODUCTS))]
    return BasketLog(names[0], names[1], client, line_basket, line_item, day)


def timed(name: str, of: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which says what it took: seconds of the clock and of all processors."""

    @wraps(of)
    def told(*given: Any, **named: Any) -> Any:
        clock, processors = time.perf_counter(), time.process_time()
        result = of(*given, **named)
        clock, processors = time.perf_counter() - clock, time.process_time() - processors
        print(f"{name:16}{clock:8.2f} s{processors:8.2f} s of CPU")
        return result

    return told


def main(clients: int = 10_000, threads: int = 2) -> None:
    log = made_up_log(clients)
    print(f"{len(log.line_item):,} lines, {len(log.basket_client):,} baskets, {clients:,} clients")
    for name in SOURCES:
        setattr(sources_module, name, timed("  " + name, getattr(sources_module, name)))
    settings = Settings(threads=threads)
    as_of = np.full(clients, 17_000 + DAYS)
    everything = np.arange(clients)

    def week() -> pa.Table:
        found = timed("sources", sources_module.sources)(log, settings, as_of)
        chosen = timed("candidates", candidates_module.candidates)(found, everything, settings)
        return timed("features", features_module.features)(found, chosen)

    rows = timed("all", week)()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{rows.num_rows:,} candidates, {peak:.2f} GiB at most")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
