"""A CSV file of any dialect: its encoding, its delimiter, its header and its rows as texts, with how each is known.

Not here: which files (folder.py) and what the values are (column_values.py).
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

from recs_platform.companies.source_config import DELIMITERS
from recs_platform.errors import ConfigError
from recs_platform.sources.connectors.data_file import is_csv
from recs_platform.sources.proposal.feed_sample import MOST_ROWS, ColumnSample, columns_of, kept

_LOOKED_AT_BYTES = 64 * 2**20
_LOOKED_AT_LINES = 200


@dataclass(frozen=True)
class Dialect:
    encoding: str
    delimiter: str
    evidence: tuple[str, ...]

    @property
    def options(self) -> dict[str, str]:
        """What differs from commas in UTF-8."""
        options = {} if self.encoding in ("utf-8", "utf-8-sig") else {"encoding": self.encoding}
        return options if self.delimiter == "," else {"delimiter": self.delimiter, **options}


def dialect_of(path: Path) -> Dialect:
    """How a file is written; a ConfigError says that it cannot be read."""
    encoding, why = _encoding(path)
    with _text(path, encoding) as file:
        lines = list(islice(file, _LOOKED_AT_LINES))
    delimiter = _delimiter(lines)
    evidence = [] if delimiter == "," else [f"fields are separated by {DELIMITERS[delimiter]}"]
    return Dialect(encoding, delimiter, (*evidence, *([why] if why else [])))


def sample_columns(path: Path, dialect: Dialect) -> tuple[ColumnSample, ...]:
    """The columns with the values of the kept rows."""
    with _rows(path, dialect) as rows:
        header = [name.strip() for name in next(rows, [])]
        chosen = [list[str | None](row) for number, row in enumerate(islice(rows, MOST_ROWS)) if row and kept(number)]
    return columns_of(header, chosen)


def every_value(path: Path, dialect: Dialect, name: str) -> Iterator[str]:
    """All values of one column, or none when the file has no such column."""
    with _rows(path, dialect) as rows:
        header = [raw.strip() for raw in next(rows, [])]
        if name in header:
            position = header.index(name)
            yield from (row[position].strip() for row in rows if position < len(row) and row[position].strip())


@contextmanager
def _rows(path: Path, dialect: Dialect) -> Iterator[Iterator[list[str]]]:
    with _text(path, dialect.encoding) as file:
        yield csv.reader(file, delimiter=dialect.delimiter)


@contextmanager
def _bytes(path: Path) -> Iterator[IO[bytes]]:
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as archive:
                members = [member for member in archive.infolist() if is_csv(member)]
                if len(members) != 1:
                    raise ConfigError(f"{path}: has {len(members)} CSV files in it; pack one file, or unpack it.")
                with archive.open(members[0]) as member:
                    yield member
        elif path.suffix.lower() == ".gz":
            with gzip.open(path) as file:
                yield file  # type: ignore[misc]
        else:
            with path.open("rb") as plain:
                yield plain
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise ConfigError(f"{path}: cannot be read ({reason}).") from None
    except (RuntimeError, NotImplementedError):
        if path.suffix.lower() != ".zip":
            raise
        # zipfile's words for a password, and for a kind of packing that it does not know.
        raise ConfigError(
            f"{path}: is encrypted, or packed in a way that is not read; pack it as a plain zip."
        ) from None


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[IO[str]]:
    """For whoever reads it as CSV: what is no such text is told here, wherever it is noticed."""
    try:
        with _bytes(path) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
            yield text
    except (csv.Error, UnicodeError):
        raise ConfigError(f"{path}: cannot be read as CSV; export it again, with quotes around its texts.") from None


def _encoding(path: Path) -> tuple[str, str]:
    """The encoding, and how it is known; nothing is said of UTF-8."""
    with _bytes(path) as file:
        content = file.read(_LOOKED_AT_BYTES)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "it begins with the mark of UTF-16"
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", "it begins with a byte order mark, which is taken by itself"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(content, final=False)
    except UnicodeDecodeError:
        odd = [byte for byte in content if byte >= 0x80]
        letters = "".join(dict.fromkeys(bytes(odd[:40]).decode("cp1252", errors="replace")))
        if any(0x80 <= byte <= 0x9F for byte in odd):
            return "cp1252", f'it is not UTF-8, and has signs of Windows ("{letters}"; please check)'
        return "latin-1", f'it is not UTF-8; as Latin-1 its letters are "{letters}" (please check)'
    return "utf-8", ""


def _delimiter(lines: list[str]) -> str:
    """The sign by which most lines have the same number of fields, of more than one."""
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            found = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            continue
        if not found:
            continue
        header, widths = found[0], Counter(found)
        score = (widths[header] / widths.total(), header)
        if header > 1 and score > best_score:
            best, best_score = delimiter, score
    return best
