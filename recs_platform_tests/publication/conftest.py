"""Outlets of the tests: a lake in a folder, and an inventory on each kind of database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.publication.outlet import Outlet
from recs_platform_tests.publication.garage import Garage
from recs_platform_tests.publication.shop import lake_in, outlet_of


@pytest.fixture
def outlet(tmp_path: Path, platform_db: Engine) -> Outlet:
    """The shop's, with nothing published yet: once on SQLite, once on PostgreSQL."""
    return outlet_of(lake_in(tmp_path), platform_db)


@pytest.fixture
def garage(own_home: Path) -> Garage:
    """A vehicle-fitment company with nothing made yet."""
    return Garage(own_home)
