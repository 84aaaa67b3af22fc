"""Which launcher the settings choose, and one sentence where it cannot be had."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.launcher import DefaultRunLauncher

from recs_platform.automation.instance import prepared_home
from recs_platform.errors import ConfigError
from recs_platform.settings import settings
from recs_platform_tests.automation.launcher.queue import IMAGE
from recs_platform_tests.automation.launcher.stub_cluster import written_kubeconfig

PODS = {
    "RECS_RUN_LAUNCHER": "kubernetes",
    "RECS_RUN_IMAGE": IMAGE,
    "RECS_DATABASE_URL": "postgresql://db.example.com/recs",
    "RECS_DAGSTER_DATABASE_URL": "postgresql://db.example.com/recs",
}


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """That of an instance as it is shipped, with these variables."""

    def made(**variables: str) -> Any:
        monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
        instance = dg.DagsterInstance.from_config(str(prepared_home()))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return instance.run_launcher

    return made


def test_by_itself_a_run_is_a_process(launcher: Callable[..., Any]) -> None:
    assert isinstance(launcher(), DefaultRunLauncher)


def test_a_run_is_a_pod_where_the_settings_say_so(launcher: Callable[..., Any], tmp_path: Path) -> None:
    kubeconfig = written_kubeconfig(tmp_path, "http://127.0.0.1:1", "token")
    made = launcher(**PODS, RECS_RUN_KUBECONFIG=str(kubeconfig), RECS_RUN_NAMESPACE="shops")
    assert not isinstance(made, DefaultRunLauncher)
    assert made.supports_check_run_worker_health
    assert (made.job_namespace, made.service_account_name, made.job_image) == ("shops", "recs-run", IMAGE)


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        (
            {"RECS_RUN_IMAGE": ""},
            "RECS_RUN_LAUNCHER=kubernetes needs RECS_RUN_IMAGE (the image of run pods, with its registry and its tag)",
        ),
        ({"RECS_DATABASE_URL": ""}, "RECS_RUN_LAUNCHER=kubernetes needs RECS_DATABASE_URL (the platform database on"),
        ({"RECS_RUN_LAUNCHER": "docker"}, "RECS_RUN_LAUNCHER: Input should be 'process' or 'kubernetes'"),
        ({"RECS_RUN_IMAGE": "recs-platform"}, "RECS_RUN_IMAGE: should be an image with its tag or digest"),
        ({"RECS_RUN_NAMESPACE": "Recs!"}, "RECS_RUN_NAMESPACE: should be lower-case letters, digits and -"),
        ({"RECS_CONCURRENT_RUNS": "0"}, "RECS_CONCURRENT_RUNS: Input should be greater than or equal to 1"),
        ({"RECS_RUN_KUBECONFIG": "/not/there"}, "RECS_RUN_KUBECONFIG /not/there: no cluster can be reached"),
        ({}, "RECS_RUN_LAUNCHER=kubernetes: no cluster can be reached"),
    ],
)
def test_what_is_missing_is_said(launcher: Callable[..., Any], variables: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        launcher(**{**PODS, **variables})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_extra_is_said(launcher: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    imported: Any = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("recs_platform.automation.pods.pod_launcher"):
            raise ModuleNotFoundError("No module named 'dagster_k8s'", name="dagster_k8s")
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"not installed \(dagster_k8s\): pip install 'recs-platform\[kubernetes\]'"):
        launcher(**PODS)
