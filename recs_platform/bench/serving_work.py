"""What `recs bench serving` measures: lists from Redis and from the database, scores, and the start of the service.

Every function runs in a process of its own, whose environment it changes. What is published, and the model, are made
once (`prepare...`) and served by a `recs serve` of each turn. Not here: the programs that are started.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from recs_platform.bench.measure import Done, Stopwatch
from recs_platform.bench.serving_programs import Asked, Load, Service, ask, quantile, redis, service
from recs_platform.bench.strategy_day import live_in

if TYPE_CHECKING:
    import pyarrow as pa

    from recs_platform.models.model import Model

WARM = Load("", rate=100, seconds=3)
_EMPTY = "/health/live"
_LISTS = "/recommendations/bench/owner-{n}"
_WAIT_LIMIT = 0.010
"""The rate that is still held is the highest at which so few seconds are enough for 99 of 100 answers."""
_FIRST_RATE, _FASTER = 400, 1.25
_RATE_SECONDS = 8
_SCORE_CUSTOMERS = 2_000


def prepare_lists(home: Path, customers: int) -> None:
    """What is published of a company, and its file."""
    if not (home / "companies").exists():
        from recs_platform.bench.publication import publish_first

        publish_first(home, customers)
        _company_file(home, "vehicle_fitment", customers)


def prepare_model(home: Path) -> None:
    """A company of offers with a model that serves; nothing of it is published."""
    if not (home / "companies").exists():
        from recs_platform.bench.offer_day import make_features, measure_training

        make_features(home, _SCORE_CUSTOMERS)
        measure_training(home, _SCORE_CUSTOMERS)
        _company_file(home, "offer_ranking", _SCORE_CUSTOMERS)


def measure_lists(home: Path, customers: int, rate: int, seconds: int, source: str) -> Done:
    """At a constant rate: what 99 of 100 answers take at the server, and what the clients saw."""
    with _serving(home, source) as running:
        url = f"{running.url}{_LISTS}"
        ask(Load(url, customers, WARM.rate, WARM.seconds))
        before = len(running.answered())
        seen = _all_answered(ask(Load(url, customers, rate, seconds)))
        at_server = running.answered()[before:]
    steps = {
        "at the server, p50": quantile(at_server, 0.5),
        "at the server, p99": quantile(at_server, 0.99),
        "at the client, p50": seen.p50,
        "at the client, p99": seen.p99,
    }
    return Done(steps["at the server, p99"], steps, peak_mb=running.peak_mb)


def measure_empty(home: Path, rate: int, seconds: int) -> Done:
    """The same rate of an endpoint that does nothing: only the clients tell."""
    with _serving(home, "database") as running:
        url = f"{running.url}{_EMPTY}"
        ask(Load(url, 1, WARM.rate, WARM.seconds))
        seen = _all_answered(ask(Load(url, 1, rate, seconds)))
    return Done(seen.p99, {"at the client, p50": seen.p50, "at the client, p99": seen.p99})


def measure_throughput(home: Path, customers: int, requests: int, source: str, *, empty: bool = False) -> Done:
    """As many requests as the clients send when each waits for its answer only."""
    with _serving(home, source) as running:
        url = f"{running.url}{_EMPTY if empty else _LISTS}"
        ask(Load(url, customers, WARM.rate, WARM.seconds))
        seen = _all_answered(ask(Load(url, customers, requests=requests)))
    return Done(seen.seconds, {}, requests, peak_mb=running.peak_mb)


def measure_highest_rate(home: Path, customers: int, source: str, *, empty: bool = False) -> Done:
    """Seconds between two requests at the highest rate that is held."""
    held, rate = 0, _FIRST_RATE
    with _serving(home, source) as running:
        url = f"{running.url}{_EMPTY if empty else _LISTS}"
        ask(Load(url, customers, WARM.rate, WARM.seconds))
        while True:
            seen = ask(Load(url, customers, rate, _RATE_SECONDS))
            if seen.failed or seen.left_out or seen.p99 > _WAIT_LIMIT:
                break
            held, rate = rate, round(rate * _FASTER)
    if not held:
        raise RuntimeError(f"not even {_FIRST_RATE} requests a second are held")
    return Done(1 / held, {}, peak_mb=running.peak_mb)


def measure_scores(home: Path, pairs: int, requests: int) -> Done:
    """Requests of so many rows of features, one after the other."""
    body = json.dumps({"company": "bench", "rows": _rows(home, pairs).to_pylist()}, default=str)
    with _serving(home, "database") as running:
        load = Load(f"{running.url}/score", body=body, requests=requests, clients=1)
        ask(Load(load.url, body=body, requests=max(1, requests // 10), clients=1))
        seen = _all_answered(ask(load))
    return Done(seen.seconds, {}, pairs * requests, peak_mb=running.peak_mb)


def measure_scores_plainly(home: Path, pairs: int, requests: int) -> Done:
    """LightGBM's own `predict` of the same rows, its matrix ready: no HTTP, no JSON."""
    rows, model, watch = _rows(home, pairs), _model(home), Stopwatch()
    matrix = model.manifest.encoding.matrix(rows)
    model.ranker.raw_scores(matrix)
    with watch.step("predict"):
        for _ in range(requests):
            model.ranker.raw_scores(matrix)
    return watch.done(pairs * requests)


