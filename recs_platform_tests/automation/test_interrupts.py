"""Ctrl-C is noticed, also where Python drops the exception that it becomes."""

from __future__ import annotations

import os
import signal
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from recs_platform.automation.interrupts import noticed_interrupts


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
        assert not noticed()


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
