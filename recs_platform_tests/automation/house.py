"""A home whose companies are run by `recs ui` with its daemon and code server, and a Slack of our own: for tests of the
whole chain, in processes as people have them.

Not here: what single ticks do (sensors/test_alerts.py), by far cheaper.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.scheduler.instigation import TickStatus

from recs_platform.automation.instance import instance
from recs_platform.automation.run_process import process_of
from recs_platform.automation.sensors.alerts import NAME
from recs_platform.platform_db import job_log
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import Status
from recs_platform_tests.alerts.stub_slack import StubSlack, stub_slack
from recs_platform_tests.automation.ui_queries import LOCATION
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.conftest import in_production
from recs_platform_tests.e2e.server import RECS, answers, free_port

DAY = "2025-09-01"
JOB = "replenishment_daily"
_PATIENCE = 300
_LAUNCH = """
mutation ($job: JobOrPipelineSelector!, $tags: [ExecutionTag!]!) {
  launchPipelineExecution(executionParams: {selector: $job, mode: "default", executionMetadata: {tags: $tags}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
    ... on InvalidSubsetError { message }
  }
}"""


@dataclass
class House:
    terminal: Terminal
    slack: StubSlack
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def ui(self) -> Iterator[subprocess.Popen[bytes]]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
        log = self.terminal.folder / "ui.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [RECS, "ui", "--port", str(self.port)],
                env={**own, **self.terminal.environment},
                cwd=self.terminal.folder,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until(lambda: process.poll() is not None or answers(self.url), "the UI answers")
            assert process.poll() is None, log.read_text()
            yield process
        finally:
            _end(process)

    def launch(self, company: str) -> str:
        return launched(self.url, company)

    def status(self, run_id: str) -> tuple[dg.DagsterRunStatus, int | None]:
        """Of a run, and the number of its process as far as it works."""
        with self.terminal.inside(), instance() as of_home:
            run = of_home.get_run_by_id(run_id)
            assert run is not None
            working = any(row.run_id == run_id for row in job_log.running(opened_database()))
            return run.status, process_of(run)[0] if working else None

    def succeeded(self, company: str) -> bool:
        with self.terminal.inside():
            opened = opened_database()
            return any(run.status is Status.SUCCEEDED for run in job_log.recent(opened, company))

    def ticks(self) -> int:
        """Of the alerts sensor, that ended."""
        with self.terminal.inside(), instance() as of_home:
            (state,) = [one for one in of_home.all_instigator_state() if one.instigator_name == NAME]
            ended = of_home.get_ticks(state.instigator_origin_id, state.selector_id)
            return sum(tick.status is not TickStatus.STARTED for tick in ended)

    def runs(self) -> int:
        with self.terminal.inside(), instance() as of_home:
            return of_home.get_runs_count()

    def about(self, *words: str) -> list[str]:
        return [text for text in self.slack.texts() if all(word in text for word in words)]


def launched(url: str, company: str) -> str:
    """What the UI's button sends; the run that was made."""
    selector = {
        "repositoryLocationName": LOCATION,
        "repositoryName": "__repository__",
        "pipelineName": JOB,
    }
    key = f"{company}|{DAY}"
    tags = {"dagster/partition": key, "dagster/partition/company": company, "dagster/partition/date": DAY}
    shown = [{"key": name, "value": value} for name, value in tags.items()]
    answer = asked(url, _LAUNCH, job=selector, tags=shown)["launchPipelineExecution"]
    assert answer["__typename"] == "LaunchRunSuccess", answer
    return str(answer["run"]["runId"])


def asked(url: str, query: str, **variables: object) -> Any:
    """What a web server answers to GraphQL."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["data"]


@contextmanager
def production_house(folder: Path, postgres_url: str, *companies: str) -> Iterator[House]:
    """With production's settings, on PostgreSQL."""
    (folder / "companies").mkdir()
    for name in companies:
        (folder / "companies" / f"{name}.yaml").write_text(company_file(name))
    with in_production(folder, postgres_url) as variables, stub_slack() as slack:
        told = {**variables, **slack.environment, "RECS_SLACK_CHANNEL": "#data"}
        yield House(Terminal(folder, told), slack, free_port())


def company_file(name: str, more: str = "") -> str:
    return (
        f"name: {name}\nstrategy: replenishment\ndataset: {name}\ntimezone: UTC\ncurrency: EUR\n"
        # Of a version without a model: that there is none on the first day would be told as well.
        f"start_date: {DAY}\nsimulation: {{seed: 7, customers: 30}}\nparameters: {{version: v32}}\n{more}\n"
    )


def until(true: Callable[[], object], what: str, seconds: float = _PATIENCE) -> float:
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.5)
    return time.monotonic() - begun


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all of its children."""
    for sign in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(60)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
