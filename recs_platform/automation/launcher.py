"""Who starts the runs that wait in Dagster's queue: the settings choose, so that dagster.yaml is one file.

`RECS_RUN_LAUNCHER=process` is Dagster's own launcher: the code server starts a process for each run. With `kubernetes`
each run is a pod of its own. Not here: pods (pods/), and runs from a terminal, which nobody launches (launch.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster._core.launcher import DefaultRunLauncher
from dagster._core.launcher import RunLauncher as AnyRunLauncher
from dagster._serdes import ConfigurableClassData

from recs_platform.automation.dagster_storage import chosen_settings
from recs_platform.errors import ConfigError
from recs_platform.settings import RunLauncherKind, Settings


class RunLauncher(DefaultRunLauncher):
    """The name in dagster.yaml: itself where runs are processes."""

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003  (it has none)
    ) -> AnyRunLauncher[Any]:
        chosen = chosen_settings()
        if chosen.run_launcher is RunLauncherKind.KUBERNETES:
            return _of_pods(chosen, inst_data)
        return cls(inst_data)


def _of_pods(chosen: Settings, inst_data: ConfigurableClassData | None) -> AnyRunLauncher[Any]:
    try:
        from recs_platform.automation.pods.pod_launcher import PodLauncher
    except ImportError as error:
        raise ConfigError(
            f"RECS_RUN_LAUNCHER=kubernetes needs packages that are not installed ({error.name}): "
            "pip install 'recs-platform[kubernetes]'"
        ) from None
    return PodLauncher.chosen(chosen, inst_data)