def measure_start(home: Path) -> Done:
    """From the command to ready."""
    with _serving(home, "redis") as running:
        pass
    return Done(running.ready_after, {}, peak_mb=running.peak_mb)


def measure_empty_start() -> Done:
    """A FastAPI application with one route that does nothing, on the same server."""
    import subprocess
    import sys

    program = (
        "import fastapi, uvicorn, uvloop, httptools; app = fastapi.FastAPI(); app.get('/')(lambda: None); app.openapi()"
    )
    watch = Stopwatch()
    with watch.step("start"):
        subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603
    return watch.done()


@contextmanager
def _serving(home: Path, source: str) -> Iterator[Service]:
    """A service that is ready, and answers from the database alone or from a Redis that was filled."""
    live_in(home)
    variables = {"RECS_HOME": os.environ["RECS_HOME"], "RECS_COMPANIES_DIR": str(home / "companies")}
    with ExitStack() as around:
        if source == "redis":
            variables["RECS_REDIS_URL"] = url = around.enter_context(redis())
            _fill_redis(url)
        yield around.enter_context(service(home, variables))


def _fill_redis(url: str) -> None:
    """As the platform fills an empty one."""
    os.environ["RECS_REDIS_URL"] = url
    from recs_platform.settings import settings

    settings.cache_clear()
    from recs_platform.bench.publication import outlet
    from recs_platform.publication.publish import reconcile

    reconcile(outlet())


def _company_file(home: Path, strategy: str, customers: int) -> None:
    import yaml

    file = {
        "name": "bench",
        "strategy": strategy,
        "dataset": "bench",
        "timezone": "UTC",
        "currency": "USD",
        "start_date": "2025-09-01",
        "simulation": {"seed": 1, "customers": customers},
    }
    (home / "companies").mkdir()
    (home / "companies" / "bench.yaml").write_text(yaml.safe_dump(file))


def _model(home: Path) -> Model:
    live_in(home)
    from recs_platform.bench.offer_day import model_of
    from recs_platform.bench.offer_rows import offer_company

    return model_of(offer_company(_SCORE_CUSTOMERS))


def _rows(home: Path, pairs: int) -> pa.Table:
    """Rows of features that training saw; after the last, the first again."""
    live_in(home)
    import pyarrow as pa

    from recs_platform.bench.offer_day import stored
    from recs_platform.bench.offer_rows import offer_company
    from recs_platform.strategies.offer_ranking.features import FEATURES

    known = stored(offer_company(_SCORE_CUSTOMERS), "training_set").select(list(FEATURES.names))
    return pa.concat_tables([known] * (pairs // known.num_rows + 1)).slice(0, pairs)


def _all_answered(seen: Asked) -> Asked:
    if seen.failed or seen.left_out:
        raise RuntimeError(f"{seen.failed:,} of {seen.requests:,} requests failed, {seen.left_out:,} were left out")
    return seen
