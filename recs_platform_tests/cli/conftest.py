"""A terminal in an empty folder, and one in a folder where two days of a small company were run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.slow import takes_seconds


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    small_companies(tmp_path)
    return Terminal(tmp_path)


@pytest.fixture(scope="session")
@takes_seconds
def used(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """For tests that only look."""
    folder = tmp_path_factory.mktemp("used")
    small_companies(folder)
    terminal = Terminal(folder)
    ended = terminal.recs("run", "--company", "concord", "--date", "2025-09-02", "--to", "2025-09-03")
    assert ended.code == 0, ended.told
    return terminal


@pytest.fixture
def copied(used: Terminal, tmp_path: Path) -> Terminal:
    """A copy of it, to be written to."""
    shutil.copytree(used.folder, tmp_path / "copy")
    return Terminal(tmp_path / "copy")
