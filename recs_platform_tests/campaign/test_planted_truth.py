"""Campaigns of simulated companies, measured by real runs of a day: what was planted is what is found, to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import pytest

from recs_platform.campaign.late import days_to_load, days_to_make_again, lagging_days
from recs_platform.companies.model import Simulation
from recs_platform.pipeline.stage import CAMPAIGNS
from recs_platform.simulation.world import read_truth
from recs_platform.sources.connectors.simulated import simulate_company
from recs_platform.strategies.catalogue import load_companies, pipeline_of
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.scope import SENT_FROM, SENT_TO
from recs_platform.warehouse.slices import Days
from recs_platform_tests.promises.platform import Platform
from recs_platform_tests.slow import takes_seconds

DAY = date(2025, 12, 2)
CUSTOMERS = {"holley": 4_000, "metro": 500, "concord": 429}
STEPS = ("sends", "delivered", "opened", "clicked")
Row = dict[str, Any]


@dataclass
class Measured:
    """A company's campaigns as of a day, and what was planted."""

    platform: Platform
    company: str

    def rows(self, table: str) -> list[Row]:
        return self.platform.rows(self.company, table, Days.one(DAY))

    def asked(self, table: str, sent: Days) -> list[Row]:
        """A question about the messages of other days than the campaign window, as a report asks it."""
        company = self.platform.companies[self.company]
        given = {SENT_FROM: sent.first, SENT_TO: sent.last}
        bound = pipeline_of(company).ask(table, company, DAY, given)
        with self.platform.lake.run(bound) as reader:
            rows: list[Row] = reader.read_all().to_pylist()
        return rows

    @cached_property
    def truth(self) -> Row:
        return read_truth(self.platform.landing, self.company)

    def days(self, key: str) -> Iterator[tuple[date, Any]]:
        for day, counts in self.truth["days"].items():
            if date.fromisoformat(day) <= DAY and key in counts:
                yield date.fromisoformat(day), counts[key]


def platform_of(home: Any, name: str, customers: int) -> Platform:
    built_in = load_companies()[name]
    company = built_in.model_copy(update={"simulation": Simulation(seed=7, customers=customers)})
    return Platform(home, [company])


def campaign_tables(platform: Platform, company: str) -> list[str]:
    """Those of the campaign stage, and the snapshots that they read; logs are loaded before."""
    logs = set(platform.logs(company))
    sources = [name for name in platform.tables(company) if name not in logs and "customers" in name]
    return [*sources, *platform.stage(company, CAMPAIGNS)]


def load(platform: Platform, name: str, days: Days, tables: Sequence[str]) -> None:
    """Logs, each after those that it is made of; without Dagster, which would record an event per table and day."""
    company, pipeline = platform.companies[name], platform.pipeline(name)
    with platform.environment():
        for table in sorted(tables, key=lambda table: len(pipeline.made_of(table))):
            subject = Subject(table, name, platform.ref(name, table), days)
            platform.lake.replace(subject, pipeline.bind(table, company, days))


def campaign_logs(platform: Platform, name: str) -> list[str]:
    """The logs that campaigns are made of, and no others."""
    pipeline = platform.pipeline(name)
    needed = set[str]().union(*(pipeline.made_of(table) for table in platform.stage(name, CAMPAIGNS)))
    return [table for table in platform.logs(name) if table in needed]


@pytest.fixture(scope="module", params=list(CUSTOMERS))
@takes_seconds
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    name = request.param
    platform = platform_of(tmp_path_factory.mktemp(name), name, CUSTOMERS[name])
    company = platform.companies[name]
    # The day after brings what arrives late.
    simulate_company(
        company,
        platform.landing,
        company.start_date,
        DAY + timedelta(days=1),
        snapshot_days=[DAY],
    )
    load(platform, name, Days(company.start_date, DAY), campaign_logs(platform, name))
    platform.succeeded(platform.run_day(name, DAY, only=campaign_tables(platform, name)))
    return Measured(platform, name)


