"""A verdict is carried to who asks the very same of the very same slices, and to nobody else: whatever has changed
since is judged again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from recs_platform.schemas.table import Kind
from recs_platform.warehouse import verdicts
from recs_platform.warehouse.check import Check, CheckVerdict, judge, read_check
from recs_platform.warehouse.judging import judge_all
from recs_platform.warehouse.lake.lake import Lake
from recs_platform.warehouse.point_in_time import Looks, views
from recs_platform.warehouse.protocol import BoundQuery, Warehouse
from recs_platform.warehouse.query import parse_query
from recs_platform.warehouse.verdicts import judge_and_keep, judge_unless_kept
from recs_platform_tests.warehouse.conftest import open_at, place_of
from recs_platform_tests.warehouse.tables import DATASET, PROFILES, VISITS, Row, day, days, visits, write

TABLES = {"profiles": PROFILES, "visits": VISITS}
VALUES = {"limit": 5.0, "allowed": 0.6, "other": 1}
TEXT = """-- Scores are low, unless somebody visits.
-- table: profiles
-- severity: error
-- tolerance: @allowed
SELECT customer_id FROM profiles WHERE score > @limit AND NOT EXISTS (SELECT 1 FROM visits WHERE pages > 100)"""
Judged = list[str]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Judged:
    """The checks that were judged, in that order."""
    names: Judged = []

    def counting(warehouse: Warehouse, check: Check, bound: BoundQuery) -> CheckVerdict:
        names.append(check.name)
        return judge(warehouse, check, bound)

    def counting_all(
        warehouse: Warehouse, asked: Sequence[tuple[Check, BoundQuery]]
    ) -> tuple[CheckVerdict | Exception, ...]:
        names.extend(check.name for check, _ in asked)
        return judge_all(warehouse, asked)

    monkeypatch.setattr(verdicts, "judge", counting)
    monkeypatch.setattr(verdicts, "judge_all", counting_all)
    return names


def check_of(text: str = TEXT) -> Check:
    return read_check(parse_query("low", text, "sql/validation/low.sql"), TABLES, frozenset(VALUES))


def bound_to(check: Check, offset: int = 0, values: Mapping[str, Any] = VALUES) -> BoundQuery:
    shown = views(check.query, Looks(), Kind.SNAPSHOT, TABLES, days(offset, offset), values)
    return BoundQuery(check.query, DATASET, values, shown)


@pytest.fixture
def kept(any_engine: Warehouse, judged: Judged) -> Warehouse:
    """One of two customers breaks the rule, which was judged and passes."""
    return _with_a_verdict(any_engine, judged)


@pytest.fixture
def kept_here(lake: Lake, judged: Judged) -> Warehouse:
    """The same on a lake: for tests of what is asked, which no engine has part in."""
    return _with_a_verdict(lake, judged)


def _with_a_verdict(warehouse: Warehouse, judged: Judged) -> Warehouse:
    _scores(warehouse, 1.0, 9.0)
    write(warehouse, days(0, 0), visits([day(0)]))
    check = check_of()
    verdict = _judged_and_kept(warehouse, check, bound_to(check))
    assert (verdict.passed, verdict.violations, verdict.rows) == (True, 1, 2)
    judged.clear()
    return warehouse


def _scores(warehouse: Warehouse, *scores: float) -> None:
    write(warehouse, days(0, 0), _profiles(0, *scores), PROFILES)


def _profiles(offset: int, *scores: float) -> list[Row]:
    return [{"as_of": day(offset), "customer_id": f"c{n}", "score": score} for n, score in enumerate(scores)]


def _asked(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    return warehouse, check_of(), bound_to(check_of())


def _judged_and_kept(warehouse: Warehouse, check: Check, bound: BoundQuery) -> CheckVerdict:
    (verdict,) = judge_and_keep(warehouse, [(check, bound)])
    assert isinstance(verdict, CheckVerdict)
    return verdict


def test_the_same_is_judged_once(kept: Warehouse, judged: Judged) -> None:
    check = check_of()
    carried = judge_unless_kept(kept, check, bound_to(check))
    assert judged == []
    assert carried == judge(kept, check, bound_to(check))


def _other_rows(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    _scores(warehouse, 9.0, 9.0)
    return _asked(warehouse)


def _the_same_rows_again(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    _scores(warehouse, 1.0, 9.0)
    return _asked(warehouse)


def _other_rows_of_another_table(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    write(warehouse, days(0, 0), visits([day(0)], pages=101))
    return _asked(warehouse)


def _another_text(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    check = check_of(TEXT.replace("score >", "score <"))
    return warehouse, check, bound_to(check)


def _another_base(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    check = check_of(TEXT.replace("-- tolerance", "-- among: score > 2\n-- tolerance"))
    return warehouse, check, bound_to(check)


def _another_tolerance(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    check = check_of(TEXT.replace("@allowed", "0.1"))
    return warehouse, check, bound_to(check)


def _another_severity(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    check = check_of(TEXT.replace("severity: error", "severity: warn"))
    return warehouse, check, bound_to(check)


def _another_limit(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    return warehouse, check_of(), bound_to(check_of(), values=VALUES | {"limit": 0.5})


def _another_share(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    return warehouse, check_of(), bound_to(check_of(), values=VALUES | {"allowed": 0.1})


def _another_day(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    write(warehouse, days(1, 1), _profiles(1, 9.0), PROFILES)
    return warehouse, check_of(), bound_to(check_of(), 1)


def _another_company(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    return warehouse, check_of(), replace(bound_to(check_of()), company="another")


def _another_process(warehouse: Warehouse) -> tuple[Warehouse, Check, BoundQuery]:
    """Who opens the warehouse again finds nothing: verdicts are stored nowhere."""
    return _asked(open_at(*place_of(warehouse)))


@pytest.mark.parametrize(
    "change",
    [_other_rows, _the_same_rows_again, _other_rows_of_another_table, _another_process],
    ids=lambda change: change.__name__.strip("_"),
)
def test_what_has_changed_is_judged_again(
    kept: Warehouse, judged: Judged, change: Callable[[Warehouse], tuple[Warehouse, Check, BoundQuery]]
) -> None:
    asked = change(kept)
    assert judge_unless_kept(*asked) == judge(*asked)
    assert judged == ["low"]


@pytest.mark.parametrize(
    "change",
    [
        _another_text,
        _another_base,
        _another_tolerance,
        _another_severity,
        _another_limit,
        _another_share,
        _another_day,
        _another_company,
    ],
    ids=lambda change: change.__name__.strip("_"),
)
def test_what_is_asked_otherwise_is_judged_again(
    kept_here: Warehouse, judged: Judged, change: Callable[[Warehouse], tuple[Warehouse, Check, BoundQuery]]
) -> None:
    asked = change(kept_here)
    assert judge_unless_kept(*asked) == judge(*asked)
    assert judged == ["low"]


def test_values_that_the_check_does_not_read_change_nothing(kept_here: Warehouse, judged: Judged) -> None:
    judge_unless_kept(kept_here, check_of(), bound_to(check_of(), values=VALUES | {"other": 2}))
    assert judged == []


def test_what_is_replaced_while_it_is_judged_is_judged_again(
    kept: Warehouse, judged: Judged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slices are looked up before the query runs, which may have seen newer ones."""

    def late(*asked: Any) -> tuple[CheckVerdict | Exception, ...]:
        judged_late = judge_all(*asked)
        _scores(kept, 9.0, 9.0)
        return judged_late

    with monkeypatch.context() as patch:
        patch.setattr(verdicts, "judge_all", late)
        assert _judged_and_kept(*_asked(kept)).passed
    assert not judge_unless_kept(*_asked(kept)).passed
    assert judged == ["low"]


def test_what_the_run_judges_is_judged_whatever_is_kept(kept_here: Warehouse, judged: Judged) -> None:
    _judged_and_kept(*_asked(kept_here))
    assert judged == ["low"]


def test_only_the_newest_are_kept(kept_here: Warehouse, judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "_MOST", 2)
    for limit in (1.0, 2.0):
        _judged_and_kept(kept_here, check_of(), bound_to(check_of(), values=VALUES | {"limit": limit}))
    judged.clear()
    for limit, times in ((2.0, 0), (1.0, 0), (5.0, 1)):
        judge_unless_kept(kept_here, check_of(), bound_to(check_of(), values=VALUES | {"limit": limit}))
        assert len(judged) == times
    assert len(verdicts._kept) == 2


def test_what_a_person_asks_is_kept_by_nobody(kept_here: Warehouse, judged: Judged) -> None:
    asked = replace(bound_to(check_of()), time_limit=60.0)
    for _ in range(2):
        judge_unless_kept(kept_here, check_of(), asked)
    assert len(judged) == 2
