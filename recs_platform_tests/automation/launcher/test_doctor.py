"""What the doctor says of where queued runs are carried out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from recs_platform.automation.doctor import run_pods
from recs_platform.automation.doctor.home import Home
from recs_platform.automation.pods.rights import RIGHTS
from recs_platform.settings import settings
from recs_platform_tests.automation.launcher.queue import IMAGE
from recs_platform_tests.automation.launcher.stub_cluster import StubCluster, written_kubeconfig

SOMEWHERE = ("postgresql://db.example.com/recs", "postgresql://db.example.com/recs")


def told(
    kubeconfig: Path | None, databases: tuple[str, str], monkeypatch: pytest.MonkeyPatch, **more: str
) -> list[str]:
    variables = {
        "RECS_DATABASE_URL": databases[0],
        "RECS_DAGSTER_DATABASE_URL": databases[1],
        "RECS_RUN_LAUNCHER": "kubernetes",
        "RECS_RUN_IMAGE": IMAGE,
        "RECS_RUN_KUBECONFIG": str(kubeconfig or ""),
        **more,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    return [f"{one.state}: {one.says}" for one in run_pods.examine(Home({}, datetime.now(UTC)))]


def test_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    says = told(None, SOMEWHERE, monkeypatch, RECS_RUN_LAUNCHER="process", RECS_CONCURRENT_RUNS="7")
    assert says == ["ok: queued runs are processes of the code server, 7 at once"]


def test_a_cluster_that_takes_pods(cluster: StubCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    says = told(cluster.kubeconfig, SOMEWHERE, monkeypatch)
    assert says == ["ok: queued runs are pods in the namespace recs, 2 at once"]


def test_missing_rights_are_named_each(cluster: StubCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    says = told(cluster.kubeconfig, SOMEWHERE, monkeypatch, RECS_RUN_NAMESPACE="elsewhere")
    assert len(says) == sum(len(verbs) for *_, verbs in RIGHTS)
    assert "wrong: whoever starts pods may not get pods/log in the namespace elsewhere" in says


def test_a_cluster_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = written_kubeconfig(tmp_path, "http://127.0.0.1:1", "token")
    (says,) = told(nowhere, SOMEWHERE, monkeypatch)
    assert says.startswith("wrong: the cluster does not say what is allowed")


def test_where_no_pods_are_started_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    (says,) = told(None, SOMEWHERE, monkeypatch)
    assert says.startswith("skipped: queued runs are pods, which are started elsewhere")
