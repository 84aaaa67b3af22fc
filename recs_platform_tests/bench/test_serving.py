"""The benchmark of the service on a small company: its programs start, ask, and are gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform.bench import serving_programs, serving_work
from recs_platform.bench.registry import Options
from recs_platform.bench.serving import parts
from recs_platform.bench.serving_programs import Load
from recs_platform.errors import ConfigError
from recs_platform_tests.bench.own_environment import own_environment

CUSTOMERS = 40


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(serving_work, "WARM", Load("", rate=20, seconds=1))
    with own_environment():
        serving_work.prepare_lists(tmp_path, CUSTOMERS)
        yield tmp_path


def test_without_a_program_it_is_said_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(serving_programs, "_ROOT", tmp_path)
    with pytest.raises(ConfigError, match="starts k6, and there is none"):
        serving_programs.ask(serving_programs.Load("http://127.0.0.1:9/"))
    with pytest.raises(ConfigError, match="starts valkey-server or redis-server"), serving_programs.redis():
        pass


def test_every_part_has_a_name_of_its_own(tmp_path: Path) -> None:
    names = [part.name for part in parts(Options(tmp_path))]
    assert len(set(names)) == len(names) == 10


@pytest.mark.slow
def test_lists_at_a_constant_rate(home: Path) -> None:
    done = serving_work.measure_lists(home, CUSTOMERS, 20, 1, "redis")
    server, client = done.steps["at the server, p50"], done.steps["at the client, p50"]
    assert 0 < server < client
    assert done.seconds == done.steps["at the server, p99"] >= server
    assert (done.peak_mb or 0) > 50


@pytest.mark.slow
def test_an_endpoint_without_work_and_as_often_as_clients_ask(home: Path) -> None:
    assert serving_work.measure_empty(home, 20, 1).seconds > 0
    done = serving_work.measure_throughput(home, CUSTOMERS, 50, "database")
    assert (done.rows, done.seconds > 0) == (50, True)


@pytest.mark.slow
def test_requests_that_fail_are_no_measurement(home: Path) -> None:
    with pytest.raises(RuntimeError, match="requests failed"):
        serving_work.measure_lists(home, CUSTOMERS * 1_000, 20, 1, "database")
