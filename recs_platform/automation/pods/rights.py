"""What whoever starts run pods needs to be allowed, and what of it the cluster does not allow.

`RIGHTS` is the Role of `recs-dagster` in deploy/k8s, which a test holds against it.
"""

from __future__ import annotations

from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from recs_platform.automation.pods.pod_launcher import PodLauncher
from recs_platform.automation.pods.refusals import words_of
from recs_platform.errors import ConfigError
from recs_platform.settings import Settings

RIGHTS = (
    ("batch", "jobs", ("create", "get", "list", "delete")),
    ("batch", "jobs/status", ("get",)),
    ("", "pods", ("get", "list")),
    ("", "pods/log", ("get",)),
    ("", "events", ("list",)),
)
_ANSWER_SECONDS = 10


def missing_rights(chosen: Settings) -> list[str]:
    """In words, such as `create jobs`; a ConfigError where the cluster does not answer."""
    PodLauncher.chosen(chosen)  # it reads how the cluster is reached
    asked = client.AuthorizationV1Api()
    missing = []
    for group, resource, verbs in RIGHTS:
        name, _, part = resource.partition("/")
        for verb in verbs:
            about = {"namespace": chosen.run_namespace, "group": group, "resource": name, "verb": verb}
            if not _is_allowed(asked, about | ({"subresource": part} if part else {})):
                missing.append(f"{verb} {resource}")
    return missing


def _is_allowed(asked: Any, about: dict[str, str]) -> bool:
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    body = {**review, "spec": {"resourceAttributes": about}}
    try:
        answer = asked.create_self_subject_access_review(body, _request_timeout=_ANSWER_SECONDS)
    except (ApiException, HTTPError) as error:
        raise ConfigError(f"the cluster does not say what is allowed: {words_of(error)}") from None
    return bool(answer.status.allowed)
