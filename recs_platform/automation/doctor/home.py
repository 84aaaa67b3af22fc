"""What the doctor looks at: settings, databases, companies, each opened once and as it is.

Opening changes nothing: no folder is made and no database is migrated. What cannot be opened is told by the part that
is about it; whoever else needs it asks in vain, and is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
from sqlalchemy import Engine

from recs_platform.automation.instance import existing_instance, home_of_instance
from recs_platform.companies.known_companies import Companies
from recs_platform.file_store.bucket import is_bucket
from recs_platform.platform_db.engine import existing_database, file_of
from recs_platform.settings import Settings, WarehouseKind, settings
from recs_platform.strategies.catalogue import load_companies

Opened = TypeVar("Opened")


def is_there(path: Path) -> bool:
    """Also what this user may not look at."""
    try:
        return path.exists()
    except OSError:
        return True


class NotThereError(Exception):
    """What a part needs cannot be opened; another part says why."""


@dataclass
class Home:
    environment: Mapping[str, str]
    now: datetime
    _opened: dict[str, Any] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return self._once("the settings", settings)

    @property
    def database(self) -> Engine:
        """The platform's, with tables as this version wants them."""
        return self._once("the platform database", self._usable_database)

    @property
    def instance(self) -> dg.DagsterInstance:
        return self._once("Dagster's instance", self._usable_instance)

    @property
    def companies(self) -> Companies:
        return self._once("the company files", self._usable_companies)

    @property
    def database_file(self) -> Path | None:
        """None where the platform database is on a server."""
        return self._once("the platform database's URL", lambda: file_of(self.settings.database))

    @property
    def has_database(self) -> bool:
        """Whether there is one at all; a server has one."""
        return self.database_file is None or is_there(self.database_file)

    @property
    def lake(self) -> Path | None:
        """The folder of the lake; None in a bucket, and where tables are in BigQuery."""
        elsewhere = self.settings.warehouse is WarehouseKind.BIGQUERY or is_bucket(self.settings.lake)
        return None if elsewhere else Path(self.settings.lake)

    @property
    def daemon_command(self) -> str:
        """What starts the daemon of this installation."""
        return "recs daemon" if self.settings.code_server else "recs ui"

    @property
    def dagster_home(self) -> Path:
        _ = self.settings
        return home_of_instance()

    def problem_of(self, what: Callable[[Home], object]) -> Exception | None:
        """Why something cannot be opened, for the part that is about it."""
        try:
            what(self)
        except NotThereError as error:
            return error.__cause__ if isinstance(error.__cause__, Exception) else error
        return None

    def close(self) -> None:
        instance = self._opened.get("Dagster's instance")
        if isinstance(instance, dg.DagsterInstance):
            instance.dispose()

    def _once(self, what: str, make: Callable[[], Opened]) -> Opened:
        if what not in self._opened:
            try:
                self._opened[what] = make()
            except Exception as error:  # whatever it is, the other parts are looked at
                self._opened[what] = error
        found = self._opened[what]
        if isinstance(found, Exception):
            raise NotThereError(f"{what} cannot be used") from (
                found.__cause__ if isinstance(found, NotThereError) else found
            )
        opened: Opened = found
        return opened

    def _usable_database(self) -> Engine:
        return existing_database(self.settings.database)

    def _usable_instance(self) -> dg.DagsterInstance:
        _ = self.settings
        found = existing_instance()
        found.get_runs_count()
        return found

    def _usable_companies(self) -> Companies:
        _ = self.settings
        return load_companies()
