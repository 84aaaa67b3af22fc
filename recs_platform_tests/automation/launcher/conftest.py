"""A cluster of our own, and a queue over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import kubernetes
import pytest

from recs_platform_tests.automation.launcher.queue import Queue, queue_on
from recs_platform_tests.automation.launcher.stub_cluster import StubCluster, stub_cluster
from recs_platform_tests.conftest import new_database


@pytest.fixture(autouse=True)
def _no_cluster_of_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the client of Kubernetes keeps for its process ends with the test; nobody's own kubeconfig is read."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nobody's"))
    before = kubernetes.client.Configuration._default
    yield
    kubernetes.client.Configuration.set_default(before)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[StubCluster]:
    with stub_cluster(tmp_path / "cluster") as opened:
        yield opened


@pytest.fixture
def databases(postgres_url: str, dagster_template: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Of the platform and of Dagster: what runs in pods is told to nobody's files."""
    with new_database(tmp_path, postgres_url, dagster_template) as url:
        yield url, url


@pytest.fixture
def queue(
    cluster: StubCluster, databases: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Queue]:
    with queue_on(databases, cluster.kubeconfig, tmp_path, monkeypatch, RECS_CONCURRENT_RUNS="10") as opened:
        yield opened
