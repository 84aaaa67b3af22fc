"""A report's folder is there whole or not at all, and holds nobody else's files; CSVs say what the rows say."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

import pytest

from recs_platform.campaign.report.files import PAGE, contents, csv_text, write
from recs_platform.errors import ConfigError
from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.campaign.report.findings import empty, findings


class BrokenOff(Mapping[str, str]):
    """Files of which somebody breaks off the writing after the first."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def __getitem__(self, name: str) -> str:
        return self.files[name]

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[str]:
        yield next(iter(self.files))
        raise KeyboardInterrupt


def report(text: str) -> dict[str, str]:
    return {PAGE: f'<meta name="generator" content="recs report campaign"/>{text}', "a.csv": text}


def there(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_report_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "new"
    write(folder, {**report("old"), "gone.csv": "x"})
    write(folder, report("new"))
    assert there(folder) == report("new")
    assert [path.name for path in folder.parent.iterdir()] == ["new"]


@pytest.mark.parametrize("before", [True, False])
def test_what_is_broken_off_leaves_the_old_report_and_nothing_else(tmp_path: Path, before: bool) -> None:
    folder = tmp_path / "report"
    if before:
        write(folder, report("old"))
    with pytest.raises(KeyboardInterrupt):
        write(folder, BrokenOff(report("new")))
    assert [path.name for path in tmp_path.iterdir()] == (["report"] if before else [])
    if before:
        assert there(folder) == report("old")


def test_a_rename_that_fails_brings_the_old_report_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "report"
    write(folder, report("old"))
    rename = Path.rename

    def fails_for_the_new_one(self: Path, target: Path) -> Path:
        if self.name == "made":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new_one)
    with pytest.raises(KeyboardInterrupt):
        write(folder, report("new"))
    assert there(folder) == report("old")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize(
    "others",
    [{"letter.txt": "dear"}, {"mine.csv": "1"}, {PAGE: "<h1>mine</h1>"}, {**report("x"), "letter.txt": "dear"}],
)
def test_a_folder_with_something_else_in_it_is_not_touched(tmp_path: Path, others: dict[str, str]) -> None:
    for name, text in others.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigError, match="holds something other than a report"):
        write(tmp_path, report("new"))
    assert there(tmp_path) == others


def test_an_empty_folder_is_written_to_and_a_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "empty", report("new"))
    assert there(tmp_path / "empty") == report("new")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="is a file"):
        write(tmp_path / "file", report("new"))


def test_a_csv_says_days_in_iso_numbers_unrounded_and_nothing_as_nothing() -> None:
    row = {
        "day": date(2025, 12, 2),
        "happened_at": datetime(2025, 12, 2, 9, 30, 0, 250_000),
        "share": 1 / 3,
        "sum": 0.1 + 0.2,
        "n": 12_345,
        "yes": True,
        "name": 'a, "quoted"\nname',
        "unknown": None,
    }
    read = list(csv.reader(io.StringIO(csv_text(list(row), [row]))))
    assert read == [
        list(row),
        [
            "2025-12-02",
            "2025-12-02T09:30:00.250000",
            "0.3333333333333333",
            "0.30000000000000004",
            "12345",
            "true",
            'a, "quoted"\nname',
            "",
        ],
    ]


def test_an_empty_campaign_has_csvs_with_nothing_but_names() -> None:
    pipeline = pipelines()["vehicle_fitment"]
    files = contents(empty(), pipeline)
    assert set(files) == {PAGE, *(f"{name}.csv" for name in findings().answers)}
    assert files["delivery_failures.csv"] == "as_of,reason,messages,share_of_sent,share_of_failed\n"
