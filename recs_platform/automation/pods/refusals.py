"""What a cluster says when it does not take a run's job: a mistake that somebody must mend, or nothing that lasts.

Not here: who asks (pod_launcher.py).
"""

from __future__ import annotations

import json

from dagster._core.errors import DagsterUserCodeUnreachableError
from kubernetes.client.exceptions import ApiException

from recs_platform.errors import TransientError
from recs_platform.masking import mask_text

_MEND = {
    401: "The token of the daemon's service account is not valid.",
    403: "The daemon's service account needs the rights of deploy/k8s (make, read, list and delete jobs).",
    404: "Make the namespace, or name another one in RECS_RUN_NAMESPACE.",
}
_LASTING = range(400, 500)
_BUSY = (408, 429)
_QUOTA = "exceeded quota"


class ClusterAwayError(DagsterUserCodeUnreachableError, TransientError):
    """The cluster does not answer, or has no room for another job just now. The queue keeps the run."""


def is_lasting(error: ApiException) -> bool:
    """Whether the same job would be refused again."""
    status = int(error.status or 0)
    return status in _LASTING and status not in _BUSY and _QUOTA not in words_of(error)


def words_of(error: Exception) -> str:
    """The API server's own sentence, where it sent one."""
    try:
        message = str(json.loads(getattr(error, "body", None) or "")["message"])
    except (ValueError, KeyError, TypeError):
        message = str(getattr(error, "reason", None) or error)
    return mask_text(" ".join(message.split())[:1_000])


def refusal(error: ApiException, name: str, namespace: str) -> str:
    status = int(error.status or 0)
    mend = _MEND.get(
        status, "Settings of pods begin with RECS_RUN_; the run's tag dagster-k8s/config is put over them."
    )
    return f"The cluster refused the job {name} in the namespace {namespace} ({status}: {words_of(error)}). {mend}"
