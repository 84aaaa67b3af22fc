"""Offers go live: in real Dagster runs and at the terminal, and a comparison of any two days of them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from recs_platform.errors import StorageError
from recs_platform.publication.compare import compare_days
from recs_platform.publication.proposal import Proposal, Standing, accept, propose
from recs_platform.publication.publish import publications
from recs_platform.settings import settings
from recs_platform.strategies import catalogue
from recs_platform_tests.publication.market import (
    DAY,
    NAME,
    NEXT,
    STRATEGY,
    Lists,
    Market,
    Shown,
    lists,
)
from recs_platform_tests.publication.shop import NOON
from recs_platform_tests.publication.test_assets import metadata, verdict
from recs_platform_tests.publication.test_cli import recs, recs_json

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning", "ignore:Asset job"),
]

LIVE = lists(10, "a", "b", "c")


@pytest.fixture
def terminal(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Market:
    """The market where commands find it."""
    folder = tmp_path / "companies"
    folder.mkdir()
    (folder / f"{NAME}.yaml").write_text(yaml.safe_dump({**market.described, "start_date": "2025-09-01"}))
    monkeypatch.setenv("RECS_COMPANIES_DIR", str(folder))
    monkeypatch.setenv("USER", "ann")
    settings.cache_clear()
    made = catalogue.pipelines()
    monkeypatch.setattr(catalogue, "pipelines", lambda: {**made, STRATEGY: market.pipeline})
    return market


def versions(market: Market) -> list[tuple[int, date, str]]:
    return [(p.version, p.as_of, str(p.status)) for p in publications(market.outlet)]


def live_offers(market: Market) -> dict[str, list[str]]:
    """What customers see."""
    with market.outlet.warehouse.read(market.outlet.live) as reader:
        rows = sorted(reader.read_all().to_pylist(), key=lambda row: (row["customer_id"], row["rank"]))
    return {c: [row["offer_id"] for row in rows if row["customer_id"] == c] for c in {r["customer_id"] for r in rows}}


def publish_day(market: Market, day: date) -> Proposal:
    """Made, compared with what is live, judged, and live if nothing refuses."""
    market.make(day)
    found = propose(market.outlet, market.pipeline, market.company, day)
    accept(found, market.outlet, by="ann", at=NOON)
    return found


def failed_steps(run: dg.ExecuteInProcessResult) -> list[str]:
    failed = [e for e in run.all_events if e.event_type is dg.DagsterEventType.STEP_FAILURE]
    return [str(e.step_key).removeprefix(f"{STRATEGY}__") for e in failed]


def test_a_days_run_goes_live_and_says_what_changed(market: Market) -> None:
    market.plan(NEXT, {**lists(9, "a", "b", "c"), "c9": [Shown("a"), Shown("z"), Shown("b")], "c10": [Shown("a")]})
    first = market.run(DAY)
    assert first.success
    assert metadata(first)["summary"] == "market: 2025-09-10 is the first publication."
    assert verdict(first).passed
    second = market.run(NEXT)
    assert second.success
    said = metadata(second)
    assert [said[f"{figure} (market)"] for figure in ("version", "customers", "rows")] == [2, 11, 31]
    assert said["published"]
    assert (
        "10 customers in common: 96.67% of their running offers stay, 0 ended; 1 gained, 0 lost." in said["comparison"]
    )
    assert "| c | 1 | 10.00% | 10.00% |  | item c, dairy: 0 outranked, 1 no candidates any more |" in said["comparison"]
    assert said["picture"].startswith("![offer_comparison](data:image/svg+xml;base64,")
    assert metadata(second, "offer_comparison")["summary"] in said["comparison"]
    assert live_offers(market)["c9"] == ["a", "z", "b"], "in the order in which they are shown"
    assert versions(market) == [(2, NEXT, "live"), (1, DAY, "backup")]


REFUSED: dict[str, tuple[Lists, str]] = {
    "customers": (lists(9, "a", "b", "c"), "10.00% of live customers are lost; max_customers_lost is 5.00%"),
    "offers": (lists(10, "x", "y", "z"), "100.00% of live offers that still run are replaced; max_lists_changed is 80"),
    "order": (
        lists(10, "c", "b", "a"),
        "offers that stay have moved 100.00% of as far as they could in their lists; max_order_changed is 80.00%",
    ),
}


@pytest.mark.parametrize("which", REFUSED)
def test_each_guardrail_stops_the_run_before_publication(market: Market, which: str) -> None:
    today, words = REFUSED[which]
    market.plan(NEXT, today)
    publish_day(market, DAY)
    refused = market.run(NEXT)
    assert failed_steps(refused) == ["offer_comparison_guardrails"], "publication does not even begin"
    found = verdict(refused)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert found.description is not None
    assert found.description.startswith(f"market 2025-09-11 is not published: {words}")
    assert found.description.endswith(
        f"recs publish market --date 2025-09-11 --approve {found.metadata['comparison_id'].value}"
    )
    assert (versions(market), live_offers(market)["c0"]) == ([(1, DAY, "live")], ["a", "b", "c"])


def test_chances_of_another_size_go_live_when_lists_stay(market: Market) -> None:
    """A retraining moves the level threefold; customers see the same lists, so the feed goes on."""
    market.plan(NEXT, lists(10, "a", "b", "c", score=0.3))
    publish_day(market, DAY)
    assert market.run(NEXT).success
    found = propose(market.outlet, market.pipeline, market.company, DAY)
    assert (found.standing, versions(market)[0]) == (Standing.OLDER, (2, NEXT, "live"))


def test_a_refusal_is_told_once_and_tried_again_every_day(market: Market) -> None:
    """Each day is compared with what is live, and not with the day that was refused."""
    third, fourth = NEXT + timedelta(days=1), NEXT + timedelta(days=2)
    other = REFUSED["offers"][0]
    market.plan(NEXT, other)
    market.plan(third, other)
    market.plan(fourth, lists(10, "a", "b", "c", "x"))
    publish_day(market, DAY)
    assert failed_steps(market.run(NEXT)) == ["offer_comparison_guardrails"]

    again = market.run(third)
    assert again.success, "nobody is alerted twice"
    found = verdict(again)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    said = metadata(again)
    assert not said["published"]
    assert said["summary"].startswith(
        "market 2025-09-12 is not published: 100.00% of live offers that still run are replaced; max_lists_changed is "
        "80.00%. It has been refused for the same since 2025-09-11. To publish it: recs publish market --date "
        "2025-09-12 --approve "
    )
    assert (said["live_as_of"], live_offers(market)["c0"]) == (str(DAY), ["a", "b", "c"])

    assert market.run(fourth).success
    assert versions(market)[0] == (2, fourth, "live"), "it changes little beside what is live"


def test_another_refusal_is_news(market: Market) -> None:
    third = NEXT + timedelta(days=1)
    market.plan(NEXT, REFUSED["offers"][0])
    market.plan(third, REFUSED["order"][0])
    publish_day(market, DAY)
    market.run(NEXT)
    assert failed_steps(market.run(third)) == ["offer_comparison_guardrails"]


def test_the_same_refusal_beside_another_live_version_is_news(market: Market) -> None:
    third, fourth = NEXT + timedelta(days=1), NEXT + timedelta(days=2)
    market.plan(NEXT, REFUSED["offers"][0])
    market.plan(third, LIVE)
    market.plan(fourth, REFUSED["offers"][0])
    publish_day(market, DAY)
    market.run(NEXT)
    assert market.run(third).success
    assert failed_steps(market.run(fourth)) == ["offer_comparison_guardrails"]


def test_limits_are_the_companys(market: Market) -> None:
    market.parameters = {"max_customers_lost": 0.1}
    market.plan(NEXT, REFUSED["customers"][0])
    publish_day(market, DAY)
    assert publish_day(market, NEXT).refusals == []
    assert versions(market)[0] == (2, NEXT, "live")


def test_the_week_after_everything_ended_goes_live_by_itself(market: Market) -> None:
    market.plan(DAY, lists(10, "a", "b", "c", ends=NEXT))
    market.plan(NEXT, lists(10, "x", "y", "z"))
    publish_day(market, DAY)
    compared = publish_day(market, NEXT).compared
    assert compared is not None
    assert "none of their live offers is still running, 30 ended" in compared.summary()
    assert live_offers(market)["c0"] == ["x", "y", "z"]


def test_a_day_without_offers_publishes_nothing_and_succeeds(market: Market) -> None:
    """What is live stays, and the day on which there are offers again is compared with it."""
    after = NEXT + timedelta(days=1)
    market.plan(NEXT, {})
    market.plan(after, lists(10, "a", "b", "z"))
    publish_day(market, DAY)
    quiet = market.run(NEXT)
    assert quiet.success
    assert verdict(quiet).passed
    said = metadata(quiet)
    assert said["summary"] == "market: 2025-09-11 has no recommendations; nothing is published."
    assert (said["published"], said["version (market)"], said["live_as_of"]) == (False, 1, str(DAY))
    assert live_offers(market)["c0"] == ["a", "b", "c"]
    assert publish_day(market, after).summary() == "market: 2025-09-12 would replace version 1, of 2025-09-10."
    assert versions(market) == [(2, after, "live"), (1, DAY, "backup")]


def test_a_company_that_never_had_an_offer_publishes_nothing(market: Market) -> None:
    market.plan(DAY, {})
    found = publish_day(market, DAY)
    assert (found.standing, found.live, versions(market)) == (Standing.EMPTY, None, [])


def test_a_backfill_changes_nothing_that_is_live(market: Market) -> None:
    before = DAY - timedelta(days=1)
    market.plan(before, lists(2, "x"))
    publish_day(market, DAY)
    backfill = publish_day(market, before)
    assert (backfill.standing, backfill.refusals) == (Standing.OLDER, [])
    assert versions(market) == [(1, DAY, "live")]


def test_an_offer_twice_in_a_list_does_not_go_live(market: Market) -> None:
    market.plan(DAY, {**LIVE, "c0": [Shown("a"), Shown("a")]})
    with pytest.raises(StorageError, match="has lists with a gap, or with an offer twice: of 1 customers"):
        publish_day(market, DAY)
    assert versions(market) == []


def test_publish_refuse_approve_and_roll_back(terminal: Market, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.plan(NEXT, lists(10, "x", "y", "z"))
    terminal.make(DAY)
    terminal.make(NEXT)
    code, said = recs(capsys, "publish", NAME, "--date", str(DAY))
    assert code == 0
    assert "Published as version 1: 30 rows for 10 customers as of 2025-09-10, read back and complete." in said

    code, said = recs(capsys, "publish", NAME)
    assert code == 1
    assert "10 customers in common: 0.00% of their running offers stay" in said
    assert "refused 100.00% of live offers that still run are replaced; max_lists_changed is 80.00%" in said
    assert "ok 0.00% of live customers are lost" in said
    assert "ok of the average chances, live and new, the higher is 0.00% above the lower" in said
    command = said.partition("To approve this comparison, and no other: recs ")[2].split()
    assert command[:5] == ["publish", NAME, "--date", "2025-09-11", "--approve"]
    assert recs(capsys, *command)[0] == 0
    assert live_offers(terminal)["c0"] == ["x", "y", "z"]

    code, said = recs(capsys, "rollback", NAME, "--to", "1", "--by", "bob")
    assert code == 0
    assert "back to version 1, which is live as version 3: 30 rows for 10 customers as of 2025-09-10" in said
    assert live_offers(terminal)["c0"] == ["a", "b", "c"]
    _, listed = recs_json(capsys, "publications", NAME)
    assert [(row["version"], row["kind"], row["product"], row["approved"]) for row in listed] == [
        (3, "rollback", "recommendations", False),
        (2, "publish", "recommendations", True),
        (1, "publish", "recommendations", False),
    ]


def test_an_empty_day_at_the_terminal(terminal: Market, capsys: pytest.CaptureFixture[str]) -> None:
    terminal.plan(DAY, {})
    terminal.make(DAY)
    said = "market: 2025-09-10 has no recommendations; nothing is published."
    assert recs(capsys, "publish", NAME) == (0, said)


def figures(market: Market, before: date, after: date) -> dict[tuple[str, str], Any]:
    found = compare_days(market.outlet.warehouse, market.pipeline, market.company, before, after)
    return {(figure["section"], figure["name"]): figure["count"] for figure in found}


def test_any_two_days_are_compared_as_publication_compares_them(market: Market) -> None:
    """Of DAY's offers a ends on NEXT, before lists of NEXT are shown; the rest is still running then."""
    live = {f"c{n}": [Shown("a", ends=NEXT), Shown("b"), Shown("c")] for n in range(4)}
    market.plan(DAY, live)
    market.plan(NEXT, {**lists(3, "b", "d"), "c4": [Shown("b")]})
    for day in (DAY, NEXT):
        market.make(day)
    found = figures(market, DAY, NEXT)
    assert [found["customers", name] for name in ("common", "gained", "lost")] == [3, 1, 1]
    assert [found["lists", n] for n in ("kept", "replaced", "withdrawn", "ended", "added")] == [3, 0, 3, 3, 3]
    back = figures(market, NEXT, DAY)
    assert [back["lists", n] for n in ("kept", "ended", "added")] == [3, 0, 6], "the day that is compared decides"
    same = figures(market, DAY, DAY)
    assert (same["customers", "common"], same["lists", "added"], same["lists", "kept"]) == (4, 0, 12)


