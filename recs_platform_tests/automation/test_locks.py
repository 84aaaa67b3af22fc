"""One run per company at a time, and a lock that a killed process does not keep."""

from __future__ import annotations

import subprocess
import sys

import pytest

from recs_platform.automation.locks import company_lock, is_running
from recs_platform.errors import LockBusyError

_HOLD = """
import sys, time
from recs_platform.automation.locks import company_lock
with company_lock("acme"):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.usefixtures("own_home")
def test_a_company_is_running_while_a_process_holds_its_lock() -> None:
    assert not is_running("acme")
    holder = subprocess.Popen([sys.executable, "-c", _HOLD], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        assert is_running("acme")
        assert not is_running("holley")
        busy = "^a run of acme is going on; waited 0.1 s. Try again.$"
        with pytest.raises(LockBusyError, match=busy), company_lock("acme", patience=0.1):
            raise AssertionError("unreachable")
    finally:
        holder.kill()
        holder.communicate()
    assert not is_running("acme")
    with company_lock("acme"):
        pass