def test_the_funnel_of_every_arm_treatment_and_day(measured: Measured) -> None:
    found: dict[tuple[date, str], Row] = defaultdict(dict)
    for row in measured.rows("campaign_funnel"):
        if row["level"] == "cell":
            found[row["sent_on"], f"{row['arm']}/{row['treatment_id']}"][row["step"]] = row["sends"]
    compared = 0
    for day, cells in measured.days("campaign"):
        # Opens come within three days.
        for cell, counts in cells.items() if day <= DAY - timedelta(days=3) else ():
            if cell.startswith("holdout/"):
                assert (day, cell) not in found
                continue
            steps = found[day, cell]
            expected = [counts[step] for step in STEPS]
            assert [steps[step] for step in ("sent", "delivered", "opened", "clicked")] == expected, (day, cell)
            compared += 1
    assert compared > 50


def test_paths_and_revenue_to_the_cent(measured: Measured) -> None:
    orders: Counter[str] = Counter()
    cents: Counter[str] = Counter()
    for _, paths in measured.days("attributed"):
        for path, of_path in paths.items():
            orders[path] += of_path["orders"]
            cents[path] += of_path["cents"]
    for _, paths in measured.days("refunded"):
        cents.subtract(paths)
    found = {row["path"]: (row["orders"], round(100 * row["revenue"])) for row in measured.rows("conversion_paths")}
    planted = {path: (orders[path], cents[path]) for path in ("clicked", "opened", "delivered", "sent") if orders[path]}
    total = (sum(count for count, _ in planted.values()), sum(worth for _, worth in planted.values()))
    assert found == {**planted, "total": total}
    assert total[0] > 50

    others = measured.rows("revenue_by_date")
    assert sum(row["other_orders"] for row in others) == orders["none"]
    assert sum(round(100 * row["other_revenue"]) for row in others) == cents["none"]
    by_arm = sum(
        round(100 * row["revenue"])
        for row in measured.rows("campaign_funnel")
        if row["level"] == "arm" and row["step"] == "ordered"
    )
    assert by_arm == total[1]


def test_machines_are_told_from_people(measured: Measured) -> None:
    # Messages of which all that people will ever open has been opened.
    over = Days(measured.platform.companies[measured.company].start_date, DAY - timedelta(days=3))
    planted: Counter[str] = Counter()
    for day, counts in measured.days("campaign_machine"):
        if day in over:
            planted.update(counts)
    rows = measured.asked("machine_engagement", over)
    opens = {row["rule"]: row for row in rows}["open_on_delivery"]
    assert opens["interactions"] == planted["machine_opens"]
    assert opens["only_by_machine"] == planted["sends_opened_by_machine_only"]
    clicks = [row for row in rows if row["rule"] != "open_on_delivery"]
    assert sum(row["interactions"] for row in clicks) == planted["scanner_clicks"]


def test_why_messages_failed(measured: Measured) -> None:
    cells = [counts for _, day in measured.days("campaign") for counts in day.values()]
    found = {row["reason"]: row["messages"] for row in measured.rows("delivery_failures")}
    failed = sum(messages for reason, messages in found.items() if reason != "unreported")
    assert failed == sum(counts["failed"] for counts in cells)
    shares = measured.truth["campaigns"]["failure_shares"]
    assert {reason: found[reason] / failed for reason in shares} == pytest.approx(shares, abs=0.12)


def test_the_release_is_seen(measured: Measured) -> None:
    """The values are those of the planted counts, and the same customers open more often, about as planted."""
    released = date.fromisoformat(measured.truth["campaigns"]["release_date"])
    rows = {(row["comparison"], row["metric"]): row for row in measured.rows("period_comparison")}
    opens = rows["all_customers", "opens"]
    counts: dict[str, Counter[str]] = {"before": Counter(), "after": Counter()}
    for day, cells in measured.days("campaign"):
        if abs((day - released).days + 0.5) < 28:
            for cell, of_cell in cells.items():
                if not cell.startswith("holdout/"):
                    counts["before" if day < released else "after"].update(of_cell)
    for period in ("before", "after"):
        assert opens[period] == pytest.approx(counts[period]["opened"] / counts[period]["sends"])
    assert opens["p_value"] < 0.05
    same = rows["same_customers", "opened"]
    assert same["ratio_low"] < 1.5 < same["ratio_high"]


