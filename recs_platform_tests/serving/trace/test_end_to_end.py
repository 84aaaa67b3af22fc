"""From training and publishing to the customer, on real servers: PostgreSQL, Redis's protocol, a registry of OCI
artifacts and `recs serve`; and what `recs trace` says as one after the other breaks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from recs_platform.model_registry.shelf import open_shelf
from recs_platform.models.challenge import ChallengeVerdict
from recs_platform.models.data import examples
from recs_platform.models.golden import with_golden
from recs_platform.models.model import Model
from recs_platform.models.provenance import Provenance
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.training import train
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.conftest import new_database
from recs_platform_tests.publication.market import DAY, NAME, NEXT, Market, lists
from recs_platform_tests.serving.running import Running, serve
from recs_platform_tests.stores.fixtures import OciRegistry
from recs_platform_tests.stores.redis_server import RedisServer
from recs_platform_tests.strategies.offer_ranking.market import impressions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning", "ignore:Asset job"),
]
_PATIENCE_SECONDS = 30


@lru_cache
def model(trees: int) -> Model:
    table = impressions(1_000)
    closed = examples(table.filter(table["label"].is_valid()), TASK.features, TASK.columns)
    settings = TrainingSettings(validation_days=7, test_days=7, gap_days=1, most_trees=trees)
    return with_golden(train(closed, settings, Provenance({}, "1.0.0")).candidate, closed.table)


@pytest.fixture
def terminal(
    tmp_path: Path, postgres_url: str, oci_registry: OciRegistry, redis_server: RedisServer
) -> Iterator[Terminal]:
    """A home of one company, whose state is on servers."""
    (tmp_path / "companies").mkdir()
    described = {**Market().described, "start_date": "2025-09-01"}
    (tmp_path / "companies" / f"{NAME}.yaml").write_text(json.dumps(described))
    with new_database(tmp_path, postgres_url) as url:
        variables = {
            "RECS_DATABASE_URL": url,
            "RECS_REDIS_URL": redis_server.url,
            "RECS_ARTIFACTS_URL": oci_registry.new_root(),
        }
        yield Terminal(tmp_path, variables)


@pytest.fixture
def market(terminal: Terminal) -> Market:
    made = Market()
    for day in (DAY, NEXT):
        made.plan(day, lists(10, "a", "b", "c" if day == DAY else "d"))
    return made


def publish(terminal: Terminal, market: Market, day: date) -> None:
    with terminal.inside():
        assert market.run(day).success


def trained(terminal: Terminal, day: date, new: Model) -> int:
    """As a run does it: train, push, register and activate."""
    with terminal.inside():
        shelf = open_shelf(NAME, run_id=f"run-{day}")
        shelf.begin(TASK.model, day, [])
        verdict = ChallengeVerdict(True, "It goes active.", new.manifest.quality["test"], None)
        kept = shelf.keep(TASK.model, new, day, verdict)
        shelf.end(TASK.model, day, "trained", kept.words)
        return kept.version


def traced(terminal: Terminal, *arguments: str, **variables: str) -> tuple[int, list[dict[str, Any]]]:
    ended = terminal.recs("trace", NAME, *arguments, "--json", **variables)
    assert ended.err == "", ended.told
    return ended.code, ended.json


def eventually(terminal: Terminal, wanted: list[str], *arguments: str, **variables: str) -> None:
    """It is broken where it should be, and nowhere else, within the time that a service may take."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while broken(terminal, *arguments, **variables) != wanted:
        assert time.monotonic() < deadline, terminal.recs("trace", NAME, *arguments, **variables).told
        time.sleep(0.2)


def broken(terminal: Terminal, *arguments: str, **variables: str) -> list[str]:
    code, chains = traced(terminal, *arguments, **variables)
    found = [link["name"] for chain in chains for link in chain["links"] if link["state"] == "broken"]
    assert code == (1 if found else 0)
    return found


def test_what_is_made_arrives_and_what_breaks_is_named(
    terminal: Terminal, market: Market, redis_server: RedisServer
) -> None:
    publish(terminal, market, DAY)
    assert trained(terminal, DAY, model(5)) == 1
    with serve(terminal) as running:
        asked = {"RECS_SERVICE_URL": running.url}
        eventually(terminal, [], **asked)
        code, chains = traced(terminal, **asked)
        assert [(chain["name"], chain["version"], chain["state"]) for chain in chains] == [
            (TASK.model, 1, "ok"),
            ("recommendations", 1, "ok"),
            ("allocation", None, "unknown"),
        ]
        assert code == 0
        assert answered(running) == (1, DAY, ["a", "b", "c"])
        first = digest(running, 1)

        assert trained(terminal, NEXT, model(6)) == 2
        eventually(terminal, [], "--model", TASK.model, **asked)
        assert traced(terminal, "--version", "2", **asked)[0] == 0
        assert broken(terminal, "--version", "1", **asked) == ["registry row"]
        assert digest(running, 2) != first
        assert terminal.recs("models", "rollback", NAME).code == 0
        eventually(terminal, [], "--model", TASK.model, **asked)
        assert digest(running, 1) == first
        assert terminal.recs("models", "activate", NAME, "2").code == 0
        eventually(terminal, [], "--model", TASK.model, **asked)
        assert digest(running, 2) != first

        publish(terminal, market, NEXT)
        eventually(terminal, [], "--product", "recommendations", **asked)
        assert traced(terminal, "--product", "recommendations", **asked)[1][0]["version"] == 2
        assert answered(running) == (2, NEXT, ["a", "b", "d"])
        assert terminal.recs("rollback", NAME, "--to", "1", "--by", "ann").code == 0
        eventually(terminal, [], "--product", "recommendations", **asked)
        assert traced(terminal, "--product", "recommendations", **asked)[1][0]["version"] == 3
        assert answered(running) == (3, DAY, ["a", "b", "c"])

        redis_server.kill()
        assert broken(terminal, "--product", "recommendations", **asked) == ["Redis"], "the database answers for it"
        redis_server.start()
        assert terminal.recs("publications", NAME).code == 0
        eventually(terminal, [], "--product", "recommendations", **asked)

        key = _new_key(terminal)
        eventually(terminal, ["service"], "--model", TASK.model, **asked)
        told = terminal.recs("trace", NAME, "--model", TASK.model, **asked)
        assert f"next: recs keys new {NAME}" in told.told
        others = f"recs_{'0' * 16}_{'x' * 43}"
        eventually(terminal, [], **asked, RECS_SERVICE_KEY=f"{others},{key}")
        assert running.end() == 0
    told = terminal.recs("trace", NAME, **asked, RECS_SERVICE_KEY=key)
    assert told.code == 1
    assert "BROKEN service: nothing answers at" in told.told
    assert "BROKEN at service. Begin there: recs serve" in told.told


def answered(running: Running) -> tuple[int, date, list[str]]:
    """What a customer gets: the version, its day, and the offers."""
    told = running.get(f"/recommendations/{NAME}/c1").json()
    return told["version"], date.fromisoformat(told["as_of"]), [item["offer_id"] for item in told["items"]]


def digest(running: Running, version: int) -> str:
    """Of the model that scores, which says to be of this version."""
    body = {"company": NAME, "rows": impressions(3).select(list(TASK.features.names)).to_pylist()}
    told = running.post("/score", body).json()
    assert told["version"] == version, told
    return str(told["digest"])


def _new_key(terminal: Terminal) -> str:
    made: Ended = terminal.recs("keys", "new", NAME, "--json")
    assert made.code == 0, made.told
    key: str = made.json["key"]
    return key
