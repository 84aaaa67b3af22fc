"""A failure between every two requests of a replacement, a publication and a restoration: what was there stays whole,
the next run heals, and the ledger says what the tables hold. And what is tried again, and what is not.

The requests are counted first, so that a new one is covered by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import SequenceMatcher
from itertools import cycle

import pytest
from google.api_core.exceptions import BadRequest

from recs_platform.errors import ConfigError, ConflictError, UnavailableError
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform_tests.warehouse.bigquery import wire as wires
from recs_platform_tests.warehouse.bigquery.steps import (
    LIVE,
    Opened,
    Step,
    by_python,
    by_query,
    live_days,
    of_slices,
    published,
    restored,
    whole_days,
)
from recs_platform_tests.warehouse.bigquery.wire import ProgramError, Wire
from recs_platform_tests.warehouse.tables import DATASET, day, ref

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("impatient")]


def counted(warehouse: BigQueryWarehouse, wire: Wire, step: Step, mark: int) -> int:
    wire.clear()
    step(warehouse, mark)
    return len(wire.requests)


def breaks_off_anywhere(
    warehouse: BigQueryWarehouse, wire: Wire, step: Step, fault: wires.Fault, seen: Callable[[], object], whole: Whole
) -> None:
    """Fail at each request of a step in turn: before its commit the old rows are seen, and after it the new ones."""
    number = counted(warehouse, wire, step, 2)
    stands, outcomes = 2, []
    for at in range(1, number + 1):
        wire.clear()
        wire.fault, wire.at = fault, at
        with pytest.raises(ProgramError):
            step(warehouse, stands + 1)
        found, asked = seen(), wire.requests[at - 1]
        assert found in (whole(stands), whole(stands + 1)), f"request {at}: {asked}"
        outcomes.append(found == whole(stands + 1))
        stands += outcomes[-1]
    assert outcomes == sorted(outcomes)
    assert True in outcomes
    assert False in outcomes
    wire.clear()
    step(warehouse, stands + 1)
    assert seen() == whole(stands + 1)


Whole = Callable[[int], object]


@pytest.mark.parametrize(
    ("step", "fault"),
    [(by_python, wires.broken_before), (by_query, wires.broken_after)],
)
def test_a_replacement_that_breaks_off_leaves_the_old_slices_or_the_new_ones(
    warehouse: BigQueryWarehouse, wire: Wire, step: Step, fault: wires.Fault, next_process: Opened
) -> None:
    by_python(warehouse, 1)
    breaks_off_anywhere(warehouse, wire, step, fault, lambda: of_slices(next_process()), whole_days)
    assert warehouse.inspect(ref()).findings == ()


def test_a_first_slice_that_breaks_off_is_made_by_whoever_comes_next(
    warehouse: BigQueryWarehouse, wire: Wire, next_process: Opened
) -> None:
    counted(warehouse, wire, by_python, 1)
    first = named_alike(wire.requests)
    counted(warehouse, wire, by_python, 1)
    for at in only_in(first, named_alike(wire.requests)):
        fresh = next_process()
        for table in fresh.jobs.tables(fresh.tables.dataset(DATASET), ""):
            fresh.jobs.drop(fresh.tables.named(DATASET, table))
        fresh.accept(ref())
        failing = wires.wired(fresh)
        failing.fault, failing.at = wires.broken_before, at
        with pytest.raises(ProgramError):
            by_python(fresh, 1)
        assert of_slices(next_process()) in ({}, whole_days(1)), f"request {at}: {failing.requests[-1]}"
        by_python(next_process(), 2)
        assert of_slices(next_process()) == whole_days(2)


def named_alike(requests: list[str]) -> list[str]:
    return [re.sub(r"[0-9a-f]{32}", "ID", one) for one in requests]


def only_in(first: list[str], later: list[str]) -> list[int]:
    """The numbers of the requests that a first slice needs and a later one does not, each with the one after it."""
    found: set[int] = set()
    for tag, _, _, begin, end in SequenceMatcher(None, later, first).get_opcodes():
        if tag != "equal":
            found |= set(range(begin + 1, min(end + 1, len(first)) + 1))
    return sorted(found)


@pytest.mark.parametrize(("step", "fault"), [(published, wires.broken_before), (restored, wires.broken_after)])
def test_a_publication_and_a_restoration_that_break_off_leave_the_old_version_or_the_new_one(
    warehouse: BigQueryWarehouse, wire: Wire, step: Step, fault: wires.Fault, next_process: Opened
) -> None:
    by_python(warehouse, 7)
    for mark in (0, 1):
        published(warehouse, mark)

    def seen() -> object:
        return live_days(next_process())

    breaks_off_anywhere(warehouse, wire, step, fault, seen, lambda mark: [day(mark % 2)])
    assert warehouse.inspect(LIVE).findings == ()


def test_each_request_that_was_not_heard_is_sent_again(warehouse: BigQueryWarehouse, wire: Wire) -> None:
    by_python(warehouse, 1)
    number, cuts = counted(warehouse, wire, by_query, 2), cycle([True, False])
    wire.clear()
    wire.fault, wire.where, wire.times = wires.cut_before, lambda _: next(cuts), number
    by_query(warehouse, 3)
    assert len(wire.requests) == 2 * number
    assert [version.version for version in warehouse.versions(ref())] == [3, 2, 1]
    assert of_slices(warehouse) == whole_days(3)


@pytest.mark.parametrize("step", [by_python, by_query, published])
def test_a_connection_that_is_cut_anywhere_is_tried_again_and_nothing_is_done_twice(
    warehouse: BigQueryWarehouse, wire: Wire, step: Step
) -> None:
    """Each request was heard, and its answer is lost. What follows an upload is what follows a query."""
    by_python(warehouse, 1)
    step(warehouse, 0)
    table = LIVE if step is published else ref()
    before = warehouse.versions(table)[0].version
    number = counted(warehouse, wire, step, 1)
    if step is by_python:
        (upload,) = (at for at, asked in enumerate(wire.requests) if asked.startswith("PUT "))
        number = upload + 2
    for at in range(1, number + 1):
        wire.clear()
        wire.fault, wire.at = wires.cut_after, at
        try:
            step(warehouse, at + 1)
        except UnavailableError:
            # The server has forgotten the upload; whoever runs the step again makes a new one.
            assert wire.requests[at - 1].startswith("PUT ")
            step(warehouse, at + 1)
        assert len(wire.requests) > at, "the last one is tried again, too"
    wire.clear()
    assert [version.version for version in warehouse.versions(table)[: number + 1]] == [
        before + count for count in range(number + 1, 0, -1)
    ]
    if step is not published:
        assert of_slices(warehouse) == whole_days(number + 1)


@pytest.mark.parametrize(("status", "reason"), [(503, "backendError"), (429, "rateLimitExceeded")])
def test_what_passes_is_tried_again(warehouse: BigQueryWarehouse, wire: Wire, status: int, reason: str) -> None:
    by_python(warehouse, 1)
    number = counted(warehouse, wire, by_query, 2)
    wire.clear()
    wire.fault, wire.where, wire.times = wires.answered(status, reason), wires.is_commit, 3
    by_query(warehouse, 3)
    assert len(wire.requests) == number + 3
    assert of_slices(warehouse) == whole_days(3)


@pytest.mark.parametrize(("status", "reason"), [(403, "accessDenied"), (403, "quotaExceeded"), (400, "invalid")])
def test_what_lasts_is_not_tried_again(warehouse: BigQueryWarehouse, wire: Wire, status: int, reason: str) -> None:
    by_python(warehouse, 1)
    wire.clear()
    wire.fault, wire.where, wire.times = wires.answered(status, reason, "you may not"), wires.is_commit, 99
    kinds = {"accessDenied": ConfigError, "quotaExceeded": UnavailableError, "invalid": BadRequest}
    with pytest.raises(kinds[reason], match="you may not"):
        by_query(warehouse, 2)
    assert 99 - wire.times == 1
    wire.clear()
    assert of_slices(warehouse) == whole_days(1)


MET = "Transaction is aborted due to concurrent update against table shop.company_7._versions. Transaction ID: 1"


def test_a_commit_that_meets_another_is_tried_again_under_a_new_name(warehouse: BigQueryWarehouse, wire: Wire) -> None:
    by_python(warehouse, 1)
    wire.clear()
    wire.fault, wire.where, wire.times = wires.job_that_fails(MET), wires.is_commit, 2
    by_query(warehouse, 2)
    assert of_slices(warehouse) == whole_days(2)
    assert warehouse.versions(ref())[0].version == 2


def test_who_never_gets_a_turn_is_told_so_and_has_changed_nothing(warehouse: BigQueryWarehouse, wire: Wire) -> None:
    by_python(warehouse, 1)
    wire.clear()
    wire.fault, wire.where, wire.times = wires.job_that_fails(MET), wires.is_commit, 99
    with pytest.raises(ConflictError, match="others keep changing it"):
        by_query(warehouse, 2)
    wire.clear()
    assert of_slices(warehouse) == whole_days(1)
