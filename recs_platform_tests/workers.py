"""Which worker of a parallel run gets which tests: those of a group all go to one, the others to whichever is free.

A group is what slow.py says: tests that share an expensive fixture. pytest-xdist's own `loadgroup` hands the group over
in the test's id, which pytest no longer lets it change; here it goes through a file.

Not here: how many workers there are (conftest.py).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

GROUP = pytest.StashKey[str]()
_FOLDER = pytest.StashKey[Path]()
_FILE = "groups_of_tests"


class GroupScheduling(LoadScopeScheduling):
    """A test without a group is one of its own. Groups are handed out in the order in which the tests are collected."""

    def __init__(self, config: pytest.Config, log: Any) -> None:
        super().__init__(config, log)
        self._groups: dict[str, str] | None = None

    def _split_scope(self, nodeid: str) -> str:
        if self._groups is None:
            # All workers have collected the same tests by now, and have written the same.
            written = sorted(self.config.stash[_FOLDER].iterdir())
            self._groups = json.loads(written[0].read_text())
        return self._groups.get(nodeid, nodeid)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[_FOLDER] = Path(tempfile.mkdtemp(prefix="recs-tests-"))


def pytest_unconfigure(config: pytest.Config) -> None:
    if _FOLDER in config.stash:
        shutil.rmtree(config.stash[_FOLDER])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[_FILE] = str(node.config.stash[_FOLDER] / f"{node.gateway.id}.json")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """In a worker, before it reports what it has collected."""
    if hasattr(session.config, "workerinput"):
        groups = {item.nodeid: item.stash[GROUP] for item in session.items if GROUP in item.stash}
        Path(session.config.workerinput[_FILE]).write_text(json.dumps(groups))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return GroupScheduling(config, log) if config.getoption("dist") == "loadgroup" else None
