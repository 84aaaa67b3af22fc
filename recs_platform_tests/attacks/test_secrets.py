"""A secret of the environment stands nowhere: not in what Dagster keeps and serves, not in the job log, not in a word
that is printed. Whoever steals a backup or asks the UI finds none."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster_graphql.schema import create_schema
from sqlalchemy import text
from sqlalchemy.engine import make_url

from recs_platform.automation.instance import instance
from recs_platform.errors import PlatformError
from recs_platform.platform_db.engine import engine, opened_database
from recs_platform.platform_db.tables import Base
from recs_platform_tests.attacks.counts import Count
from recs_platform_tests.attacks.secrets import (
    CANARIES,
    FEED,
    LAKE_KEY,
    LAKE_TOKEN,
    MAIL,
    QUERY_PASSWORD,
    SLACK,
    WEBHOOK,
    canaries_in,
    values_of,
    with_canaries,
)
from recs_platform_tests.cli.terminal import Ended, Terminal, small_companies
from recs_platform_tests.conftest import new_database
from recs_platform_tests.slow import takes_seconds

pytestmark = pytest.mark.slow

_FEED = """
sources:
  catalog: {connector: sql, url_env: FEED_URL, query: SELECT item_id FROM nowhere}
alerts: {channel: "#concord", email: ops@concord.example, webhook: true}
"""
_NOBODY = "127.0.0.1:9"
_ALERTS = {
    "RECS_SLACK_TOKEN": SLACK,
    "RECS_SLACK_URL": f"http://{_NOBODY}/api/",
    "RECS_SMTP_URL": f"smtp://me:{MAIL}@{_NOBODY}",
    "RECS_ALERT_WEBHOOK": f"http://{_NOBODY}/{WEBHOOK}",
}


@dataclass(frozen=True)
class Used:
    """A platform whose database and feed have passwords, after runs that succeeded and that failed."""

    terminal: Terminal
    ended: dict[str, Ended]


@pytest.fixture(scope="module")
@takes_seconds
def used(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> Iterator[Used]:
    folder = tmp_path_factory.mktemp("secrets")
    small_companies(folder)
    concord = folder / "companies" / "concord.yaml"
    concord.write_text(concord.read_text() + _FEED)
    with new_database(folder, postgres_url) as empty:
        url = with_canaries(empty)
        feed = url.replace("kanarienvogel%2Fdb", FEED.replace(":", "%3A"))
        terminal = Terminal(folder, {"RECS_DATABASE_URL": url, "FEED_URL": feed, **_ALERTS})
        ended = {
            "run": terminal.recs("run", "--company", "holley", "--date", "2025-09-01"),
            "failed": terminal.recs("run", "--company", "concord", "--date", "2025-09-01", "--json"),
            "status": terminal.recs("status", "--json"),
            "check": terminal.recs("companies", "check", "concord"),
            "alerts": terminal.recs("alerts", "test", "concord"),
        }
        assert [one.code for one in ended.values()] == [0, 2, 0, 2, 1], ended
        yield Used(terminal, ended)
        engine(url).dispose()


def test_the_search_finds_what_dagster_packs(tmp_path: Path) -> None:
    packed = base64.b64encode(zlib.compress(json.dumps({"url": f"postgresql://u:{CANARIES[0]}@h"}).encode()))
    path = tmp_path / "of a snapshot"
    path.write_bytes(b'{"job": "' + packed + b'"}')
    assert {found for _, value in values_of(path) for found in canaries_in(value)}


def test_nothing_is_printed(used: Used) -> None:
    for command, ended in used.ended.items():
        assert canaries_in((ended.out + ended.err).encode()) == set(), command


def test_nothing_is_kept_in_a_file(used: Used, count: Count) -> None:
    files = [path for path in used.terminal.folder.rglob("*") if path.is_file()]
    assert any(path.name == "runs.db" for path in files)
    values = [value for path in files for value in values_of(path)]
    found = {where: canaries for where, value in values if (canaries := canaries_in(value))}
    assert found == {}
    count("values of a used home searched for secrets", without=len(values))


def test_nothing_is_kept_in_the_platform_database(used: Used) -> None:
    with used.terminal.inside(), opened_database().connect() as connection:
        rows = [str(row) for table in Base.metadata.tables for row in connection.execute(text(f"TABLE {table}"))]
    assert any("concord" in row for row in rows)
    assert canaries_in("\n".join(rows).encode()) == set()


_JOBS = """
{ repositoriesOrError { ... on RepositoryConnection { nodes {
    name location { name }
    pipelines { name modes { name resources { name description configField { configType { key } defaultValueAsJson } }
                loggers { name } } tags { key value } metadataEntries { label } }
    allTopLevelResourceDetails { name configuredValues { key value } configFields { name defaultValueAsJson }
                                 schedulesUsing sensorsUsing }
    assetNodes { id description metadataEntries { label ... on TextMetadataEntry { text }
                 ... on MarkdownMetadataEntry { mdStr } ... on JsonMetadataEntry { jsonString } }
                 requiredResources { resourceKey } tags { key value } }
    schedules { name description } sensors { name description } } } } }
"""
_CONFIG = """
query($of: PipelineSelector!, $mode: String!) { runConfigSchemaOrError(selector: $of, mode: $mode) {
    __typename ... on RunConfigSchema { rootDefaultYaml allConfigTypes { key description ... on CompositeConfigType {
    fields { name description defaultValueAsJson } } } } } }
