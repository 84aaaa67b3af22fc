"""The landing folder on disk: its layout, and writes that are either there as a whole or not at all.

    <landing>/<company>/world.json                  the spec that the files were made from
    <landing>/<company>/truth.json                  what is planted in the world
    <landing>/<company>/truth/<day>.json            exact counts of one day
    <landing>/<company>/<table>/<day>/part-0.parquet
    <landing>/<company>/<table>/<day>/late-<day + 1>.parquet    rows of the day that arrived on the next

Files are prepared in `.writing` and renamed into place, so a process that is killed leaves nothing half. Not here:
what the files contain.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recs_platform.platform_db.locks import lock
from recs_platform.simulation.spec import WorldSpec

PART = "part-0.parquet"


def late_file(arrival: date) -> str:
    return f"late-{arrival.isoformat()}.parquet"


def day_folder(landing: Path, company: str, table: str, day: date) -> Path:
    return landing / company / table / day.isoformat()


def is_landed(landing: Path, company: str, table: str, day: date) -> bool:
    return (day_folder(landing, company, table, day) / PART).exists()


def stored_spec(landing: Path, company: str) -> WorldSpec | None:
    path = landing / company / "world.json"
    return WorldSpec.from_json(path.read_text()) if path.exists() else None


def claim(spec: WorldSpec, landing: Path, truth: Mapping[str, Any]) -> None:
    """Make the company's folder that of this spec; a folder made from another spec is removed as a whole."""
    folder = landing / spec.company
    with _only_writer(landing, spec.company):
        stored = stored_spec(landing, spec.company)
        if stored is not None and stored.to_json() == spec.to_json():
            return
        discarded = landing / f".{spec.company}.discarded"
        shutil.rmtree(discarded, ignore_errors=True)
        if folder.exists():
            folder.rename(discarded)
        shutil.rmtree(discarded, ignore_errors=True)
        _put(folder, folder / "truth.json", _json(truth))
        _put(folder, folder / "world.json", spec.to_json().encode())


def land(
    landing: Path, company: str, table: str, day: date, files: Mapping[str, pa.Table], truth: Mapping[str, Any]
) -> None:
    """Let one day of one table appear: its counts first, then all of its files in one step."""
    contents = {name: _parquet(content) for name, content in files.items()}
    company_folder, target = landing / company, day_folder(landing, company, table, day)
    with _only_writer(landing, company):
        counts = company_folder / "truth" / f"{day.isoformat()}.json"
        known = json.loads(counts.read_text()) if counts.exists() else {}
        _put(company_folder, counts, _json(_merged(known, truth)))
        if target.exists():
            for name, content in contents.items():
                _put(company_folder, target / name, content)
            return
        prepared = _workshop(company_folder) / f"{table}-{day.isoformat()}"
        prepared.mkdir()
        for name, content in contents.items():
            (prepared / name).write_bytes(content)
        target.parent.mkdir(parents=True, exist_ok=True)
        prepared.rename(target)


def land_late(landing: Path, company: str, table: str, happened: date, arrival: date, late: pa.Table) -> None:
    """Put rows that arrived late beside those of the day they happened."""
    content = _parquet(late)
    with _only_writer(landing, company):
        folder = day_folder(landing, company, table, happened)
        _put(landing / company, folder / late_file(arrival), content)


def read_truth(landing: Path, company: str) -> dict[str, Any]:
    folder = landing / company
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    counts = sorted((folder / "truth").glob("*.json"))
    return {**truth, "days": {path.stem: json.loads(path.read_text()) for path in counts}}


def _only_writer(landing: Path, company: str) -> AbstractContextManager[None]:
    """One writer per company at a time."""
    return lock(landing, f".{company}")


def _workshop(company_folder: Path) -> Path:
    """An empty folder on the same disk; what a killed process left in it is removed."""
    workshop = company_folder / ".writing"
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(parents=True)
    return workshop


def _put(company_folder: Path, target: Path, content: bytes) -> None:
    """Replace one file in one step, unless it is already the same."""
    if target.exists() and target.read_bytes() == content:
        return
    prepared = _workshop(company_folder) / target.name
    prepared.write_bytes(content)
    target.parent.mkdir(parents=True, exist_ok=True)
    prepared.replace(target)


def _parquet(table: pa.Table) -> bytes:
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd", store_schema=False)
    content: bytes = buffer.getvalue().to_pybytes()
    return content


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=2, sort_keys=True).encode()


def _merged(known: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
    """Counts of several tables in one document: nested dictionaries are united, other values replaced."""
    united = dict(known)
    for name, value in fresh.items():
        both = isinstance(value, Mapping) and isinstance(united.get(name), Mapping)
        united[name] = _merged(united[name], value) if both else value
    return united
