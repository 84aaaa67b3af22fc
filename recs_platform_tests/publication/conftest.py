"""Outlets of the tests: a lake in a folder, and an inventory on each kind of database."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.declarations.product import ALLOCATION, RECOMMENDATIONS, AnyProduct
from recs_platform.publication.outlet import Outlet
from recs_platform_tests.publication.garage import Garage
from recs_platform_tests.publication.market import DAY as FIRST
from recs_platform_tests.publication.market import Market, lists
from recs_platform_tests.publication.shop import PRODUCTS, lake_in, outlet_of


@pytest.fixture
def product(database: str) -> AnyProduct:
    """Each of the shop's products, on a kind of database of its own: the database knows of a product only its name."""
    return PRODUCTS[ALLOCATION if database.startswith("sqlite") else RECOMMENDATIONS]


@pytest.fixture
def outlet(tmp_path: Path, platform_db: Engine, product: AnyProduct) -> Outlet:
    """The shop's, with nothing published yet: of one product on SQLite, and of the other on PostgreSQL."""
    return outlet_of(lake_in(tmp_path), platform_db, product)


@pytest.fixture
def garage(own_home: Path) -> Garage:
    """A vehicle-fitment company with nothing made yet."""
    return Garage(own_home)


@pytest.fixture
def market(own_home: Path) -> Market:
    """A company whose first day has ten customers with three offers each."""
    made = Market()
    made.plan(FIRST, lists(10, "a", "b", "c"))
    return made
