"""The door to the connectors: what it passes on when something breaks while an engine reads."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest

from recs_platform.errors import SourceError
from recs_platform.sources.connectors.base import open_source, read_source
from recs_platform_tests.sources.connectors.reading import Reader

CSV = {"connector": "files", "path": "catalog.csv"}


@pytest.fixture
def broken(put: Callable[[str, str | bytes], None]) -> None:
    put("catalog.csv", "item_id,price\n1,2\n3\n")


@pytest.mark.usefixtures("broken")
def test_an_engine_reads_the_stream_and_the_sources_own_error_comes_out(reader: Reader) -> None:
    with (
        pytest.raises(SourceError, match=r"^shop: source table catalog: line 3 of .* has 1 fields"),
        open_source(reader.request(CSV)) as stream,
        duckdb.connect() as connection,
    ):
        connection.register("stream", stream)
        connection.sql("SELECT count(item_id) FROM stream").fetchall()


@pytest.mark.usefixtures("broken")
def test_without_it_the_engine_hides_the_error(reader: Reader) -> None:
    """The reason why `open_source` exists; if this fails, it is no longer needed."""
    with duckdb.connect() as connection, pytest.raises(duckdb.Error, match="Traceback"):
        connection.register("stream", read_source(reader.request(CSV)))
        connection.sql("SELECT count(item_id) FROM stream").fetchall()


def test_errors_of_the_reader_itself_pass_through(reader: Reader, put: Callable[[str, str | bytes], None]) -> None:
    put("catalog.csv", "item_id,price\n1,2\n")
    with pytest.raises(ZeroDivisionError), open_source(reader.request(CSV)) as stream:
        assert stream.read_all().num_rows == 1
        _ = 1 / 0
