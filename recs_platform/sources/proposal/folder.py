"""What is in a folder: files of one kind together, each kind with the path and the options that have it read.

Not here: how one file is looked at (csv_sample.py, typed_samples.py).
"""

from __future__ import annotations

import glob
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from recs_platform.companies.source_config import DATE_PLACEHOLDER, FILE_ENDINGS, PACKED_ENDINGS
from recs_platform.errors import ConfigError
from recs_platform.sources.proposal.csv_sample import Dialect, dialect_of, every_value, sample_columns
from recs_platform.sources.proposal.feed_sample import ColumnSample, FeedSample, together
from recs_platform.sources.proposal.typed_samples import parquet_columns, parquet_values, sheet_values, sheets_of

_ENDINGS = (*FILE_ENDINGS, *PACKED_ENDINGS)
_OTHER_TABLES = (".txt", ".tsv", ".tab", ".dat", ".xls", ".json", ".jsonl", ".ndjson", ".xml", ".db", ".sqlite")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST_FILES_LOOKED_AT = 12
_MOST_FILES = 20_000
_DEEPEST = 3


def feeds_of_file(file: Path) -> list[FeedSample]:
    """The feeds of one file: several where it is a workbook."""
    feeds = list(_feeds(file.parent, str(file), [file]))
    if not feeds:
        raise ConfigError(f"{file}: has no header with a row below it.")
    return feeds


def feeds_in(folder: Path) -> tuple[list[FeedSample], list[str]]:
    """The feeds of a folder, and what in it cannot be read, in words; a ConfigError when there is nothing at all."""
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: there is no such folder. Name a folder of files, env:VARIABLE, or sqlite:///FILE."
        )
    files = [path for path in sorted(_files(folder, _DEEPEST)) if not path.name.startswith((".", "_", "~"))]
    if len(files) > _MOST_FILES:
        raise ConfigError(f"{folder}: has more than {_MOST_FILES:,} files; name the folder of one shop's export.")
    kinds: dict[str, list[Path]] = {}
    for path in files:
        if path.name.lower().endswith(_ENDINGS):
            kinds.setdefault(_pattern(path), []).append(path)
    said = [
        f"{path.relative_to(folder)}: is not read; export it as CSV or Parquet"
        for path in files
        if path.suffix.lower() in _OTHER_TABLES
    ]
    feeds: list[FeedSample] = []
    for pattern, paths in kinds.items():
        try:
            feeds += _feeds(folder, pattern, paths)
        except ConfigError as error:
            if len(kinds) == 1:
                raise
            said.append(str(error).removesuffix("."))
    if not feeds:
        raise ConfigError(f"{folder}: has no file that can be read ({', '.join(_ENDINGS)}) with a header and a row.")
    return feeds, said


def _files(folder: Path, deep: int) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_file():
            yield path
        elif deep > 1 and path.is_dir() and not path.name.startswith((".", "_")):
            yield from _files(path, deep - 1)


def _pattern(path: Path) -> str:
    """What files of one kind have in common: `{date}` for a day, and any digit for the others."""
    stem, ending = _stem(path), path.name[len(_stem(path)) :]
    if len(_DAY.findall(stem)) == 1:
        name = _DAY.sub(DATE_PLACEHOLDER, stem)
    else:
        name = re.sub(r"\d{4,}", lambda digits: "[0-9]" * len(digits.group()), glob.escape(stem))
        name = re.sub(r"(?<=[-_ .])\d{1,3}$", lambda digits: "[0-9]" * len(digits.group()), name)
    return str(path.parent / f"{name}{ending}")


def _stem(path: Path) -> str:
    name = path.name
    for ending in (".csv.gz", ".csv.zip", *_ENDINGS):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return path.stem


