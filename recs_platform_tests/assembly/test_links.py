"""Where an asset leads to: files that are there, pages that are there, and addresses where the settings have some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from recs_platform.alerts.links import RUNBOOK
from recs_platform.assembly.links import PAGES, asset_links
from recs_platform.pipeline.stage import SOURCES, FrameTable, SqlTable
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import STRATEGIES, pipelines

ROOT = Path(__file__).parents[2]


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("RECS_CODE_URL", "https://code.example/recs/")
    monkeypatch.setenv("RECS_DOCS_URL", "https://docs.example")
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def made_by(table: str) -> SqlTable | FrameTable:
    return pipelines()["vehicle_fitment"].tables[table]


def test_every_page_is_there() -> None:
    named = {*PAGES.values(), RUNBOOK, *(strategy.page for strategy in STRATEGIES.values())}
    assert [page for page in sorted(named) if not (ROOT / "docs" / page).is_file()] == []


def test_every_table_leads_to_the_file_that_makes_it() -> None:
    for pipeline in pipelines().values():
        for name, table in pipeline.tables.items():
            links = asset_links(pipeline.stage_names[name], pipeline.strategy.page, table)
            place = Path(_reference(links).file_path)
            assert place.is_file(), name
            shown = links["sql" if isinstance(table, SqlTable) else "code"].value
            assert (ROOT / shown).is_file(), name
            if isinstance(table, SqlTable):
                assert place.stem == name or name in table.query.path  # put together by a module


def test_with_addresses_they_are_links(addresses: None) -> None:
    links = asset_links(SOURCES, "vehicle-fitment.md", made_by("events"))
    query = "https://code.example/recs/sql/sources/events.sql#L1"
    assert (_reference(links).url, links["sql"]) == (query, dg.MetadataValue.url(query))
    assert links["docs"] == dg.MetadataValue.url("https://docs.example/source-tables.md")
    assert links["runbook"] == dg.MetadataValue.url("https://docs.example/runbook.md")


def _reference(links: dict[str, Any]) -> Any:
    (reference,) = links["dagster/code_references"].code_references
    return reference
