"""Reads a table of the shop, and holds what a connector complains about to its shape."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from recs_platform.errors import AnySourceError, SourceError
from recs_platform.schemas.sources import Catalog
from recs_platform.schemas.table import spec_of
from recs_platform.sources.connectors.base import SourceRequest, read_source
from recs_platform_tests.companies.shop import shop

DAY = date(2025, 9, 1)
CATALOG = spec_of(Catalog)


class Reader:
    """Reads one table of the shop from a source; what it says about folders is cut, so that tests can state it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def request(self, source: dict[str, Any], table: str = "catalog", days: int = 1) -> SourceRequest:
        company = shop(self.folder, sources={table: source})
        return SourceRequest(company, company.tables[table], DAY, DAY + timedelta(days=days - 1))

    def table(self, source: dict[str, Any], table: str = "catalog", days: int = 1) -> pa.Table:
        return read_source(self.request(source, table, days)).read_all()

    def rows(self, source: dict[str, Any], table: str = "catalog", days: int = 1) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.table(source, table, days).to_pylist()
        return rows

    def complaint(
        self,
        source: dict[str, Any],
        table: str = "catalog",
        days: int = 1,
        kind: type[AnySourceError] = SourceError,
    ) -> str:
        """The whole sentence, which names company and table first; then what to do, and nothing of the program."""
        with pytest.raises(kind) as caught:
            self.rows(source, table, days)
        error, message = caught.value, str(caught.value)
        column = f", column {error.column}" if error.column else ""
        assert message == f"shop: source table {table}{column}: {error.rule}. {error.remedy}"
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        assert len(error.remedy) > 10
        assert re.search(r"\n|Traceback|\b\w+(Error|Exception)\b", message) is None
        return message.removeprefix("shop: source table ").replace(f"{self.folder}/", "")