def _feeds(folder: Path, pattern: str, paths: Sequence[Path]) -> Iterator[FeedSample]:
    path = str(paths[0]) if len(paths) == 1 and DATE_PLACEHOLDER not in pattern else pattern
    shown = str(paths[0].relative_to(folder))
    where = shown if len(paths) == 1 else f"{shown} and {len(paths) - 1} more like it"
    name = _kind_name(folder, paths[0])
    options: dict[str, Any] = {"path": path}
    evidence: list[str] = []
    if DATE_PLACEHOLDER in pattern:
        days = sorted(date.fromisoformat(_DAY.findall(_stem(p))[0]) for p in paths)
        holes = (days[-1] - days[0]).days + 1 - len(days)
        evidence.append(f"a file per day, {days[0]} to {days[-1]}")
        if holes:
            options["missing_day"] = "empty"
            evidence.append(f"{holes} days of them have no file, which is taken for days without rows; please check")
    looked_at = _spread(paths)
    if paths[0].suffix.lower() == ".xlsx":
        yield from _sheets(name, where, looked_at, paths, options, evidence)
        return
    if paths[0].suffix.lower() == ".parquet":
        columns = together([parquet_columns(file) for file in looked_at])
        read: Callable[[str], Iterator[str]] = lambda raw: (v for p in paths for v in parquet_values(p, raw))  # noqa: E731
        yield FeedSample(name, where, columns, options, tuple(evidence), len(looked_at), every_value=read)
        return
    dialects = {file: dialect_of(file) for file in looked_at}
    main = dialects[looked_at[0]]
    odd = [file for file in looked_at if dialects[file].options != main.options]
    if odd:
        evidence.append(
            f"{odd[0].relative_to(folder)} is written in another dialect ({_in_words(dialects[odd[0]])}); a source has "
            "one: export them alike"
        )
    columns = together([sample_columns(file, dialects[file]) for file in looked_at])
    read_csv: Callable[[str], Iterator[str]] = lambda raw: (  # noqa: E731
        value for file in paths for value in every_value(file, dialects.get(file, main), raw)
    )
    yield FeedSample(
        name,
        where,
        columns,
        options | main.options,
        (*main.evidence, *evidence),
        len(looked_at),
        every_value=read_csv,
    )


def _in_words(dialect: Dialect) -> str:
    return ", ".join(f"{key} {value!r}" for key, value in dialect.options.items()) or "commas, UTF-8"


def _sheets(
    name: str,
    where: str,
    looked_at: Sequence[Path],
    paths: Sequence[Path],
    options: dict[str, Any],
    evidence: list[str],
) -> Iterator[FeedSample]:
    books = [sheets_of(path) for path in looked_at]
    sheets = list(dict.fromkeys(sheet for book in books for sheet in book))
    for sheet in sheets:
        columns: list[tuple[ColumnSample, ...]] = [book[sheet] for book in books if sheet in book]
        # A sheet that nobody has named says nothing; then the file does.
        plain = re.fullmatch(r"(sheet|tabelle|feuil|feuille|hoja)\s*\d*", sheet.lower())
        several = len(sheets) > 1
        yield FeedSample(
            name if plain else sheet,
            f"{where}, sheet {sheet}" if several else where,
            together(columns),
            {**options, "sheet": sheet} if several or len(paths) == 1 else options,
            tuple(evidence),
            len(columns),
            every_value=lambda raw, sheet=sheet: (v for p in paths for v in sheet_values(p, sheet, raw)),  # type: ignore[misc]
        )


def _kind_name(folder: Path, path: Path) -> str:
    """The file's name without digits; where nothing is left of it, or `part`, its folder's."""
    name = re.sub(r"[\d]+", " ", _stem(path)).strip(" -_.")
    if name.lower() in ("", "part", "data", "export", "t") and path.parent != folder:
        return path.parent.name
    return name or folder.name


def _spread(paths: Sequence[Path]) -> list[Path]:
    """Some of many files: the first, the last, and some between them."""
    if len(paths) <= _MOST_FILES_LOOKED_AT:
        return list(paths)
    step = (len(paths) - 1) / (_MOST_FILES_LOOKED_AT - 1)
    return [paths[round(number * step)] for number in range(_MOST_FILES_LOOKED_AT)]
