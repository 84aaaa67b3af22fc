"""The dirt that was planted in a world is found: each kind, on each day, to the row."""

from __future__ import annotations

from collections import Counter
from datetime import date

from recs_platform.schemas.table import Kind
from recs_platform.strategies.catalogue import pipeline_of
from recs_platform.warehouse.slices import Days
from recs_platform_tests.promises.conftest import Loaded


def _planted_rejections(loaded: Loaded, tables: set[str], days: Days) -> Counter[tuple[date, str, str]]:
    """By day, table and reason."""
    counts: Counter[tuple[date, str, str]] = Counter()
    for day in days:
        for table, reasons in loaded.truth["days"][str(day)]["rejected"].items():
            if table in tables:
                counts.update({(day, table, reason): rows for reason, rows in reasons.items() if rows})
    return counts


def _found_rejections(loaded: Loaded, tables: set[str], days: Days) -> Counter[tuple[date, str, str]]:
    rows = loaded.platform.rows(loaded.company.name, "rejected_rows", days)
    return Counter(
        (row["event_date"], row["source_table"], row["reason"]) for row in rows if row["source_table"] in tables
    )


def _sources(loaded: Loaded, kind: Kind | None = None) -> set[str]:
    return {name for name, spec in loaded.company.tables.items() if kind in (None, spec.kind)}


def test_every_rejected_row_of_the_logs(loaded: Loaded) -> None:
    logs = _sources(loaded, Kind.LOG)
    planted = _planted_rejections(loaded, logs, loaded.history)
    assert planted.total() > 0
    assert _found_rejections(loaded, logs, loaded.history) == planted


def test_every_rejected_row_of_a_day(loaded: Loaded) -> None:
    day = Days.one(loaded.day)
    planted = _planted_rejections(loaded, _sources(loaded), day)
    assert {table for _, table, _ in planted} & _sources(loaded, Kind.SNAPSHOT)
    assert _found_rejections(loaded, _sources(loaded), day) == planted


def test_the_rejected_row_is_named_by_its_key(loaded: Loaded) -> None:
    missing = {f"{spec.name}: {spec.key[0]} is missing" for spec in loaded.company.tables.values()}
    for row in loaded.platform.rows(loaded.company.name, "rejected_rows"):
        assert (row["row_key"] is None) == (f"{row['source_table']}: {row['reason']}" in missing), row


def test_landed_rejected_merged_and_kept_add_up_to_what_was_planted(loaded: Loaded) -> None:
    counts = {
        (row["event_date"], row["source_table"]): row
        for row in loaded.platform.rows(loaded.company.name, "source_counts", loaded.history)
    }
    for day in loaded.history:
        truth = loaded.truth["days"][str(day)]
        tomorrow = loaded.truth["days"].get(str(date.fromordinal(day.toordinal() + 1)), {})
        for table in _sources(loaded, None if day == loaded.day else Kind.LOG):
            landed = truth["rows"].get(table, 0)  # in this world no offer has a list of items
            if table == "interactions":
                landed += tomorrow["late"]["late_interactions_arriving"]
            rejected, merged = sum(truth["rejected"].get(table, {}).values()), truth["merged"].get(table, 0)
            row = counts.get((day, table), dict.fromkeys(("landed", "rejected", "merged", "kept"), 0))
            found = tuple(row[name] for name in ("landed", "rejected", "merged", "kept"))
            assert found == (landed, rejected, merged, landed - rejected - merged), f"{table} {day}"


def test_the_checks_of_a_day_count_what_was_planted(loaded: Loaded) -> None:
    planted = loaded.truth["days"][str(loaded.day)]["reported"]
    checks = pipeline_of(loaded.company).checks.keys() & planted.keys()
    assert {"emails_in_upper_case", "emails_unusable", "repeated_events", "days_without_events"} <= checks
    merged_skus = loaded.truth["days"][str(loaded.day)]["merged"]["catalog"]
    wanted = {name: planted[name] for name in checks} | {"repeated_skus": merged_skus}
    assert {name: loaded.day_violations[name] for name in wanted} == wanted


def test_the_checks_of_a_range_count_what_was_planted_on_all_of_its_days(loaded: Loaded) -> None:
    days = [loaded.truth["days"][str(day)]["reported"] for day in loaded.history]
    wanted = {
        name: sum(day[name] for day in days)
        for name in ("repeated_events", "order_lines_in_another_feed", "days_without_events")
    }
    assert wanted["repeated_events"] > 0
    assert {name: loaded.history_violations[name] for name in wanted} == wanted


def test_little_dirt_fails_nothing(loaded: Loaded) -> None:
    """What the worlds hold is what feeds hold, and below what any company is warned of."""
    summary = loaded.platform.summary(loaded.day_run)
    assert summary.errors == ()
    assert summary.checks_failed == 0
    # The look-back window of a strategy is longer than the history that was loaded.
    assert {line.split(": ")[1] for line in summary.warnings} == {"window_outside_data"}


def test_every_kind_of_dirt_is_in_the_world(loaded: Loaded) -> None:
    """Otherwise the tests above would pass without having seen it."""
    planted: Counter[str] = Counter()
    for truth in loaded.truth["days"].values():
        for table, reasons in truth["rejected"].items():
            planted.update({f"{table}: {reason}": rows for reason, rows in reasons.items()})
        planted.update({f"{table}: merged": rows for table, rows in truth["merged"].items()})
    unseen = {kind for kind, rows in planted.items() if not rows}
    # Only the world of metro has so many interactions on a day that one of them is spoilt.
    assert unseen <= ({"interactions: kind is unknown"} if loaded.company.name != "metro" else set())
