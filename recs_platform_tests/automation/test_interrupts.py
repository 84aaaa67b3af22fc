"""Ctrl-C is noticed, also where Python drops the exception that it becomes."""

from __future__ import annotations

import os
import signal
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import dagster as dg
import pytest

from recs_platform.automation.interrupts import noticed_interrupts
from recs_platform.automation.jobs import daily_job
from recs_platform.automation.launch import launch
from recs_platform.automation.plan import Step
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.small import PARTITIONS


class _Thing:
    pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_is_dropped_in_a_callback_of_the_garbage_collector() -> None:
    def press(_: weakref.ref[_Thing]) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with noticed_interrupts() as noticed:
        assert not noticed()
        thing = _Thing()
        watched = weakref.ref(thing, press)
        del thing  # the exception is raised in `press`, and goes nowhere
        assert watched() is None
        assert noticed()
        assert noticed()  # however often it is asked


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_run_does_not_begin_another_step_after_a_dropped_interrupt() -> None:
    began = []

    @dg.asset(key=["shop", "first"], partitions_def=PARTITIONS)
    def first() -> None:
        thing = _Thing()
        watched = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGINT))
        del thing
        began.append(watched)

    @dg.asset(key=["shop", "second"], deps=[first], partitions_def=PARTITIONS)
    def second() -> None:
        began.append(None)

    defs = dg.Definitions(
        [first, second],
        jobs=[dg.define_asset_job(daily_job("shop"), selection=dg.AssetSelection.all())],
        executor=dg.in_process_executor,
    )
    day = Step("acme", "shop", Days.one(date(2025, 9, 5)), history=False)
    with dg.DagsterInstance.ephemeral() as instance:
        outcome = launch(defs, instance, day)
    assert len(began) == 1
    assert not outcome.success
    assert outcome.summary.interrupted


def test_an_interrupt_that_is_raised_is_noticed_too() -> None:
    with noticed_interrupts() as noticed:
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        assert noticed()


def test_other_signals_are_none() -> None:
    previous = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        with noticed_interrupts() as noticed:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert not noticed()
    finally:
        signal.signal(signal.SIGUSR1, previous)


def test_another_thread_knows_nothing_and_does_no_harm() -> None:
    def ask() -> bool:
        assert threading.current_thread() is not threading.main_thread()
        with noticed_interrupts() as noticed:
            return noticed()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(ask).result() is False
