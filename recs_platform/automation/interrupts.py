"""Noticing every Ctrl-C.

Python turns Ctrl-C into an exception wherever the program happens to be. Inside a callback of the garbage collector an
exception is printed and dropped, and the run would go on as if nobody had asked it to stop. Signals are also written to
a pipe, before any Python code runs: what stands there was asked for.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def noticed_interrupts() -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether Ctrl-C was pressed since; outside the main thread nobody can know."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    receiver, sender = os.pipe()
    os.set_blocking(receiver, False)
    os.set_blocking(sender, False)
    before = signal.set_wakeup_fd(sender, warn_on_full_buffer=False)
    pressed = False

    def was_pressed() -> bool:
        nonlocal pressed
        pressed = pressed or _has_interrupt(receiver)
        return pressed

    try:
        yield was_pressed
    finally:
        signal.set_wakeup_fd(before)
        os.close(receiver)
        os.close(sender)


def _has_interrupt(receiver: int) -> bool:
    try:
        return signal.SIGINT in os.read(receiver, 4096)
    except BlockingIOError:  # nothing was received
        return False
