"""Each run that leaves the queue is a job of Kubernetes with one pod, and Dagster is told how that pod fares.

Built on Dagster's own launcher of the kind (dagster-k8s), with four differences. The job holds the run's id alone, and
nothing of the instance. Its name says whose run it is. A cluster that does not answer is no verdict: the queue keeps
what waits, and what runs is taken to be running. A run's tag may say of its pod how large it is and where it stands,
and nothing else.

Not here: what a pod looks like (pod.py), and what the run does in it (run_pod.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterInvalidConfigError
from dagster._core.events import EngineEventData, JobFailureData
from dagster._core.launcher import LaunchRunContext
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._serdes import ConfigurableClassData
from dagster_k8s import K8sRunLauncher
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.job import UserDefinedDagsterK8sConfig, construct_dagster_k8s_job, get_user_defined_k8s_config
from dagster_shared.error import SerializableErrorInfo
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from recs_platform.automation.failures import MistakeFailure
from recs_platform.automation.pods.pod import DAGSTER_HOME, config_of, job_name
from recs_platform.automation.pods.refusals import ClusterAwayError, is_lasting, refusal, words_of
from recs_platform.automation.rerun import NEVER_AGAIN
from recs_platform.errors import ConfigError
from recs_platform.settings import Settings

_ANSWER_SECONDS = 10
_CONFLICT, _NOT_FOUND = 409, 404
_RUN_LABEL = "dagster/run-id"
_TAG_MAY_SAY = MappingProxyType(
    {
        "container_config": {"resources": True},
        "pod_spec_config": {"affinity": True, "node_selector": True, "tolerations": True, "priority_class_name": True},
    }
)
"""Whoever may start a run may not thereby choose its image, its rights or what it can read."""


class PodLauncher(K8sRunLauncher):
    def __init__(
        self,
        image: str,
        namespace: str,
        service_account: str,
        kubeconfig: str | None = None,
        inst_data: ConfigurableClassData | None = None,
    ) -> None:
        try:
            super().__init__(
                service_account_name=service_account,
                instance_config_map="",
                dagster_home=DAGSTER_HOME,
                job_image=image,
                load_incluster_config=kubeconfig is None,
                kubeconfig_file=kubeconfig,
                inst_data=inst_data,
                job_namespace=namespace,
            )
        except ConfigException as error:
            where = f"RECS_RUN_KUBECONFIG {kubeconfig}" if kubeconfig else "RECS_RUN_LAUNCHER=kubernetes"
            raise ConfigError(
                f"{where}: no cluster can be reached ({error}). Inside one a pod's service account is used; outside, "
                "set RECS_RUN_KUBECONFIG to a kubeconfig file"
            ) from None

    @classmethod
    def chosen(cls, chosen: Settings, inst_data: ConfigurableClassData | None = None) -> PodLauncher:
        kubeconfig = str(chosen.run_kubeconfig) if chosen.run_kubeconfig else None
        return cls(str(chosen.run_image), chosen.run_namespace, chosen.run_service_account, kubeconfig, inst_data)

    @property
    def supports_resume_run(self) -> bool:
        """A run that was killed is started again as a new one, which knows what the first one left undone."""
        return False

    @property
    def supports_run_worker_crash_recovery(self) -> bool:
        return False

    def get_container_context_for_run(self, dagster_run: dg.DagsterRun) -> K8sContainerContext:
        config = config_of(dagster_run, str(self.job_image), self._most_seconds())
        ours = K8sContainerContext(
            namespace=self.job_namespace,
            service_account_name=self.service_account_name,
            run_k8s_config=UserDefinedDagsterK8sConfig(**config),
        )
        return ours.merge(self._of_tags(dagster_run))

    def launch_run(self, context: LaunchRunContext) -> None:
        run = context.dagster_run
        name = job_name(run)
        try:
            self._create(run, name)
        except ApiException as error:
            if error.status == _CONFLICT and self._is_of_this_run(name, run):
                return
            if not is_lasting(error):
                raise ClusterAwayError(f"the cluster takes no job just now: {words_of(error)}") from error
            raise self._failed(run, refusal(error, name, self.job_namespace)) from error
        except HTTPError as error:
            raise ClusterAwayError(f"the cluster does not answer: {words_of(error)}") from error
        except ConfigError as error:
            raise self._failed(run, str(error)) from error

    def terminate(self, run_id: str) -> bool:
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        try:
            # With its pod, which is asked to end first.
            self._api_client.batch_api.delete_namespaced_job(
                job_name(run), self.job_namespace, propagation_policy="Background", _request_timeout=_ANSWER_SECONDS
            )
        except (ApiException, HTTPError) as error:
            self._tell(run, f"The run's job was not deleted: {words_of(error)}")
            return False
        self._tell(run, "The run's job is deleted; its pod is asked to end.")
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        name = job_name(run)
        try:
            job = self._api_client.batch_api.read_namespaced_job_status(
                name, self.job_namespace, _request_timeout=_ANSWER_SECONDS
            )
        except ApiException as error:
            if error.status == _NOT_FOUND:
                return CheckRunHealthResult(WorkerStatus.FAILED, f"the job {name} is gone")
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"the cluster does not say: {words_of(error)}")
        except HTTPError as error:
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"the cluster does not answer: {words_of(error)}")
        said = [one for one in job.status.conditions or () if one.status == "True"]
        ended = [one for one in said if one.type in ("Complete", "Failed")]
        if not ended and (job.status.active or not (job.status.failed or job.status.succeeded)):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        if run.status in (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING):
            why = "; ".join(f"{one.reason}: {one.message}" for one in ended if one.reason)
            return CheckRunHealthResult(
                WorkerStatus.FAILED, f"the pod of the job {name} has ended, the run has not. {why}"
            )
        if job.status.succeeded:
            return CheckRunHealthResult(WorkerStatus.SUCCESS)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"the job {name} failed")

    def get_run_worker_debug_info(self, run: dg.DagsterRun, include_container_logs: bool | None = True) -> str | None:
        name, client = job_name(run), self._api_client
        try:
            pods = client.get_pod_names_in_job(name, namespace=self.job_namespace)
            told = [
                client.get_pod_debug_info(pod, self.job_namespace, include_container_logs=include_container_logs)
                for pod in pods
            ] or [client.get_job_debug_info(name, namespace=self.job_namespace)]
        except (ApiException, HTTPError) as error:
            return f"The cluster says nothing more of the job {name}: {words_of(error)}"
        return "\n".join([*told, f"More: kubectl -n {self.job_namespace} describe job {name}"])

    def _create(self, run: dg.DagsterRun, name: str) -> None:
        context = self.get_container_context_for_run(run)
        job = construct_dagster_k8s_job(
            context.get_k8s_job_config(job_image=None, run_launcher=self),
            [run.run_id],
            name,
            user_defined_k8s_config=context.run_k8s_config,
            pod_name=name,
            labels={_RUN_LABEL: run.run_id, "dagster/job": run.job_name},
        )
        self._api_client.batch_api.create_namespaced_job(self.job_namespace, job, _request_timeout=_ANSWER_SECONDS)
        self._tell(run, f"The run's job {name} is made in the namespace {self.job_namespace}.")

    def _is_of_this_run(self, name: str, run: dg.DagsterRun) -> bool:
        """Whether the job was made at an earlier try whose answer did not arrive."""
        job = self._api_client.batch_api.read_namespaced_job(name, self.job_namespace, _request_timeout=_ANSWER_SECONDS)
        return bool((job.metadata.labels or {}).get(_RUN_LABEL) == run.run_id)

    def _of_tags(self, run: dg.DagsterRun) -> K8sContainerContext:
        try:
            asked = K8sContainerContext(run_k8s_config=get_user_defined_k8s_config(run.tags))
            asked.validate_user_k8s_config_for_run(_TAG_MAY_SAY, None)
        except (DagsterInvalidConfigError, json.JSONDecodeError) as error:
            raise ConfigError(f"The run's tag dagster-k8s/config cannot be read: {error}") from None
        except Exception as error:
            # dagster-k8s has no class of its own for it.
            raise ConfigError(
                f"The run's tag dagster-k8s/config may say resources, affinity, nodeSelector, tolerations and "
                f"priorityClassName alone: {error}"
            ) from None
        return asked

    def _failed(self, run: dg.DagsterRun, message: str) -> MistakeFailure:
        """Nobody starts it again: it would be refused again."""
        self._instance.add_run_tags(run.run_id, NEVER_AGAIN)
        error = SerializableErrorInfo(f"{MistakeFailure.__name__}: {message}", [], MistakeFailure.__name__)
        self._instance.report_run_failed(run, message, JobFailureData(error))
        return MistakeFailure(message, allow_retries=False)

    def _most_seconds(self) -> int:
        """Dagster ends a run that takes too long. The cluster ends what Dagster has lost sight of, later."""
        most = self._instance.run_monitoring_max_runtime_seconds
        return int(most + self._instance.run_monitoring_start_timeout_seconds)

    def _tell(self, run: dg.DagsterRun, message: str) -> None:
        self._instance.report_engine_event(message, run, EngineEventData(_NOTHING_MORE), cls=self.__class__)


_NOTHING_MORE: Mapping[str, Any] = MappingProxyType({})
