"""The emulator of BigQuery is one for all workers, and ends with the last of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_ROOT = Path(__file__).parents[1]
_CONFTEST = 'pytest_plugins = ["recs_platform_tests.workers", "recs_platform_tests.emulator"]'
_TESTS = """
import os
import pytest
from pathlib import Path
from urllib.request import urlopen

@pytest.mark.parametrize("number", range(8))
def test_one(bigquery_emulator, number):
    with Path("addresses").open("a") as told:
        print(bigquery_emulator, os.environ["PYTEST_XDIST_WORKER"], file=told)
    assert urlopen(f"{bigquery_emulator}/bigquery/v2/projects/p/datasets").status == 200

def test_killed(bigquery_emulator):
    os._exit(9)
"""


def test_one_server_for_all_workers_also_when_one_is_killed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cacheprovider --basetemp=run")
    pytester.makeconftest(_CONFTEST)
    pytester.makepyfile(_TESTS)
    ended = pytester.runpytest_subprocess("-n", "2", "--dist", "load")
    ended.assert_outcomes(passed=8, failed=1)
    told = [line.split() for line in Path("addresses").read_text().splitlines()]
    assert len({address for address, _ in told}) == 1
    assert len({worker for _, worker in told}) > 1
    until = time.monotonic() + 30
    while list(Path("run/shared/bigquery_emulator").glob("address")):
        assert time.monotonic() < until, "the server goes on"
        time.sleep(0.05)
