"""Ticks of the retraining sensor as the daemon makes them, on a platform of a test's own."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from recs_platform_tests.promises.platform import Platform, quietly

SENSOR, JOB = "offer_ranking_retraining", "offer_ranking_training"
RUN_KEY = "dagster/run_key"


class Ticks:
    def __init__(self, platform: Platform) -> None:
        self.definitions, self.instance = platform.definitions, platform.instance

    def asks(self) -> list[dg.RunRequest]:
        """What a tick asks for, without what the daemon knows to have started before."""
        requests, _ = self._evaluate()
        return [request for request in requests if not self.instance.get_runs(_of_key(request))]

    def says(self) -> str:
        """Why nothing is asked for."""
        requests, words = self._evaluate()
        assert not requests
        return words

    def queue(self, request: dg.RunRequest) -> None:
        """What the daemon does with a request before the run starts."""
        job = self.definitions.resolve_job_def(JOB)
        self.instance.create_run_for_job(job, tags=_tags(request))

    def run(self, request: dg.RunRequest, tables: Sequence[str]) -> dg.ExecuteInProcessResult:
        """Carry out a request, as far as these tables of its job."""
        with quietly():
            return self.definitions.resolve_job_def(JOB).execute_in_process(
                instance=self.instance,
                partition_key=request.partition_key,
                asset_selection=[dg.AssetKey(["offer_ranking", table]) for table in tables],
                tags=_tags(request),
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )

    def _evaluate(self) -> tuple[list[dg.RunRequest], str]:
        repository = self.definitions.get_repository_def()
        # The daemon hands a sensor its resources; a context that is made by hand has none.
        warehouse = {"warehouse": repository.get_top_level_resources()["warehouse"]}
        with (
            quietly(),
            dg.build_sensor_context(self.instance, repository_def=repository, resources=warehouse) as context,
        ):
            decided = repository.get_sensor_def(SENSOR).evaluate_tick(context)
        return list(decided.run_requests or []), decided.skip_message or ""


def _tags(request: dg.RunRequest) -> dict[str, str]:
    return {**request.tags, RUN_KEY: str(request.run_key)}


def _of_key(request: dg.RunRequest) -> dg.RunsFilter:
    return dg.RunsFilter(tags={RUN_KEY: str(request.run_key)})
