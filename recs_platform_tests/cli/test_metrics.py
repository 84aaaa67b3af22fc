"""`recs metrics` before a real Prometheus: a small home in which nearly everything has happened, every query of the
dashboard and every expression of the alert rules; and of homes with which something is wrong."""

from __future__ import annotations

import re
import shutil
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest
from dagster._daemon.types import DaemonHeartbeat
from sqlalchemy.orm import Session

from recs_platform.automation.instance import instance
from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.metrics.families import FAMILIES
from recs_platform.automation.origin import job_origin
from recs_platform.platform_db.alert_tables import AlertMessage, AlertTrouble
from recs_platform.platform_db.engine import engine, opened_database, state_in
from recs_platform.platform_db.revisions import VERSION_TABLE
from recs_platform.platform_db.tables import Publication, PublicationKind, PublicationStatus
from recs_platform.strategies.catalogue import load_companies, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.deploy.prometheus import Prometheus, prometheus
from recs_platform_tests.deploy.test_dashboard import QUERIES, queries_of_everything
from recs_platform_tests.deploy.test_rules import FOLDER, RULES
from recs_platform_tests.model_registry.versions import register
from recs_platform_tests.slow import takes_seconds

CANARY = "canary@example.com"
_PATIENCE_SECONDS = 120
_EVERYTHING_IS_READ = ("min(recs_source_up) == 1", "delta(recs_lake_bytes[1d])", "recs_drift_figures")
_NOT_FED = f"""
name: notfed
strategy: measurement
dataset: notfed
timezone: UTC
currency: USD
start_date: 2025-09-01
sources:
  treatments: {{connector: files, path: {CANARY}.csv}}
  events: {{connector: files, path: {CANARY}.csv}}
"""


@dataclass(frozen=True)
class Watched:
    terminal: Terminal
    url: str
    prometheus: Prometheus


