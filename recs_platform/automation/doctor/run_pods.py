"""Where queued runs are carried out: on the code server, or in pods of a cluster that takes them.

Not here: how those fare that are under way (runs.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from recs_platform.automation.doctor.examined import Examined, ok, skipped, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.errors import ConfigError
from recs_platform.settings import RunLauncherKind, Settings

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


def examine(home: Home) -> Iterator[Examined]:
    chosen = home.settings
    if chosen.run_launcher is RunLauncherKind.PROCESS:
        yield ok(f"queued runs are processes of the code server, {chosen.concurrent_runs} at once")
    elif chosen.run_kubeconfig is None and not _ACCOUNT.exists():
        yield skipped("queued runs are pods, which are started elsewhere: no service account of a cluster is here")
    else:
        yield from _cluster(chosen)


def _cluster(chosen: Settings) -> Iterator[Examined]:
    try:
        from recs_platform.automation.pods.rights import missing_rights
    except ImportError as error:
        remedy = "pip install 'recs-platform[kubernetes]'"
        yield wrong(f"RECS_RUN_LAUNCHER=kubernetes needs packages that are not installed ({error.name})", remedy)
        return
    try:
        missing = missing_rights(chosen)
    except ConfigError as error:
        yield wrong(str(error), "Look at RECS_RUN_KUBECONFIG, and at the cluster.")
        return
    for right in missing:
        yield wrong(
            f"whoever starts pods may not {right} in the namespace {chosen.run_namespace}",
            "Apply deploy/k8s, or look at RECS_RUN_NAMESPACE.",
        )
    if not missing:
        yield ok(f"queued runs are pods in the namespace {chosen.run_namespace}, {chosen.concurrent_runs} at once")
