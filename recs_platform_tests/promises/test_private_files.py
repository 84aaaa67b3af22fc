"""What the platform writes is for its owner alone, however open the shell is that starts it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform.process import close_to_others
from recs_platform_tests.cli.terminal import Terminal, small_companies
from recs_platform_tests.slow import takes_seconds

OPEN = 0o022
_COMMAND = "import os, sys; os.umask(int(sys.argv.pop(1), 8)); from recs_platform.cli import main; main()"


def recs(terminal: Terminal, *arguments: str, umask: int = OPEN) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, oct(umask), *arguments],
        env={**own, **terminal.environment},
        cwd=terminal.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def readable_by_others(folder: Path) -> Iterator[str]:
    for path in (folder, *folder.rglob("*")):
        if stat.S_IMODE(path.lstat().st_mode) & 0o077 and not path.is_symlink():
            yield f"{path.relative_to(folder.parent)} {oct(stat.S_IMODE(path.lstat().st_mode))}"


@pytest.fixture(scope="module")
@takes_seconds
def used(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder = tmp_path_factory.mktemp("private")
    small_companies(folder, 10)
    terminal = Terminal(folder)
    recs(terminal, "run", "--company", "concord", "--date", "2025-09-01")
    return terminal


@pytest.mark.parametrize("place", [".recs", ".dagster"])
def test_a_run_writes_nothing_that_others_can_read(used: Terminal, place: str) -> None:
    assert (used.folder / place).is_dir()
    assert list(readable_by_others(used.folder / place)) == []


@pytest.mark.parametrize(
    ("before", "after"), [(0o755, 0o700), (0o750, 0o700), (0o700, 0o700), (0o775, 0o770), (0o2770, 0o2770)]
)
def test_a_home_that_is_there_is_closed(tmp_path: Path, before: int, after: int) -> None:
    """One that its group may write is shared with that group."""
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(before)
    mask = os.umask(0o077)
    try:
        close_to_others(home)
        assert stat.S_IMODE(home.stat().st_mode) == after
        assert os.umask(0o077) == (0o007 if before & 0o020 else 0o077)
    finally:
        os.umask(mask)


def test_a_home_that_is_not_there_is_nobodys(tmp_path: Path) -> None:
    close_to_others(tmp_path / "none")
    assert not (tmp_path / "none").exists()