@pytest.fixture(scope="module")
@takes_seconds
def eventful(used: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Runs that succeeded and one that failed, one that waits, a broken company file, a model and its drift, a trouble
    and a message that nobody could be sent."""
    folder = tmp_path_factory.mktemp("eventful") / "home"
    shutil.copytree(used.folder, folder)
    terminal = Terminal(folder)
    (terminal.companies / "notfed.yaml").write_text(_NOT_FED)
    (terminal.companies / "broken.yaml").write_text(f"name: broken\nstrategy: {CANARY}\n")
    assert terminal.recs("run", "notfed", "--date", "2025-09-02").code == 2
    now = datetime.now(UTC)
    with terminal.inside():
        database = opened_database()
        register(database, 1, "a")
        _drifted()
        with Session(database) as session, session.begin():
            session.add(
                Publication(
                    company="metro",
                    strategy="offer_ranking",
                    product="recommendations",
                    version=1,
                    rows=30,
                    customers=10,
                    as_of=date(2025, 9, 2),
                    generated_at=now,
                    status=PublicationStatus.LIVE,
                    kind=PublicationKind.PUBLISH,
                    published_at=now,
                    published_by=CANARY,
                    approved=False,
                    note=CANARY,
                )
            )
            session.add(
                AlertTrouble(
                    company="concord",
                    kind="run",
                    subject="r",
                    severity="error",
                    finding=CANARY,
                    times=1,
                    began_at=now,
                    seen_at=now,
                )
            )
            session.add(
                AlertMessage(
                    company="concord",
                    severity="error",
                    place="slack:#concord",
                    content=CANARY,
                    problem=CANARY,
                    made_at=now,
                    due_at=now,
                    attempts=2,
                )
            )
        with instance() as dagster:
            dagster.add_daemon_heartbeat(DaemonHeartbeat(now.timestamp(), "SCHEDULER", "one", None))
            run = dg.DagsterRun(
                "replenishment_daily",
                status=dg.DagsterRunStatus.QUEUED,
                tags={COMPANY_TAG: "concord"},
                remote_job_origin=job_origin("replenishment_daily").remote,
            )
            dagster.add_run(run)
    return terminal


def _drifted() -> None:
    """A drift report with one row, which has drifted."""
    metro = load_companies()["metro"]
    assert metro.strategy.model is not None
    table, day = pipeline_of(metro).ref(metro.strategy.model.drift, metro), date(2025, 9, 2)
    row = {
        "as_of": day, "name": "recency_days", "figure": "psi", "value": 0.9, "threshold": 0.25, "chance": 0.1,
        "verdict": "drifted", "words": "it has drifted", "digest": "sha256:a", "trained_on": day,
    }  # fmt: skip
    rows = pa.Table.from_pylist([row], schema=table.spec.arrow_schema)
    subject = Subject("offer_ranking/drift_report", "metro", table, Days.one(day))
    open_warehouse().replace(subject, rows.to_reader())


@contextmanager
def endpoint(terminal: Terminal) -> Iterator[str]:
    """`recs metrics` in a process of its own; where its metrics are."""
    with terminal.start("metrics", "--port", "0") as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://\S+/metrics", said)
            assert found, said + process.stdout.read()
            yield found[0]
        finally:
            process.terminate()


@pytest.fixture(scope="module")
@takes_seconds
def watched(eventful: Terminal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A Prometheus that has scraped it twice since everything could be read, with the rules that are shipped."""
    folder = tmp_path_factory.mktemp("prometheus")
    with endpoint(eventful) as url:
        configuration = (FOLDER / "prometheus.yml").read_text()
        for shipped, here in (
            ("scrape_interval: 30s", "scrape_interval: 500ms"),
            ("127.0.0.1:9464", url.split("/")[2]),
            ("- alerts.rules.yml", f"- {FOLDER / 'alerts.rules.yml'}"),
            ("- service.rules.yml", f"- {FOLDER / 'service.rules.yml'}"),
        ):
            assert shipped in configuration
            configuration = configuration.replace(shipped, here)
        with prometheus(folder, configuration) as server:
            _wait(lambda: all(map(server.query, _EVERYTHING_IS_READ)))
            yield Watched(eventful, url, server)


def _wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "Prometheus has not scraped what it should"
        time.sleep(0.2)


@pytest.mark.parametrize("query", queries_of_everything(), ids=QUERIES)
def test_no_query_of_the_dashboard_is_empty(watched: Watched, query: str) -> None:
    assert watched.prometheus.query(query)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_what_a_rule_looks_at_is_there(watched: Watched, rule: dict[str, str]) -> None:
    """A rule whose condition holds is one that fires; here it is what the condition is about."""
    watched.prometheus.query(rule["expr"])
    selectors = re.findall(r"(?:recs_\w+|\bup)(?:\{[^}]*\})?", rule["expr"])
    assert selectors
    for selector in selectors:
        if "state=~" not in selector:  # no run goes on in this home
            assert watched.prometheus.query(selector), selector


def test_conditions_hold_where_something_is_wrong(watched: Watched) -> None:
    holding = {rule["alert"] for rule in RULES if watched.prometheus.query(rule["expr"])}
    assert {
        "RecsCompanyFileBroken",
        "RecsProductStale",
        "RecsDayMissing",
        "RecsRunFailed",
        "RecsDrift",
        "RecsModelOld",
    } <= holding
    assert not {"RecsMetricsDown", "RecsSourceDown", "RecsLakeGrows", "RecsAlertsUnsent"} & holding


def test_everything_declared_is_told_and_nothing_personal(watched: Watched) -> None:
    with urllib.request.urlopen(watched.url, timeout=30) as answer:
        text = answer.read().decode()
    told = set(re.findall(r"^# TYPE (recs_\w+)", text, re.MULTILINE))
    # In the older text format, the series of a counter are named after it.
    assert told == {family.name for family in FAMILIES}
    assert CANARY not in text
    failures = [line for line in text.splitlines() if line.startswith("recs_last_day_failures")]
    assert failures == ['recs_last_day_failures{company="notfed",kind="mistake",strategy="measurement"} 1.0']


def test_it_only_reads(watched: Watched) -> None:
    for method in ("POST", "PUT", "DELETE"):
        with pytest.raises(OSError, match=r"405|501"):
            urllib.request.urlopen(urllib.request.Request(watched.url, method=method, data=b"x"), timeout=30)


@pytest.mark.slow
def test_a_home_where_nothing_was_made_stays_so(tmp_path: Path) -> None:
    small_companies(tmp_path)
    terminal = Terminal(tmp_path)
    ended = terminal.recs("metrics", "--once")
    assert ended.code == 0
    assert 'recs_source_up{source="companies"} 1.0' in ended.out
    for source in ("database", "dagster", "lake"):
        assert f'recs_source_up{{source="{source}"}} 0.0' in ended.out
    assert [path.name for path in tmp_path.iterdir()] == ["companies"]


def test_a_damaged_database_takes_its_own_metrics_and_no_others(eventful: Terminal, tmp_path: Path) -> None:
    shutil.copytree(eventful.folder, tmp_path / "home")
    (tmp_path / "home" / ".recs" / "platform.db").write_bytes(b"no database" * 1000)
    for left in (tmp_path / "home" / ".recs").glob("platform.db-*"):
        left.unlink()
    ended = Terminal(tmp_path / "home").recs("metrics", "--once")
    assert ended.code == 0
    assert 'recs_source_up{source="database"} 0.0' in ended.out
    assert 'recs_source_failures_total{source="database"} 1.0' in ended.out
    assert 'recs_companies{state="broken"} 1.0' in ended.out
    assert "recs_last_run" not in ended.out


def test_a_database_of_an_older_version_is_left_so(eventful: Terminal, tmp_path: Path) -> None:
    shutil.copytree(eventful.folder, tmp_path / "home")
    terminal = Terminal(tmp_path / "home")
    with terminal.inside(), opened_database().begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '0003'")
    ended = terminal.recs("metrics", "--once")
    assert ended.code == 0
    assert 'recs_source_up{source="database"} 0.0' in ended.out
    with terminal.inside():
        assert state_in(engine()).revision == "0003"


@pytest.mark.slow
def test_a_server_that_is_down_is_told_without_its_password(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    small_companies(tmp_path)
    url = "postgresql://recs:hunter22@127.0.0.1:1/recs"
    ended = Terminal(tmp_path).recs("metrics", "--once", RECS_DATABASE_URL=url)
    assert ended.code == 0
    assert 'recs_source_up{source="database"} 0.0' in ended.out
    assert "connection refused" in caplog.text.lower()
    assert "hunter22" not in caplog.text + ended.told


def test_a_port_that_is_taken_is_one_sentence(watched: Watched) -> None:
    port = watched.url.split("/")[2].partition(":")[2]
    ended = watched.terminal.recs("metrics", "--port", port)
    assert ended.code == 2
    assert f"--port {port}: Address already in use" in ended.told
    assert "--host nowhere.invalid --port 9464: " in watched.terminal.recs("metrics", "--host", "nowhere.invalid").told


def test_ctrl_c_ends_it_well(eventful: Terminal) -> None:
    with eventful.start("metrics", "--port", "0") as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
        assert process.stdout.read() == ""
