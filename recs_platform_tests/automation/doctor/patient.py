"""A home of two companies, as its first start leaves it, for tests that break something of it and ask the doctor."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from sqlalchemy import Engine

from recs_platform.automation.doctor.checkup import PARTS, Examine, check_up
from recs_platform.automation.doctor.examined import PartExamined, State
from recs_platform.automation.instance import existing_instance, prepared_home
from recs_platform.platform_db.engine import opened_database
from recs_platform.settings import settings
from recs_platform_tests.cli.terminal import Terminal


def company_file(name: str) -> str:
    return (
        f"name: {name}\nstrategy: vehicle_fitment\ndataset: {name}\ntimezone: UTC\ncurrency: EUR\n"
        "start_date: 2025-09-01\nsimulation: {seed: 7, customers: 30}\n"
    )


def make(folder: Path) -> None:
    """Everything that a first start makes, and no run."""
    (folder / "companies").mkdir()
    for name in ("acme", "holley"):
        (folder / "companies" / f"{name}.yaml").write_text(company_file(name))
    with Terminal(folder).inside():
        settings().home.mkdir(mode=0o700)
        prepared_home()
        opened_database().dispose()
        Path(settings().lake).mkdir(mode=0o700)
    (folder / ".dagster").chmod(0o700)


@dataclass
class Patient:
    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / ".recs"

    @property
    def dagster(self) -> Path:
        return self.folder / ".dagster"

    @property
    def terminal(self) -> Terminal:
        return Terminal(self.folder, self.variables)

    @contextmanager
    def inside(self) -> Iterator[None]:
        with self.terminal.inside():
            yield

    @contextmanager
    def database(self) -> Iterator[Engine]:
        with self.inside():
            opened = opened_database()
            yield opened

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        with self.inside(), existing_instance() as opened:
            yield opened

    def examined(self, now: datetime | None = None, parts: Mapping[str, Examine] = PARTS) -> list[PartExamined]:
        with self.inside():
            return list(check_up(dict(os.environ), now or datetime.now(UTC), parts))

    def of(self, part: str, *states: State, now: datetime | None = None) -> list[str]:
        """What is said of a part, in these states: by itself, what is wrong or a warning."""
        wanted = states or (State.WRONG, State.WARNING)
        return [
            f"{one.examined.says} {one.examined.remedy}".strip()
            for one in self.examined(now, {part: PARTS[part]})
            if one.examined.state in wanted
        ]

    def wrong(self) -> dict[str, str]:
        """What is wrong, by part; of several the first."""
        found: dict[str, str] = {}
        for one in self.examined():
            if one.examined.state is State.WRONG:
                found.setdefault(one.part, f"{one.examined.says} {one.examined.remedy}".strip())
        return found


def copy_of(made: Path, folder: Path) -> Patient:
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return Patient(folder)


def typed(command: str, folder: Path, environment: Mapping[str, str] = {}) -> None:
    """What the doctor said to do."""
    subprocess.run(["bash", "-c", command], cwd=folder, env={**os.environ, **environment}, check=True)


def names(folder: Path) -> Sequence[str]:
    """What is there, without what whoever opens a database leaves beside it."""
    beside = ("-wal", "-shm", ".lock")
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.name.endswith(beside))
