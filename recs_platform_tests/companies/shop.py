"""A small company that the tests of companies and connectors bend to their needs.

`shop` has the replenishment strategy, which has the fewest tables; they are simulated unless a test gives a source.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from recs_platform.companies.loader import read_company
from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError
from recs_platform.strategies.catalogue import STRATEGIES

SHOP: dict[str, Any] = {
    "name": "shop",
    "strategy": "replenishment",
    "dataset": "shop",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "start_date": "2025-09-01",
    "simulation": {"seed": 7, "customers": 50},
}


def shop_file(folder: Path, file: str = "shop.yaml", *, without: str = "", **changes: Any) -> Path:
    """The shop's file in a folder; `changes` replace or add keys."""
    content = {key: value for key, value in {**SHOP, **changes}.items() if key != without}
    path = folder / file
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def shop(folder: Path, **changes: Any) -> Company:
    return read_company(shop_file(folder, **changes), STRATEGIES)


FILES = {"connector": "files", "path": "catalog.csv"}
SQL = {"connector": "sql", "url_env": "SHOP_URL", "query": "SELECT 1"}


def complaint(path: Path) -> str:
    """What is said about a file, without the folder that it is in."""
    with pytest.raises(ConfigError) as caught:
        read_company(path, STRATEGIES)
    message = str(caught.value)
    assert message.startswith(str(path))
    return message.replace(f"{path.parent}/", "")
