"""Each run that ended is told once and no more, whatever becomes of the ticks between and of what they keep."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from recs_platform.automation.looks import ended_runs as look
from recs_platform.automation.looks.ended_runs import FIRST_LOOK_BACK, NAME, Seen
from recs_platform.automation.looks.look import Cursors
from recs_platform.automation.looks.tick import Round
from recs_platform_tests.automation.looks.shop import WEEK, Shop, break_off, refuse


def test_a_run_that_ends_while_nobody_looks_is_told_by_the_next_look(shop: Shop) -> None:
    shop.run()
    shop.look()
    shop.run(refuse)
    shop.look(now=datetime.now(UTC) + WEEK)
    assert shop.told() == [("acme", "error", ["run orders"])]


def test_a_platform_that_is_looked_at_for_the_first_time_tells_no_history(shop: Shop) -> None:
    shop.run(refuse)
    shop.look(now=datetime.now(UTC) + WEEK)
    assert shop.messages() == []


def test_a_tick_that_breaks_off_loses_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for company in ("acme", "holley"):
        shop.run(refuse, company=company)
    # The tick is killed before its cursor is kept: what it booked is booked again, which changes nothing.
    before = Cursors(shop.cursors)
    shop.look()
    shop.cursors = before
    shop.look()
    assert sorted(told[0] for told in shop.told()) == ["acme", "holley"]


def test_a_run_that_is_booked_is_not_read_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """`recs alerts send` keeps a cursor of its own."""
    shop.run(refuse)
    shop.run(break_off, company="holley", tags={"dagster/will_retry": "true"})
    looks = {"ended runs": look.ended_runs, "runs to start again": look.never_again}
    later = datetime.now(UTC) + look.STARTED_AGAIN_WITHIN
    assert (shop.look(looks).booked, shop.look(looks, now=later).booked) == (2, 1)
    monkeypatch.setattr(look, "facts_of", lambda *_: pytest.fail("the events are read again"))
    for now in (None, later):
        shop.cursors.clear()
        assert shop.look(looks, now=now) == Round()


def test_runs_of_one_moment_are_all_seen(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than a page holds."""
    monkeypatch.setattr(look, "_PAGE", 2)
    moment = datetime(2025, 9, 6, 6, 0, tzinfo=UTC)
    for number in range(5):
        _end(shop, f"run-{number}", moment)
    shop.cursors[NAME] = Seen(moment, {}).to_text()
    assert shop.look(now=moment).booked == 5
    assert shop.look(now=moment).booked == 0


def test_a_clock_that_is_ahead_hides_no_run(shop: Shop) -> None:
    now = datetime.now(UTC)
    _end(shop, "ahead", now + timedelta(hours=1))
    shop.look(now=now)
    _end(shop, "in time", now + timedelta(seconds=1))
    assert shop.look(now=now + timedelta(seconds=2)).booked == 1


def test_time_that_runs_out_leaves_the_rest_to_the_next_tick(shop: Shop) -> None:
    shop.run(refuse)
    context = shop.context()
    late = type(context)(**{**vars(context), "until": 0.0})
    assert list(look.ended_runs(late)) == []
    assert shop.look().booked == 1


@pytest.mark.parametrize(
    "kept",
    [
        '"yesterday"',
        "7",
        "{}",
        '{"upto": 7, "seen": {}}',
        '{"upto": "soon", "seen": {}}',
        '{"upto": "2025-09-06T06:00:00+00:00", "seen": [1]}',
        '{"upto": "2025-09-06T06:00:00+00:00", "seen": {"run-1": 1e30}}',
        '{"upto": "2025-09-06T06:00:00+00:00", "seen": {"run-1": "noon"}}',
        "{",
    ],
)
def test_a_cursor_that_somebody_edited_is_none(shop: Shop, kept: str) -> None:
    shop.run(refuse)
    shop.cursors[NAME] = kept
    assert shop.look().failed == {}
    assert shop.told() == [("acme", "error", ["run orders"])]


def test_a_cursor_without_a_time_zone_is_read(shop: Shop) -> None:
    shop.cursors[NAME] = '{"upto": "2025-09-06T06:00:00", "seen": {}}'
    assert shop.look().failed == {}


def test_the_cursor_stays_small() -> None:
    begin = datetime(2025, 9, 6, 6, 0, tzinfo=UTC)
    seen = Seen.read(None, begin)
    assert begin - seen.begins == FIRST_LOOK_BACK
    for minute in range(1_000):
        seen = seen.with_run(f"run-{minute}", begin + timedelta(minutes=minute), begin + WEEK)
    assert len(seen.run_ids) == 6
    assert Seen.read(seen.to_text(), begin) == seen
    assert seen.looked(begin + WEEK).run_ids == {}


def test_a_platform_on_which_nothing_happens_keeps_an_empty_cursor(shop: Shop) -> None:
    shop.run()
    shop.look()
    assert Seen.read(shop.cursors[NAME], datetime.now(UTC)).run_ids
    shop.look(now=datetime.now(UTC) + look.OVERLAP)
    assert not Seen.read(shop.cursors[NAME], datetime.now(UTC)).run_ids


def _end(shop: Shop, name: str, moment: datetime) -> None:
    """A run that succeeded at a moment."""
    run_id = str(uuid.uuid5(uuid.NAMESPACE_OID, name))
    run = dg.DagsterRun("shop_daily", run_id=run_id)
    shop.instance.add_run(run)
    event = dg.DagsterEvent("PIPELINE_SUCCESS", "shop_daily", message=name)
    shop.instance.run_storage.handle_run_event(run_id, event, moment)
