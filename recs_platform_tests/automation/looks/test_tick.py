"""A round of looks: what goes wrong with one keeps no other waiting, and is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recs_platform.alerts.finding import Finding, Kind, Observation, Severity, Trouble
from recs_platform.automation.looks.ended_runs import ended_runs
from recs_platform.automation.looks.look import LookContext
from recs_platform.automation.looks.tick import take_looks
from recs_platform.errors import UnavailableError
from recs_platform_tests.automation.looks.shop import Shop, found


def test_a_look_that_fails_keeps_no_other_waiting_and_is_told_until_it_is_well(shop: Shop) -> None:
    shop.run(checks={"few": found()})
    broken = True

    def odd(context: LookContext) -> Iterator[Observation]:
        if broken:
            raise ZeroDivisionError("jane.doe@example.com")
        yield Observation(f"odd {context.now}", "", context.now)

    looks = {"odd": odd, "ended runs": ended_runs}
    done = shop.look(looks)
    shop.look(looks)
    assert list(done.failed) == ["odd"]
    assert sorted(shop.told()) == [("", "error", ["store look at odd"]), ("acme", "warn", ["check orders/few"])]
    assert all("jane.doe" not in one.to_json() for one in shop.messages())
    broken = False
    shop.look(looks)
    shop.look(looks)
    assert shop.told()[2:] == [("", "recovered", ["store look at odd"])]


def test_books_that_cannot_be_reached_end_the_round_and_nothing_is_lost(shop: Shop) -> None:
    shop.run(checks={"few": found()})

    def away(_: Observation) -> None:
        raise UnavailableError("the platform database does not answer.")

    with pytest.raises(UnavailableError):
        take_looks(shop.context(), {"ended runs": ended_runs}, away)
    shop.look()
    assert shop.told() == [("acme", "warn", ["check orders/few"])]


def test_what_cannot_be_booked_keeps_no_other_waiting(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    finding = Finding(Trouble("acme", Kind.CHECK, "few"), Severity.WARN, "3 rows.", "Ask jane.doe@example.com.")
    seen = []

    def two(context: LookContext) -> Iterator[Observation]:
        yield Observation("odd", "acme", context.now, (finding,))
        yield Observation("plain", "acme", context.now)

    def book(observation: Observation) -> None:
        if observation.name == "odd":
            raise KeyError("odd")
        seen.append(observation.name)

    done = take_looks(shop.context(), {"two": two}, book)
    assert (seen, done.in_vain, done.booked) == (["plain"], ["odd"], 1)
    assert "3 rows." in caplog.text
    assert "jane.doe" not in caplog.text
