"""The rows of a CSV file as text, for whoever reads feeds, whatever warehouse they go to.

RFC 4180 in UTF-8: commas (or another sign), double quotes, a header line. An empty field is NULL, an empty quoted field
is an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from recs_platform.warehouse.lake.engine import literal, passing_connection

_PATTERN = frozenset("*?[\\")


class CsvTextError(Exception):
    """A file that cannot be read to its end."""

    def __init__(self, line: int | None) -> None:
        super().__init__(f"line {line}" if line else "at no known line")
        self.line = line
        """Where the reader gave up, if it says so."""


def csv_text(
    path: Path, fields: int, picked: Sequence[int], batch_rows: int, *, delimiter: str = ","
) -> Iterator[pa.RecordBatch]:
    """The fields at these positions, of all that a line has, in batches; read as they are asked for."""
    columns = ", ".join(f"c{position}: 'VARCHAR'" for position in range(fields))
    names = ", ".join(f"c{position}" for position in picked)
    query = (
        f"SELECT {names} FROM read_csv(?, columns = {{{columns}}}, auto_detect = false, header = true, "
        f"delim = {literal(delimiter)}, "
        """quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false)"""
    )
    with passing_connection() as connection, _plainly_named(path) as named:
        try:
            yield from connection.execute(query, [str(named)]).to_arrow_reader(batch_rows)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            reported = re.search(r"CSV Error on Line: (\d+)", str(error))
            raise CsvTextError(int(reported.group(1)) if reported else None) from None


@contextmanager
def _plainly_named(path: Path) -> Iterator[Path]:
    """The file under a name that cannot be taken for a pattern. DuckDB takes every name for one, and knows no sure way
    to write `*` or a backslash in it."""
    if _PATTERN.isdisjoint(str(path)):
        yield path
        return
    with TemporaryDirectory(prefix="recs-feed-") as folder:
        link = Path(folder) / "feed.csv"
        link.symlink_to(path.absolute())
        yield link