"""
_RUNS = """
{ instance { info runQueueConfig { tagConcurrencyLimitsYaml } }
  runsOrError { ... on Runs { results { runId status runConfigYaml tags { key value }
    pipelineSnapshotId pipeline { name }
    eventConnection { events { __typename ... on MessageEvent { message }
      ... on MaterializationEvent { metadataEntries { label description } }
      ... on ExecutionStepFailureEvent { error { message stack cause { message stack } } } } } } } } }
"""
_SNAPSHOT = """
query($id: String!) { pipelineSnapshotOrError(snapshotId: $id) { __typename ... on PipelineSnapshot {
    name modes { resources { name configField { defaultValueAsJson } } } } } }
"""


def test_nothing_is_served_by_the_ui(used: Used, count: Count) -> None:
    schema = create_schema()
    with (
        used.terminal.inside(),
        instance() as dagster,
        WorkspaceProcessContext(dagster, ModuleTarget("recs_platform.definitions", None, None, None)) as process,
    ):

        def ask(query: str, **variables: Any) -> Any:
            context = process.create_request_context()
            answer = asyncio.run(schema.execute_async(query, context_value=context, variable_values=variables))
            assert not answer.errors, answer.errors
            served.append(json.dumps(answer.data))
            return answer.data

        served: list[str] = []
        (repository,) = ask(_JOBS)["repositoriesOrError"]["nodes"]
        for job in repository["pipelines"]:
            of = {
                "pipelineName": job["name"],
                "repositoryName": repository["name"],
                "repositoryLocationName": repository["location"]["name"],
            }
            for mode in job["modes"]:
                schema_of_job = ask(_CONFIG, of=of, mode=mode["name"])["runConfigSchemaOrError"]
                assert schema_of_job["__typename"] == "RunConfigSchema", schema_of_job
        runs = ask(_RUNS)["runsOrError"]["results"]
        assert {run["status"] for run in runs} == {"SUCCESS", "FAILURE"}
        for run in runs:
            ask(_SNAPSHOT, id=run["pipelineSnapshotId"])
    found = [canaries for answer in served if (canaries := canaries_in(answer.encode()))]
    assert found == []
    count("answers of the UI's GraphQL searched for secrets", without=len(served))


_OUT_OF_REACH = [
    "postgresql://u:{0}@127.0.0.1:1/db",
    "postgresql://u:{0}@127.0.0.1:1/db?password={2}",
    "postgresql://u@127.0.0.1:1/db?options=-c%20{1}%3D{2}",
    "postgresql://u:{0}@127.0.0.1:1/db?{1}={2}",
    "postgresql+psycopg2://u:{0}@127.0.0.1:1/db?options={1}",
    "postgresql+nodriver://u:{0}@127.0.0.1:1/db",
    "mysql://u:{0}@127.0.0.1/db",
    "postgresql://u:{0}@127.0.0.1:port/db",
    "jdbc:postgresql://u:{0}@127.0.0.1/db",
    "sqlite:////nowhere/at/all?{1}={2}",
]
_REFUSED_BY_THE_SERVER = [
    {"options": f"-c {QUERY_PASSWORD}=1"},
    {"options": f"-c search_path={QUERY_PASSWORD} -c work_mem={QUERY_PASSWORD}"},
    {"options": f"--{QUERY_PASSWORD}"},
    {"password": QUERY_PASSWORD, "options": f"-{QUERY_PASSWORD}"},
    {"sslrootcert": f"/{QUERY_PASSWORD}", "sslmode": "verify-full"},
    {"passfile": f"/{QUERY_PASSWORD}", "require_auth": QUERY_PASSWORD},
]


@pytest.mark.filterwarnings("ignore:Query string argument")
def test_no_error_about_a_url_repeats_its_secrets(postgres_url: str, count: Count) -> None:
    password, option, query = CANARIES[0].replace("/", "%2F"), "kanarienvogel_option", QUERY_PASSWORD
    urls = [url.format(password, option, query) for url in _OUT_OF_REACH]
    urls += [
        make_url(with_canaries(postgres_url)).update_query_dict(more).render_as_string(hide_password=False)
        for more in _REFUSED_BY_THE_SERVER
    ]
    harmless = 0
    for url in urls:
        try:
            opened_database(url).dispose()
        except PlatformError as error:
            # The name of an option, or of a file, is no secret; its value is.
            assert "kanarienvogel" not in str(error).replace(option, ""), str(error)
        else:
            harmless += 1
    count("URLs of a database that cannot be used", told_without_secrets=len(urls) - harmless, usable=harmless)
    assert harmless <= 2


@pytest.mark.parametrize("command", [("run", "--company", "holley", "--date", "2025-09-01"), ("status",)])
def test_a_lake_out_of_reach_does_not_tell_how_to_reach_it(tmp_path: Path, command: tuple[str, ...]) -> None:
    small_companies(tmp_path)
    lake = f"gs://{LAKE_KEY}:{LAKE_KEY}@bucket/lake?token={LAKE_TOKEN}"
    ended = Terminal(tmp_path, {"RECS_LAKE_URL": lake, "NO_PROXY": "*"}).recs(*command)
    assert ended.code != 0
    assert canaries_in((ended.out + ended.err).encode()) == set()
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        assert not any(canaries_in(value) for _, value in values_of(path)), path
    shutil.rmtree(tmp_path / ".dagster", ignore_errors=True)
