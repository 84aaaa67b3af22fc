"""Companies in their turn: nobody is left out, and nobody waits for another's trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.automation.sensors import turns
from recs_platform.automation.sensors.cursor import Cursor
from recs_platform.automation.sensors.turns import Answer, in_turn, look_at_each
from recs_platform.errors import ConfigError, UnavailableError
from recs_platform.patience import patiently

SENSOR = "shop_landing"
NAMES = st.sets(st.text("abcd", min_size=1, max_size=3), min_size=1, max_size=12).map(sorted)


@given(names=NAMES, last=st.none() | st.text("abcd", max_size=3))
def test_everybody_has_one_turn_and_the_next_comes_first(names: list[str], last: str | None) -> None:
    order = in_turn(names, last)
    assert sorted(order) == names
    after = [name for name in names if last is not None and name > last]
    assert order[0] == (after or names)[0]


@given(names=NAMES, seconds=st.integers(0, 5), ticks=st.integers(1, 20))
def test_ticks_without_time_for_all_reach_everybody(names: list[str], seconds: int, ticks: int) -> None:
    """A look takes a second. Whoever was looked at most was looked at once more than whoever was least."""
    looked: dict[str, int] = dict.fromkeys(names, 0)
    now = [0.0]

    def look(name: str) -> Answer:
        looked[name] += 1
        now[0] += 1
        return "well"

    last = None
    for _ in range(ticks):
        turn = look_at_each(SENSOR, names, last, look, seconds=seconds, clock=lambda: now[0])
        assert turn.left + len(turn.said) == len(names)
        last = turn.last
    assert max(looked.values()) - min(looked.values()) <= 1


def failing(error: Exception) -> Callable[[str], Answer]:
    def look(name: str) -> Answer:
        if name in "bc":
            raise error
        return [dg.RunRequest(name)] if name == "d" else "well"

    return look


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConfigError("the feed of jane.doe@example.com"), "b, c: cannot tell: the feed of j***@***.com; a: well"),
        (KeyError("jane.doe@example.com"), "b, c: cannot tell: KeyError: 'j***@***.com'; a: well"),
    ],
)
def test_trouble_is_said_first_masked_and_keeps_nobody_waiting(error: Exception, says: str) -> None:
    turn = look_at_each(SENSOR, "abcd", None, failing(error))
    assert [request.run_key for request in turn.requests] == ["d"]
    assert (turn.words, turn.last) == (says, "d")


def test_many_who_say_the_same_are_named_once() -> None:
    turn = look_at_each(SENSOR, [f"c{number}" for number in range(500)], None, lambda _: "well")
    assert turn.words == "c0, c1, c10 and 497 more: well"


def test_a_company_whose_feeds_all_hang_costs_a_tick_one_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its feeds is waited for, and there are many."""
    monkeypatch.setattr(turns, "COMPANY_SECONDS", 0.2, raising=False)
    hangs, asked = threading.Event(), []

    def look(name: str) -> Answer:
        for feed in range(7 * 5 if name == "b" else 0):
            asked.append(feed)
            with suppress(UnavailableError):
                patiently(lambda: hangs.wait(20), f"{name}: feed {feed}", seconds=0.1)
        return "well"

    turn = look_at_each(SENSOR, "abc", None, look)
    assert len(asked) < 7 * 5, "most of them were not waited for"
    hangs.set()
    assert turn.words == "b: cannot tell: the look of shop_landing at b does not answer within 0 s.; a, c: well"
    assert turn.last == "c"


@given(last=st.none() | st.text(max_size=5), known=st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_a_cursor_survives_and_a_broken_one_is_none(last: str | None, known: dict[str, str]) -> None:
    cursor = Cursor(last, known)
    assert Cursor.read(cursor.write()) == cursor
    assert Cursor.read(cursor.write()[:-1]) == Cursor()
    assert cursor.of([]) == Cursor(last)
