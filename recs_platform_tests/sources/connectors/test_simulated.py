"""The `simulated` connector: worlds land when they are asked for, and are read like files."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recs_platform.companies.model import Company, Simulation
from recs_platform.settings import settings
from recs_platform.simulation.world import stored_spec
from recs_platform.sources.connectors.base import SourceRequest, read_source
from recs_platform.sources.connectors.simulated import simulate_company, world_spec
from recs_platform.strategies.catalogue import company_named

DAY = date(2025, 9, 3)


@pytest.fixture
def small() -> Company:
    return company_named("concord").model_copy(update={"simulation": Simulation(seed=5, customers=60)})


def request(small: Company, table: str, days: int = 1) -> SourceRequest:
    return SourceRequest(small, small.tables[table], DAY, DAY + timedelta(days=days - 1))


def test_the_world_is_the_one_of_the_company_file(small: Company) -> None:
    spec = world_spec(small)
    assert (spec.company, spec.strategy, spec.seed, spec.customers) == ("concord", "replenishment", 5, 60)
    assert (spec.start, spec.event_names) == (small.start_date, small.event_names)


def test_days_land_when_they_are_asked_for(small: Company) -> None:
    table = read_source(request(small, "events", days=2)).read_all()
    landed = settings().landing / "concord" / "events"
    counts = [
        sum(pq.read_metadata(part).num_rows for part in (landed / day).glob("*.parquet"))
        for day in ("2025-09-03", "2025-09-04")
    ]
    assert sorted(path.name for path in landed.iterdir()) == ["2025-09-03", "2025-09-04"]
    assert table["source_day"].value_counts().to_pylist() == [
        {"values": DAY, "counts": counts[0]},
        {"values": DAY + timedelta(days=1), "counts": counts[1]},
    ]
    assert min(counts) > 0


def test_all_tables_are_read_with_their_required_columns(small: Company) -> None:
    for name, spec in small.tables.items():
        stream = read_source(request(small, name))
        required = {column.name for column in spec.columns if not column.nullable} - {spec.date_column}
        assert required <= set(stream.schema.names)


def test_a_world_that_was_simulated_before_is_continued(small: Company) -> None:
    landing: Path = settings().landing
    other = small.model_copy(update={"simulation": Simulation(seed=6, customers=90)})
    simulate_company(other, landing, DAY, DAY)
    assert read_source(request(small, "customers")).read_all()["customer_id"].combine_chunks().unique().to_pylist()
    assert stored_spec(landing, "concord") == world_spec(other)
    assert (landing / "concord" / "customers" / "2025-09-03").is_dir()


@pytest.mark.parametrize("name", ["a{1}b", "a*b", "a[1]b", "a?b", "a%41b", "a\\b"])
def test_the_landing_folder_may_have_any_name(
    small: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("RECS_LANDING_DIR", str(tmp_path / name))
    settings.cache_clear()
    assert len(read_source(request(small, "catalog")).read_all()) > 0
