"""A sender of each strategy, with nothing published yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.platform_db.engine import engine, upgrade
from recs_platform_tests.delivery.senders import Sender, with_a_known_key
from recs_platform_tests.publication.shop import lake_in


def _sender(folder: Path, strategy: str, **given: object) -> Sender:
    database = engine(f"sqlite:///{folder / 'platform.db'}")
    upgrade(database)
    with_a_known_key(database)
    return Sender(strategy, lake_in(folder), database, folder / "home", **given)  # type: ignore[arg-type]


@pytest.fixture
def fitter(tmp_path: Path) -> Sender:
    return _sender(tmp_path, "vehicle_fitment")


@pytest.fixture
def grocer(tmp_path: Path) -> Sender:
    return _sender(tmp_path, "offer_ranking", delivery={"link": "https://shop.example/o/{offer_id}?rid={token}"})


@pytest.fixture
def supplier(tmp_path: Path) -> Sender:
    return _sender(tmp_path, "replenishment")
