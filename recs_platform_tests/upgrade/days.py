"""Days of a small company, one that is held in its middle, and what there is afterwards: for tests of upgrades and
restores."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from sqlalchemy import text

from recs_platform.platform_db.engine import engine
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import lake_of
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.slices import TableRef
from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.conftest import in_production
from recs_platform_tests.upgrade.loaded import PATIENCE, Forked, Loaded

COMPANY = "holley"
DAYS = ("2025-09-02", "2025-09-03", "2025-09-04")
_HELD_AT = "interactions"
"""A table in the middle of the day."""
Contents = dict[str, str]


@dataclass(frozen=True)
class Production:
    """An installation with production's settings, to be copied: its folder, and the names of its databases."""

    folder: Path
    databases: tuple[str, ...]
    postgres_url: str

    @contextmanager
    def copied_to(self, folder: Path) -> Iterator[Terminal]:
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        with in_production(folder, self.postgres_url, *self.databases) as variables:
            yield Terminal(folder, variables)


def run_held(home: str, variables: Mapping[str, str], day: str) -> None:
    """Make a day by this version, and wait at that table until somebody says that it may go on."""
    folder = Path(home)
    said = _said(folder, day)
    replacing = Lake.replace

    def replace(lake: Lake, subject: Any, *arguments: Any, **named: Any) -> Any:
        if subject.table.name == _HELD_AT:
            (said / "held").touch()
            while not (said / "go on").exists():
                time.sleep(0.05)
        return replacing(lake, subject, *arguments, **named)

    with patch.object(Lake, "replace", replace):
        ended = Terminal(folder, variables).recs("run", COMPANY, "--date", day)
    (said / "ended").write_text(ended.told)
    sys.exit(ended.code)


class Held:
    """A run of this version in the middle of a day."""

    def __init__(self, version: Loaded, terminal: Terminal, day: str) -> None:
        self.said = _said(terminal.folder, day)
        self.said.mkdir()
        self.process: Forked = version.fork(
            f"{__name__}:run_held",
            str(terminal.folder),
            dict(terminal.variables),
            day,
            folder=terminal.folder,
            out=self.said / "out",
            environment={},
        )
        begun = time.monotonic()
        while not (self.said / "held").exists():
            assert self.process.code() is None, "\n".join(path.read_text() for path in self.said.iterdir())
            assert time.monotonic() - begun < PATIENCE, "the run does not come to its middle"
            time.sleep(0.05)

    def go_on(self) -> tuple[int, str]:
        (self.said / "go on").touch()
        return self.process.ended(), (self.said / "ended").read_text()


def _said(folder: Path, day: str) -> Path:
    return folder / f"held-{day}"


def contents(terminal: Terminal) -> Contents:
    """Table: its days and a hash of all its rows, also of what is live. By the lake's commits alone, since the database
    may be of a version that this one cannot use."""
    with (
        TemporaryDirectory() as folder,
        terminal.inside(RECS_ENV="local", RECS_DATABASE_URL=f"sqlite:///{folder}/empty.db"),
    ):
        lake, company = lake_of(settings()), company_named(COMPANY)
        pipeline = pipeline_of(company)
        tables = [pipeline.ref(name, company) for name in pipeline.specs]
        tables += [TableRef(company.dataset, product.live) for product in pipeline.products.values()]
        return {t.name: " ".join(f"{day}:{lake.fingerprint(t, day)}" for day in lake.days(t)) for t in tables}


def ok(ended: Ended) -> Ended:
    assert ended.code == 0, ended.told
    return ended


def asked(terminal: Terminal, query: str) -> list[Any]:
    with terminal.inside(), engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]
