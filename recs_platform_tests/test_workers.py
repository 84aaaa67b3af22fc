"""Slow tests are known by their fixtures, begin first, and stay on one worker with those that share a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

_CONFTEST = """
import os
from pathlib import Path
import pytest
from recs_platform_tests.slow import takes_seconds

pytest_plugins = ["recs_platform_tests.workers", "recs_platform_tests.slow"]

@pytest.fixture(scope="session", params=["a", "b"])
@takes_seconds
def world(request):
    with Path("made").open("a") as made:
        print(request.param, file=made)

@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    return request.param

@pytest.fixture(autouse=True)
def noted(request):
    with Path("ran").open("a") as ran:
        print(request.node.name, file=ran)
"""
_WITH_A_WORLD = """
import pytest

@pytest.mark.parametrize("number", range(9))
def test_quick(number): ...

@pytest.mark.parametrize("number", range(9))
def test_of_a_world(world, number): ...
"""
_WITH_A_DATABASE = """
import pytest

def test_of_a_database(database): ...

@pytest.mark.slow
def test_marked(): ...

def test_that_should_be():
    import time
    until = time.process_time() + 0.2
    while time.process_time() < until: ...
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:cacheprovider")
    pytester.makeini("[pytest]\nmarkers = slow: x")
    pytester.makeconftest(_CONFTEST)
    pytester.makepyfile(test_one=_WITH_A_WORLD, test_two=_WITH_A_WORLD, test_three=_WITH_A_DATABASE)
    return pytester


def test_a_world_is_made_once_however_many_workers_there_are(suite: pytest.Pytester) -> None:
    ended = suite.runpytest_subprocess("-n", "3", "--dist", "loadgroup", "--no-loadscope-reorder")
    ended.assert_outcomes(passed=2 * (9 + 2 * 9) + 4)
    assert sorted(Path("made").read_text().split()) == ["a", "b"]


def test_what_is_slow_begins_first_and_can_be_left_out(suite: pytest.Pytester) -> None:
    suite.runpytest_subprocess().assert_outcomes(passed=2 * (9 + 2 * 9) + 4)
    kinds = [name.partition("[")[0] for name in Path("ran").read_text().split()]
    assert set(kinds[:36]) == {"test_of_a_world"}
    assert set(kinds[36:38]) == {"test_of_a_database", "test_marked"}
    suite.runpytest_subprocess("-m", "not slow").assert_outcomes(passed=2 * 9 + 2, deselected=2 * 2 * 9 + 2)


def test_a_test_that_took_long_without_the_mark_is_named(suite: pytest.Pytester) -> None:
    conftest = Path("conftest.py")
    conftest.write_text(conftest.read_text() + "\nfrom recs_platform_tests import slow\nslow._LONG_CPU_SECONDS = 0.1\n")
    ended = suite.runpytest_subprocess("test_three.py")
    ended.stdout.fnmatch_lines(["*mark them as slow*", "*0.* s  test_three.py::test_that_should_be"])
    assert "s  test_three.py::test_marked" not in ended.stdout.str()
