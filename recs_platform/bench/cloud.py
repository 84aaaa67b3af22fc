"""`recs bench cloud`: what the platform adds to the bare calls of BigQuery, on an emulator.

The platform makes a slice, and each of its requests is noted; the baseline sends the same requests again, under new
names, and does nothing else. An emulator's seconds say nothing of Google's; the ratio and the number of calls do.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import requests
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from recs_platform.bench import event_rows
from recs_platform.bench.event_rows import DATASET, EVENTS, LANDED, table
from recs_platform.bench.measure import Aim, Done, MeasuredPart, Stopwatch
from recs_platform.bench.registry import Options
from recs_platform.bench.slices import usable_events
from recs_platform.errors import ConfigError
from recs_platform.schemas.table import TableSpec
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.bigquery.client import is_emulated, open_client
from recs_platform.warehouse.bigquery.jobs import Jobs
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform.warehouse.protocol import Subject

ROWS, SLICES = 1_000, 5
_NAMES = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""What is new in each request: tables on their way, and jobs."""
_JSON = {"Content-Type": "application/json"}


def parts(options: Options) -> list[MeasuredPart]:
    folder, rows = options.folder / "cloud", options.rows or ROWS
    project = f"bench-{uuid.uuid4().hex[:12]}"
    return [
        MeasuredPart(
            name="slice",
            sizes={"rows": rows, "slices": SLICES},
            prepare=partial(prepare, folder, project, rows),
            work=partial(make_slices, folder, project),
            baseline_name="the same requests without the platform",
            baseline=partial(send_again, folder),
            aim=Aim(ratio=0.7),
        )
    ]


@dataclass
class Noted(HTTPAdapter):
    """Notes what is sent: method, address and body."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def send(self, request: PreparedRequest, *given: Any, **options: Any) -> Response:
        body = request.body or ""
        # What is uploaded is not sent again.
        text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
        self.sent.append((request.method or "", request.url or "", text))
        return super().send(request, *given, **options)


def prepare(folder: Path, project: str, rows: int) -> None:
    """A landed day, a first slice, and the requests of the next."""
    if not is_emulated():
        raise ConfigError(
            "recs bench cloud talks to an emulator of BigQuery. Start one (.servers/bin/bqemulator, which make test "
            "installs), and set BIGQUERY_EMULATOR_HOST to its address."
        )
    import duckdb

    warehouse, noted = _opened(folder, project)
    with duckdb.connect() as connection:
        made = connection.execute(event_rows.made_up_rows(LANDED, 1, rows)).to_arrow_reader(100_000)
        warehouse.replace(_subject(LANDED), made)
    _make(warehouse)
    noted.sent.clear()
    _make(warehouse)
    (folder / "requests").write_text(json.dumps(noted.sent))


def make_slices(folder: Path, project: str) -> Done:
    """The platform's way; its rows are calls."""
    warehouse, noted = _opened(folder, project)
    _make(warehouse)  # who comes first asks which columns there are
    noted.sent.clear()
    watch = Stopwatch()
    with watch.step("slices"):
        for _ in range(SLICES):
            _make(warehouse)
    return watch.done(len(noted.sent))


def send_again(folder: Path) -> Done:
    noted = json.loads((folder / "requests").read_text())
    watch, calls = Stopwatch(), 0
    with requests.Session() as session, watch.step("slices"):
        for _ in range(SLICES):
            names: dict[str, str] = {}
            for method, url, body in noted:
                address = _renamed(url, names)
                headers = {"Content-Type": "application/json"}
                session.request(
                    method, address, data=_renamed(body, names).encode(), headers=headers
                ).raise_for_status()
                calls += 1
    return watch.done(calls)


def _renamed(text: str, names: dict[str, str]) -> str:
    """With a new name for each, of the same form."""

    def new(found: re.Match[str]) -> str:
        fresh = uuid.uuid4()
        return names.setdefault(found[0], str(fresh) if "-" in found[0] else fresh.hex)

    return _NAMES.sub(new, text)


def _make(warehouse: BigQueryWarehouse) -> None:
    warehouse.replace(_subject(EVENTS), usable_events(event_rows.days(1)), audits=(SCHEMA_AUDIT,))


def _subject(spec: TableSpec) -> Subject:
    return Subject(f"bench/{spec.name}", DATASET, table(spec), event_rows.days(1))


def _opened(folder: Path, project: str) -> tuple[BigQueryWarehouse, Noted]:
    folder.mkdir(exist_ok=True)
    client, noted = open_client(project, os.environ.get("RECS_BIGQUERY_LOCATION")), Noted()
    client._http.mount("http://", noted)
    ledger = DatabaseLedger(f"sqlite:///{folder / 'platform.db'}")
    return BigQueryWarehouse(Jobs(client), timedelta(days=7), folder / "scratch", ledger), noted
