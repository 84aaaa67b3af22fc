"""What every run's pod looks like: its rights, its folders, where its environment comes from, and its name.

No value of a setting stands in it, and no secret: the pod's environment comes from the cluster's own ConfigMap and
Secret. Not here: what it may use (room.py), and who starts it (pod_launcher.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import dagster as dg
from dagster_k8s.utils import sanitize_k8s_label

from recs_platform.automation.jobs import COMPANY_TAG
from recs_platform.automation.pods.room import resources, room_of, strategy_of, variables

SETTINGS, SECRETS, COMPANIES = "recs-settings", "recs-secrets", "recs-companies"
"""Names of the ConfigMap and the Secret that are a pod's environment, and of the ConfigMap of company files."""
STATE = "/var/lib/recs"
DAGSTER_HOME = f"{STATE}/dagster"
USER = 10001
COMMAND = ("python", "-P", "-m", "recs_platform.automation.run_pod")
COMMON_LABELS = MappingProxyType({"app.kubernetes.io/name": "recs-platform", "app.kubernetes.io/component": "run"})

_KEPT_SECONDS = 86_400
"""A job that has ended, with its pod and what it printed."""
_GRACE_SECONDS = 120
"""Between being asked to end and being killed: a step writes what it has begun."""
_LONGEST_NAME = 57
"""A pod's name is its job's with six characters more, and at most 63."""

_CONTAINER = {
    "command": list(COMMAND),
    "security_context": {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    },
    "env_from": [{"config_map_ref": {"name": SETTINGS}}, {"secret_ref": {"name": SECRETS}}],
    "volume_mounts": [
        {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108  (the pod's own)
        {"name": "state", "mount_path": STATE},
        {"name": "companies", "mount_path": "/etc/recs/companies", "read_only": True},
    ],
}
_POD = {
    "automount_service_account_token": False,
    "enable_service_links": False,
    "termination_grace_period_seconds": _GRACE_SECONDS,
    "security_context": {
        "run_as_non_root": True,
        "run_as_user": USER,
        "run_as_group": USER,
        "fs_group": USER,
        "seccomp_profile": {"type": "RuntimeDefault"},
    },
    "volumes": [
        {"name": "tmp", "empty_dir": {}},
        {"name": "state", "empty_dir": {}},
        {"name": "companies", "config_map": {"name": COMPANIES, "optional": True}},
    ],
}


def job_name(run: dg.DagsterRun) -> str:
    """For people who list pods: whose it is, what it makes, and how the run's id begins."""
    words = f"{run.tags.get(COMPANY_TAG, 'platform')}-{run.job_name}".lower()
    plain = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[: _LONGEST_NAME - 9].strip("-")
    return f"{plain}-{run.run_id[:8]}"


def config_of(run: dg.DagsterRun, image: str, most_seconds: int) -> Mapping[str, Any]:
    """In the words of dagster-k8s; a tag `dagster-k8s/config` of the run is put over it."""
    room = room_of(run)
    labels = {**COMMON_LABELS, **_whose(run)}
    return {
        "container_config": {**_CONTAINER, "image": image, "resources": resources(room), "env": variables(room)},
        "pod_template_spec_metadata": {"labels": labels},
        "pod_spec_config": _POD,
        "job_metadata": {"labels": labels},
        "job_spec_config": {
            # Dagster starts a failed run again, and knows which ones; the cluster does not.
            "backoff_limit": 0,
            "ttl_seconds_after_finished": _KEPT_SECONDS,
            "active_deadline_seconds": most_seconds,
        },
    }


def _whose(run: dg.DagsterRun) -> dict[str, str]:
    known = {"recs/company": run.tags.get(COMPANY_TAG), "recs/strategy": strategy_of(run)}
    return {name: sanitize_k8s_label(value) for name, value in known.items() if value}
