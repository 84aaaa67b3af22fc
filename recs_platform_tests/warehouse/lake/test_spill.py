"""Spill folders: nobody takes a living process's folder away, wherever it lives, and killed ones leave none behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from recs_platform.warehouse.lake.engine import Engine
from recs_platform.warehouse.lake.files import sweep

_OPEN = """
import sys
from pathlib import Path
from recs_platform.warehouse.lake.engine import Engine
with Engine("100MB", 1, Path(sys.argv[1])).connect() as connection:
    (folder,), = connection.execute("SELECT current_setting('temp_directory')").fetchall()
    Path(folder).mkdir(exist_ok=True)
    (Path(folder) / "block.tmp").write_text("spilled")
    print(folder, flush=True)
    sys.stdin.read()
"""


class _Living:
    """A process that spills until it is told to end, or killed."""

    def __init__(self, spill: Path, before: Sequence[str] = ()) -> None:
        command = [*before, sys.executable, "-c", _OPEN, str(spill)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.block = Path(self.process.stdout.readline().strip()) / "block.tmp"

    def end(self) -> None:
        self.process.communicate()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def _elsewhere() -> list[str]:
    """A command that begins another namespace of process numbers, as a container does. Only root may."""
    command = ["unshare", "--pid", "--fork"]
    try:
        tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare command to make a namespace with")
    if tried.returncode:
        pytest.skip("no namespace can be made here")
    return command


@pytest.mark.slow
def test_a_process_of_another_container_leaves_a_living_ones_folder(tmp_path: Path) -> None:
    here = _Living(tmp_path / "spill")
    there = _Living(tmp_path / "spill", _elsewhere())
    also_there = _Living(tmp_path / "spill", _elsewhere())
    try:
        assert there.block != also_there.block, "both are process 1 of their own"
        assert [process.block.exists() for process in (here, there, also_there)] == [True, True, True]
    finally:
        for process in (here, there, also_there):
            process.end()
    assert list((tmp_path / "spill").iterdir()) == list((tmp_path / "spill-locks").iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    killed, living = _Living(tmp_path / "spill"), _Living(tmp_path / "spill")
    killed.kill()
    assert killed.block.exists()
    with Engine("100MB", 1, tmp_path / "spill").connect():
        assert [killed.block.exists(), living.block.exists()] == [False, True]
    living.end()


def test_a_long_query_keeps_its_folder_however_old_it_is(tmp_path: Path) -> None:
    living = _Living(tmp_path / "spill")
    old = time.time() - 7200
    os.utime(living.block.parent, (old, old))
    assert list(sweep(tmp_path / "spill", timedelta(hours=1), dry_run=False)) == []
    living.kill()
    assert list(sweep(tmp_path / "spill", timedelta(hours=1), dry_run=False)) == [f"{living.block.parent}/"]


def test_a_file_that_its_owner_takes_away_meanwhile_has_no_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = Path.stat

    def and_taken_away(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        seen = looked_at(path, follow_symlinks=follow_symlinks)
        if path.name == "block.tmp":
            path.unlink()
        return seen

    folder = tmp_path / "spill" / "abc"
    folder.mkdir(parents=True)
    (folder / "block.tmp").write_text("spilled")
    monkeypatch.setattr(Path, "stat", and_taken_away)
    assert list(sweep(tmp_path / "spill", timedelta(hours=-1), dry_run=True)) == [f"{folder}/"]
