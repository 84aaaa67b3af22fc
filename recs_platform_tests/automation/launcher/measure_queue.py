"""What Dagster's daemon and its database do for the queue, measured for so many companies at once: the numbers of
docs/scale.md.

    python -m recs_platform_tests.automation.launcher.measure_queue 10 50 100

Each company has one day, which waits in the queue. Dagster's own daemon (with the platform's code server, its sensors
and schedules) makes each a job of the stub cluster. A pod of it is played: it says that it has begun and, when all
have, that it has ended well. What a real run does and writes is not in these numbers.

Not a benchmark of `recs bench`: it needs a PostgreSQL and a cluster of the tests, and there is nothing to compare with.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import dagster as dg
import psutil
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from recs_platform_tests.automation.house import company_file
from recs_platform_tests.automation.launcher.queue import Queue, queue_on
from recs_platform_tests.automation.launcher.stub_cluster import StubCluster, stub_cluster
from recs_platform_tests.conftest import new_database
from recs_platform_tests.stores.postgres_server import PostgresServer, own_postgres

_PATIENCE, _STEADY_SECONDS = 1_200, 60
_QUEUED = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED])
_TABLES = ("runs", "run_tags", "event_logs", "job_ticks")


@dataclass(frozen=True)
class Figures:
    """Of one number of companies. CPU is told in seconds of it: a clock says little on a machine that others use."""

    companies: int
    launched_a_minute: float
    """By the clock, between the first that is seen to be launched and the last."""
    daemon_cpu_ms_a_run: float
    """With all that it does beside launching."""
    database_cpu_ms_a_run: float
    daemon_steady_cpu_s_a_minute: float
    """While all of them run."""
    database_steady_cpu_s_a_minute: float
    daemon_peak_mib: float
    code_server_peak_mib: float
    connections: int
    rows_a_run: float
    """In Dagster's tables, of a run whose pod says two things."""
    kib_a_run: float
    requests_a_run: float
    """To the cluster, the monitoring's included."""


def measured(companies: int, postgres: PostgresServer) -> Figures:
    with (
        tempfile.TemporaryDirectory(prefix="recs-queue-") as place,
        pytest.MonkeyPatch.context() as patch,
        new_database(Path(place), postgres.url) as url,
        stub_cluster(Path(place) / "cluster") as cluster,
    ):
        folder = Path(place)
        (folder / "companies").mkdir()
        names = [f"shop_{number:03}" for number in range(companies)]
        for name in names:
            (folder / "companies" / f"{name}.yaml").write_text(company_file(name))
        patch.setenv("RECS_COMPANIES_DIR", str(folder / "companies"))
        patch.setenv("RECS_HOME", str(folder / "home"))
        more = {"RECS_CONCURRENT_RUNS": str(companies), "RECS_LANDING_DIR": str(folder / "landing")}
        with queue_on((url, url), cluster.kubeconfig, folder, patch, **more) as queue:
            begun = _rows(url), _size(url)
            runs = [queue.submit_whole(name) for name in names]
            with _daemon(folder) as daemon:
                return _figures(queue, cluster, postgres, url, daemon, runs, begun)


def _figures(
    queue: Queue,
    cluster: StubCluster,
    postgres: PostgresServer,
    url: str,
    daemon: psutil.Process,
    runs: list[str],
    begun: tuple[int, float],
) -> Figures:
    server = postgres.running.get_postmaster_info().process
    _until(lambda: queue.instance.get_runs_count(_QUEUED) < len(runs))
    waiting, started = queue.instance.get_runs_count(_QUEUED), time.monotonic()
    to_launch, database_cpu = _own_cpu(daemon), _cpu(server)
    _until(lambda: queue.instance.get_runs_count(_QUEUED) == 0)
    seconds = time.monotonic() - started
    to_launch, database_cpu = _own_cpu(daemon) - to_launch, _cpu(server) - database_cpu
    for run_id in runs:
        queue.works(run_id)
    steady, of_database = _own_cpu(daemon), _cpu(server)
    time.sleep(_STEADY_SECONDS)
    steady, of_database = _own_cpu(daemon) - steady, _cpu(server) - of_database
    connections = len(server.children())
    for run_id in runs:
        queue.succeeds(run_id)
        cluster.finish(queue.job(run_id))
    assert len(cluster.jobs) == len(runs), "a sensor or a schedule asked for runs of its own"
    return Figures(
        companies=len(runs),
        launched_a_minute=waiting / seconds * 60,
        daemon_cpu_ms_a_run=to_launch / waiting * 1_000,
        database_cpu_ms_a_run=database_cpu / waiting * 1_000,
        daemon_steady_cpu_s_a_minute=steady / _STEADY_SECONDS * 60,
        database_steady_cpu_s_a_minute=of_database / _STEADY_SECONDS * 60,
        daemon_peak_mib=_peak(daemon),
        code_server_peak_mib=max((_peak(child) for child in daemon.children(recursive=True)), default=0.0),
        connections=connections,
        rows_a_run=(_rows(url) - begun[0]) / len(runs),
        kib_a_run=(_size(url) - begun[1]) / len(runs) / 1_024,
        requests_a_run=len(cluster.asked) / len(runs),
    )


@contextmanager
def _daemon(folder: Path) -> Iterator[psutil.Process]:
    """`dagster-daemon run`, as a container has it."""
    command = [sys.executable, "-P", "-m", "dagster._daemon", "run", "-m", "recs_platform.definitions"]
    with (folder / "daemon.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=dict(os.environ), stdout=log, stderr=log)
    try:
        yield psutil.Process(process.pid)
    finally:
        children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.wait(60)
        for child in children:
            if child.is_running():
                child.kill()


def _own_cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _cpu(process: psutil.Process) -> float:
    """With that of its children, those that have ended too."""
    times = process.cpu_times()
    ended = times.user + times.system + times.children_user + times.children_system
    return float(ended) + sum(map(_own_cpu, process.children(recursive=True)))


def _peak(process: psutil.Process) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1_024


def _rows(url: str) -> int:
    with create_engine(url).connect() as opened:
        return sum(int(opened.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one()) for table in _TABLES)


def _size(url: str) -> float:
    name = make_url(url).database
    with create_engine(url).connect() as opened:
        return float(opened.execute(text(f"SELECT pg_database_size('{name}')")).scalar_one())


def _until(true: Callable[[], bool]) -> None:
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < _PATIENCE
        time.sleep(0.5)


def main(numbers: list[int]) -> None:
    with own_postgres() as postgres:
        figures = [measured(number, postgres) for number in numbers]
    print("|", " | ".join(["", *(f"{one.companies} companies" for one in figures)]), "|")
    print("|---" + "|---:" * len(figures) + "|")
    for field in fields(Figures)[1:]:
        values = [getattr(one, field.name) for one in figures]
        print("|", " | ".join([field.name, *(f"{value:,.1f}" for value in values)]), "|")


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [10, 50, 100])
