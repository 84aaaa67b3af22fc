"""The server of Google's analyzer, one for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recs_platform_tests.googlesql.server import GoogleSql, running


@pytest.fixture(scope="session")
def googlesql() -> Iterator[GoogleSql]:
    with running() as server:
        yield server
