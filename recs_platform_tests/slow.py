"""Which tests are slow, which of them stay on one worker, and in which order they run.

A test is slow when it is marked so, when a fixture that it uses is (`@takes_seconds`), or when it runs on PostgreSQL
as well as on SQLite. `make quick` leaves them out. Nobody has to remember the mark: a run names the tests that took
long and do not bear it.

Not here: how groups reach the workers (workers.py), and what workers share (shared.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from recs_platform_tests.workers import GROUP

_LONG_CPU_SECONDS = 3
_CPU_SECONDS = "cpu_seconds"
_BEGAN = pytest.StashKey[float]()
_Fixture = TypeVar("_Fixture", bound=Callable[..., Any])


def takes_seconds(fixture: _Fixture) -> _Fixture:
    """Marks a fixture of a module or a session: the tests that share it are slow, and stay on one worker.

    It stands below `@pytest.fixture`.
    """
    fixture.takes_seconds = True  # type: ignore[attr-defined]
    return fixture


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        slow_fixture = _slow_fixture(item)
        if slow_fixture or _on_postgres(item):
            item.add_marker(pytest.mark.slow)
        if group := slow_fixture or _file_with_shared_fixtures(item):
            item.stash[GROUP] = group
    # What takes long begins first, so that no worker ends long after the others.
    items.sort(key=lambda item: 0 if _slow_fixture(item) else 1 if item.get_closest_marker("slow") else 2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    item.stash[_BEGAN] = _cpu_seconds()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    if call.when == "teardown":
        item.user_properties.append((_CPU_SECONDS, _cpu_seconds() - item.stash[_BEGAN]))
    return (yield)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Names the tests that should be marked; time on the processor, which a busy machine hardly changes."""
    unmarked = {
        report.nodeid: seconds
        for report in terminalreporter.stats.get("", [])
        if (seconds := dict(report.user_properties).get(_CPU_SECONDS, 0)) > _LONG_CPU_SECONDS
        and "slow" not in report.keywords
    }
    if unmarked:
        terminalreporter.section(f"took more than {_LONG_CPU_SECONDS} s of CPU: mark them as slow")
        for test, seconds in sorted(unmarked.items(), key=lambda pair: -pair[1]):
            terminalreporter.write_line(f"{seconds:6.1f} s  {test}")


def _slow_fixture(item: pytest.Item) -> str | None:
    """The first of those that a test uses, and its parameter."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    for name, fixture in _fixtures(item):
        if getattr(fixture.func, "takes_seconds", False):
            return "-".join([fixture.baseid, name, *([str(parameters[name])] if name in parameters else [])])
    return None


def _file_with_shared_fixtures(item: pytest.Item) -> str | None:
    shares = any(fixture.scope == "module" for _, fixture in _fixtures(item))
    return str(item.path) if shares else None


def _fixtures(item: pytest.Item) -> Iterator[tuple[str, pytest.FixtureDef[Any]]]:
    for name in getattr(item, "fixturenames", ()):
        if definitions := item._fixtureinfo.name2fixturedefs.get(name):  # type: ignore[attr-defined]
            yield name, definitions[-1]


def _on_postgres(item: pytest.Item) -> bool:
    return hasattr(item, "callspec") and item.callspec.params.get("database") == "postgres"


def _cpu_seconds() -> float:
    """Of this process and of those that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
