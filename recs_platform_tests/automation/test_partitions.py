"""Date x company: keys read both ways, a run serves one company, and a look-back maps to the days before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.automation.partitions import company_and_days, mapping_back, partition_key, partitions_of, split_key
from recs_platform.errors import ConfigError
from recs_platform.strategies.catalogue import built_in_companies
from recs_platform.warehouse.slices import Days
from recs_platform_tests.companies.shop import shop

TODAY = date(2025, 9, 10)


@given(company=st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True), day=st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_key_reads_both_ways(company: str, day: date) -> None:
    assert split_key(partition_key(company, day)) == (company, day)


def test_days_begin_with_the_first_company(tmp_path: Path) -> None:
    companies = [
        shop(tmp_path, name=name, dataset=name, start_date=start)
        for name, start in (("shop", "2025-09-08"), ("kiosk", "2025-09-05"))
    ]
    partitions = partitions_of(companies)
    keys = partitions.get_partition_keys(current_time=datetime(2025, 9, 8, 12, tzinfo=UTC))
    assert sorted(keys) == sorted(
        partition_key(name, date(2025, 9, 5) + timedelta(days=n)) for name in ("kiosk", "shop") for n in range(3)
    )


@pytest.mark.parametrize("ends, last", [(("2025-09-06", "2025-09-07"), 7), (("2025-09-06", None), 20)])
def test_days_end_with_the_last_company_if_all_end(tmp_path: Path, ends: tuple[str, str | None], last: int) -> None:
    companies = [
        shop(tmp_path, name=name, dataset=name, start_date="2025-09-05", **({"end_date": end} if end else {}))
        for name, end in zip(("shop", "kiosk"), ends, strict=True)
    ]
    keys = partitions_of(companies).get_partition_keys(current_time=datetime(2025, 9, 21, 12, tzinfo=UTC))
    assert {split_key(key)[1] for key in keys} == {date(2025, 9, day) for day in range(5, last + 1)}


def test_the_built_in_companies_end_with_their_worlds() -> None:
    """Long after the demo nothing of them is missing that nobody would ever make."""
    for strategy in ("vehicle_fitment", "offer_ranking", "replenishment"):
        members = [company for company in built_in_companies() if company.strategy.name == strategy]
        long_after = datetime(2031, 1, 1, tzinfo=UTC)
        assert len(partitions_of(members).get_partition_keys(current_time=long_after)) == 122 * len(members)


def test_the_keys_of_a_run_are_a_companys_days() -> None:
    keys = [partition_key("shop", TODAY + timedelta(days=n)) for n in (2, 0, 1)]
    assert company_and_days(keys) == ("shop", Days(TODAY, TODAY + timedelta(days=2)))


def test_a_run_of_two_companies_is_refused() -> None:
    with pytest.raises(ConfigError, match="a run serves one company, and this one was started for kiosk, shop"):
        company_and_days([partition_key("shop", TODAY), partition_key("kiosk", TODAY)])


def upstream_days(tmp_path: Path, first: int, last: int, day: date) -> list[str]:
    """The partitions that a partition depends on through a mapping, as Dagster resolves them."""
    partitions = partitions_of([shop(tmp_path), shop(tmp_path, name="kiosk", dataset="kiosk")])
    mapping = mapping_back(first, last)
    subset = partitions.subset_with_partition_keys([partition_key("shop", day)])
    found = (mapping or dg.IdentityPartitionMapping()).get_upstream_mapped_partitions_result_for_partitions(
        subset, partitions, partitions
    )
    return sorted(found.partitions_subset.get_partition_keys())


def keys(*offsets: int) -> list[str]:
    return [partition_key("shop", TODAY + timedelta(days=offset)) for offset in offsets]


@pytest.mark.parametrize(
    ("first", "last", "offsets"), [(0, 0, [0]), (2, 0, [-2, -1, 0]), (7, 7, [-7]), (3, 1, [-3, -2, -1])]
)
def test_a_look_back_is_the_same_companys_days_before(
    tmp_path: Path, first: int, last: int, offsets: list[int]
) -> None:
    assert upstream_days(tmp_path, first, last, TODAY) == keys(*offsets)


def test_a_look_back_reaches_no_further_than_the_start(tmp_path: Path) -> None:
    assert upstream_days(tmp_path, 90, 0, date(2025, 9, 2)) == [
        partition_key("shop", date(2025, 9, 1)),
        partition_key("shop", date(2025, 9, 2)),
    ]
