"""A report on disk: a folder with the page and the CSVs, which is there whole or not at all."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from recs_platform.campaign.report.page import GENERATOR, page
from recs_platform.campaign.report.reading import Findings, Rows
from recs_platform.errors import ConfigError
from recs_platform.file_store.local import LocalFiles
from recs_platform.file_store.protocol import FileStore
from recs_platform.pipeline.pipeline import Pipeline

PAGE = "index.html"


def default_folder(findings: Findings) -> str:
    """In the store of files."""
    return f"reports/{findings.company.name}/campaign-{findings.sent.first}-{findings.sent.last}"


def contents(findings: Findings, pipeline: Pipeline) -> dict[str, str]:
    """Every file of the report by name: the page, a CSV per question, and one per table that stands beside them."""
    tables = {**findings.answers, **{name: rows for name, rows in findings.standing.items() if rows}}
    files = {f"{name}.csv": csv_text(pipeline.specs[name].arrow_schema.names, rows) for name, rows in tables.items()}
    return {PAGE: page(findings, list(files)), **files}


def csv_text(names: Iterable[str], rows: Rows) -> str:
    """All rows: days and times in ISO 8601, numbers unrounded, nothing where there is nothing."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = list(names)
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() | date():
            return value.isoformat()
        case float():
            return repr(value)
    return str(value)


def keep(store: FileStore, folder: str, files: Mapping[str, str], generator: str = GENERATOR) -> str:
    """Put the files into a folder of the environment's store; says where that is. In a bucket each file is replaced in
    one step, the page last, and what an earlier page had besides goes after it."""
    if isinstance(store, LocalFiles):
        write(store.root / folder, files, generator)
    else:
        for name in sorted(files, key=lambda name: name == PAGE):
            store.write(f"{folder}/{name}", files[name].encode())
        now = {f"{folder}/{name}" for name in files}
        store.remove([name for name in store.listed(folder) if name.endswith(".csv") and name not in now])
    return store.place(folder)


def write(folder: Path, files: Mapping[str, str], generator: str = GENERATOR) -> None:
    """Put the files into the folder in one step: whoever looks sees the old report, or the new one."""
    folder = folder.absolute()
    _refuse_what_is_not_a_report(folder, generator)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        made, before = Path(scratch) / "made", Path(scratch) / "before"
        made.mkdir()
        for name, text in files.items():
            (made / name).write_text(text, encoding="utf-8")
        try:
            if folder.exists():
                folder.rename(before)
            made.rename(folder)
        except BaseException:  # Ctrl-C too
            if before.exists() and not folder.exists():
                before.rename(folder)
            raise


def _refuse_what_is_not_a_report(folder: Path, generator: str) -> None:
    """A folder is replaced whole, so it must hold nothing but an earlier report."""
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--out {folder} is a file; name a folder.")
    there = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    others = [name for name in there if name != PAGE and not name.endswith(".csv")]
    ours = PAGE in there and generator in (folder / PAGE).read_text(encoding="utf-8", errors="replace")[:2_000]
    if there and (others or not ours):
        raise ConfigError(
            f"--out {folder} holds something other than a report ({', '.join((others or there)[:3])}), which would be "
            "replaced. Name a new folder."
        )