def test_what_messages_brought(measured: Measured) -> None:
    """Against those held out, the orders per message that were planted."""
    rows = {(row["arm"], row["baseline"], row["metric"]): row for row in measured.rows("arm_comparison")}
    brought = rows["personalised", "holdout", "orders"]
    planted = measured.truth["campaigns"]["incremental_orders_per_send"]["personalised"]["after"]
    assert brought["fixed_low"] < planted < brought["fixed_high"]
    assert brought["anytime_low"] < brought["fixed_low"] < brought["fixed_high"] < brought["anytime_high"]


def test_the_draw_is_as_planned(measured: Measured) -> None:
    rows = {row["arm"]: row for row in measured.rows("sample_ratio")}
    assert {arm: row["planned_share"] for arm, row in rows.items()} == measured.truth["campaigns"]["arm_shares"]
    assert all(row["p_value"] > 0.001 for row in rows.values())


def test_every_message_carries_its_chance(measured: Measured) -> None:
    planted = {treatment: of["propensity"] for treatment, of in measured.truth["campaigns"]["treatments"].items()}
    rows = measured.rows("treatment_days")
    assert {row["treatment_id"]: row["propensity"] for row in rows} == pytest.approx(planted, abs=1e-9)
    judged = measured.rows("off_policy_evaluation")
    assert {row["policy"] for row in judged} == {"bandit", "uniform"}
    shares: Counter[str] = Counter()
    for row in measured.rows("treatment_allocation"):
        shares[row["segment"]] += round(1_000_000 * row["share"])
    assert set(shares.values()) == {1_000_000}
    assert "(all)" in shares


@pytest.mark.slow
def test_a_day_without_its_opens_is_provisional_until_they_arrive(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Half a day of opens and clicks comes a day late: noticed, said, and put right by making two days again."""
    platform = platform_of(tmp_path_factory.mktemp("late"), "holley", 3_000)
    company = platform.companies["holley"]
    simulate_company(company, platform.landing, company.start_date, company.start_date)
    late = date.fromisoformat(read_truth(platform.landing, "holley")["campaigns"]["outage_date"])
    first, next_day = late - timedelta(days=40), late + timedelta(days=1)
    simulate_company(company, platform.landing, first, late, snapshot_days=[late, next_day])
    platform = platform.beginning_on("holley", first)
    load(platform, "holley", Days(first, late), platform.logs("holley"))
    tables = campaign_tables(platform, "holley")

    def campaign_days(as_of: date) -> list[Row]:
        platform.succeeded(platform.run_day("holley", as_of, only=tables))
        return platform.rows("holley", "campaign_days", Days.one(as_of))

    before = campaign_days(late)
    assert lagging_days(before) == [late]
    assert platform.rows("holley", "conversion_paths", Days.one(late))

    simulate_company(company, platform.landing, next_day, next_day, snapshot_days=[late, next_day])
    loaded = dict.fromkeys(platform.days("holley", "interactions"), 0) | {
        row["event_date"]: row["landed"]
        for row in platform.rows("holley", "source_counts")
        if row["source_table"] == "interactions"
    }
    feed = {day: len(platform.feed_rows("holley", "interactions", day)) for day in loaded}
    changed = days_to_load(loaded, feed)
    assert late in changed
    assert days_to_make_again(changed, [late], company.parameters.campaign_window_days) == [late]
    for day in changed:
        platform.succeeded(platform.load_days("holley", Days.one(day)))
    after = {row["day"]: row for row in campaign_days(late)}
    assert not after[late]["lagging"]
    assert after[late]["interactions"] > {row["day"]: row for row in before}[late]["interactions"]
    # Its orders may still come, so it stays provisional for that reason alone.
    assert (after[late]["provisional"], after[late]["because"]) == (True, "orders may still come")
