"""Where Dagster keeps runs, events, ticks and what runs print: the settings choose, so that dagster.yaml is one file.

With `RECS_DAGSTER_DATABASE_URL` it is PostgreSQL, otherwise SQLite in the instance's folder. The URL stands in the
environment alone: what Dagster hands to its processes, and shows on its page of settings, is the name of a class.

In production what a run prints goes where its process prints, and the cluster collects that; events tell what happened.
On a laptop it is kept in the instance's folder, for the UI.

Not here: the storages themselves (postgres_storage.py, event_log.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagster import DagsterInstance
from dagster._config.config_schema import UserConfigSchema
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.compute_log_manager import ComputeLogManager
from dagster._core.storage.event_log import EventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.runs import RunStorage, SqliteRunStorage
from dagster._core.storage.schedules import ScheduleStorage, SqliteScheduleStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from recs_platform.automation.event_log import BatchedSqliteEventLog
from recs_platform.errors import ConfigError
from recs_platform.platform_db.engine import engine
from recs_platform.platform_db.locks import lock
from recs_platform.settings import Environment, Settings, settings

FIRST_START = "first start"
"""The lock around all that is made or migrated."""


class InstanceStorage(DagsterStorage[DagsterInstance], ConfigurableClass):
    def __init__(
        self,
        runs: RunStorage[DagsterInstance],
        events: EventLogStorage[DagsterInstance],
        ticks: ScheduleStorage[DagsterInstance],
        inst_data: ConfigurableClassData | None,
    ) -> None:
        self._runs, self._events, self._ticks, self._inst_data = runs, events, ticks, inst_data

    @property
    def run_storage(self) -> RunStorage[DagsterInstance]:
        return self._runs

    @property
    def event_log_storage(self) -> EventLogStorage[DagsterInstance]:
        return self._events

    @property
    def schedule_storage(self) -> ScheduleStorage[DagsterInstance]:
        return self._ticks

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003  (it has none)
    ) -> InstanceStorage:
        url = chosen_settings().dagster_database_url
        if url is None:
            return cls(_SqliteRuns(), BatchedSqliteEventLog(), _SqliteTicks(), inst_data)
        return cls(*_on_postgresql(url.get_secret_value()), inst_data)


class ComputeLogs(LocalComputeLogManager):
    """What runs print, in the folder of the instance, which is known when the instance is."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__("", inst_data=inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(  # type: ignore[override]
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003  (it has none)
    ) -> ComputeLogManager[DagsterInstance]:
        if chosen_settings().env is Environment.PRODUCTION:
            return NoOpComputeLogManager(inst_data)
        return cls(inst_data)

    def register_instance(self, instance: DagsterInstance) -> None:
        self._base_dir = self._base_dir or instance.storage_directory()
        super().register_instance(instance)


class _SqliteRuns(SqliteRunStorage):
    """Dagster's own, in the folder of its instance."""

    def __init__(self) -> None:
        """It opens when it has its instance."""

    def register_instance(self, instance: DagsterInstance) -> None:
        if not vars(self):
            vars(self).update(vars(SqliteRunStorage.from_local(f"{instance.root_directory}/history")))
        super().register_instance(instance)


class _SqliteTicks(SqliteScheduleStorage):
    def __init__(self) -> None:
        """As above."""

    def register_instance(self, instance: DagsterInstance) -> None:
        if not vars(self):
            vars(self).update(vars(SqliteScheduleStorage.from_local(f"{instance.root_directory}/schedules")))
        super().register_instance(instance)


def chosen_settings() -> Settings:
    """For what Dagster's own commands load: an error of Click they show as it is, and end with its exit code."""
    try:
        return settings()
    except ConfigError as error:
        import click

        if click.get_current_context(silent=True):
            raise _refusal(str(error)) from None
        raise


def _refusal(message: str) -> Exception:
    from click import ClickException

    class Refusal(ClickException):
        exit_code = 2

    return Refusal(message)


def _on_postgresql(
    url: str,
) -> tuple[RunStorage[DagsterInstance], EventLogStorage[DagsterInstance], ScheduleStorage[DagsterInstance]]:
    try:
        from recs_platform.automation import postgres_storage as storage
    except ImportError as error:
        raise ConfigError(
            f"RECS_DAGSTER_DATABASE_URL needs packages that are not installed ({error.name}): "
            "pip install 'recs-platform[postgres]'"
        ) from None
    if not storage.has_tables(url):
        with lock(engine(), FIRST_START):
            storage.make_tables(url)
    return storage.PostgresRuns(url), storage.BatchedPostgresEventLog(url), storage.PostgresTicks(url)