def test_compare_at_the_terminal(terminal: Market, capsys: pytest.CaptureFixture[str]) -> None:
    quiet = NEXT + timedelta(days=1)
    terminal.plan(NEXT, lists(10, "a", "b", "z", score=0.2))
    terminal.plan(quiet, {})
    for day in (DAY, NEXT, quiet):
        terminal.make(day)
    code, said = recs(capsys, "compare", NAME, "--a", str(DAY), "--b", str(NEXT))
    assert code == 0
    assert "market: 2025-09-10 (live) -> 2025-09-11 (new)" in said
    assert "10 customers in common: 66.67% of their running offers stay, 0 ended; 0 gained, 0 lost." in said
    assert "Offers that are new to most customers in common" in said
    code, told = recs_json(capsys, "compare", NAME, "--a", str(DAY), "--b", str(NEXT))
    assert (code, told["a"], told["b"]) == (0, str(DAY), str(NEXT))
    (chance,) = [figure for figure in told["figures"] if figure["name"] == "chance"]
    assert (chance["section"], chance["share"]) == ("averages", 1.0)
    code, said = recs(capsys, "compare", NAME, "--a", str(quiet), "--b", str(NEXT))
    assert code == 0
    assert "2025-09-12 has no recommendations." in said
    code, said = recs(capsys, "compare", NAME, "--a", str(DAY), "--b", "2025-09-20")
    assert code == 2
    assert "market has no recommendations of 2025-09-20; its days are 2025-09-10 to 2025-09-12, 3 in all" in said
