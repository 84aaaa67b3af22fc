"""A home that cannot be written, or whose databases are garbage: one sentence with what to do, exit code 2, nothing
half-done, and with room again the same command gives the rows of a twin that had room all the time."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recs_platform.platform_db.engine import engine
from recs_platform_tests.attacks.counts import Count, Some
from recs_platform_tests.attacks.kill_jobs import contents, explained
from recs_platform_tests.cli.terminal import Ended, Terminal, small_companies
from recs_platform_tests.slow import takes_seconds

pytestmark = pytest.mark.slow

_RUN = ("run", "--company", "concord", "--date", "2025-09-02")
_ROOMY = "256m"
_SIZES = (0, 8, 64, 200, 400, 600, 800, 1_000, 1_200, 1_500, 2_000, 2_500, 3_000)
"""Kilobytes that are free when a home is new, from none to nearly what a run needs."""
_INODES = (1, 4, 8, 12, 20, 40, 80, 120, 160)


@contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system of its own. Only root may mount one."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command to make a small disk with")
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def terminal_on(folder: Path, beside: Path) -> Terminal:
    """Its home and its Dagster instance stand on the disk; its companies do not."""
    small_companies(beside, customers=12)
    variables = {"RECS_HOME": str(folder / "in" / "home"), "RECS_COMPANIES_DIR": str(beside / "companies")}
    return Terminal(beside, variables)


def home_of(terminal: Terminal) -> Path:
    return Path(terminal.environment["RECS_HOME"])


@pytest.fixture(scope="module")
@takes_seconds
def twin(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """It had room all the time."""
    folder = tmp_path_factory.mktemp("twin")
    terminal = terminal_on(folder, folder)
    assert terminal.recs(*_RUN).code == 0
    return terminal


def told_in_one_sentence(ended: Ended) -> str:
    """The one thing that went wrong; of each table that it kept from being made, where several were."""
    assert ended.code == 2, ended.told
    assert "Traceback" not in ended.told, ended.told
    lines = [line.strip() for line in (ended.out + ended.err).splitlines() if line.strip()]
    errors = [line for line in lines if not line.startswith(("ok ", "failed "))]
    kinds = {line.partition(": ")[2] for line in errors} if len(errors) > 1 else set(errors)
    assert len(kinds) == 1, ended.told
    return errors[0]


_FULL = ("size={}k", f"size={_ROOMY}")
_NO_INODES = (f"size={_ROOMY},nr_inodes={{}}", "nr_inodes=100000")


@pytest.mark.parametrize(
    ("options", "roomy", "amounts", "sample"), [(*_FULL, _SIZES, 2), (*_NO_INODES, _INODES, 1)], ids=["full", "inodes"]
)
def test_a_disk_that_is_full(
    options: str,
    roomy: str,
    amounts: tuple[int, ...],
    sample: int,
    twin: Terminal,
    tmp_path: Path,
    some: Some[int],
    count: Count,
) -> None:
    outcomes: Counter[str] = Counter()
    for amount in some(amounts, sample):
        with disk(tmp_path / str(amount) / "disk", options.format(max(amount, 4))) as folder:
            terminal = terminal_on(folder, folder.parent)
            ended = terminal.recs(*_RUN)
            if ended.code:
                sentence = told_in_one_sentence(ended)
                assert "space" in sentence, sentence
            outcomes["told in one sentence" if ended.code else "enough"] += 1
            remount(folder, roomy)
            assert terminal.recs(*_RUN).code == 0
            assert explained(contents(home_of(terminal)), contents(home_of(twin))) == {}
    assert outcomes["told in one sentence"] > 0
    count(f"disks with room for {options.format('N')}", **outcomes)


def test_a_home_that_can_only_be_read(twin: Terminal, tmp_path: Path) -> None:
    with disk(tmp_path / "disk", f"size={_ROOMY}") as folder:
        terminal = terminal_on(folder, tmp_path)
        shutil.copytree(twin.folder / "in", folder / "in")
        remount(folder, "ro")
        for command in (_RUN, ("backfill", *_RUN[1:3], "--from", "2025-09-01", "--to", "2025-09-02")):
            sentence = told_in_one_sentence(terminal.recs(*command))
            assert "the right to write" in sentence, sentence
        assert "Traceback" not in terminal.recs("status").told, "what only reads may do so"
        remount(folder, "rw")
        with terminal.inside():
            engine().dispose()  # a terminal's next command is a process of its own
        assert terminal.recs(*_RUN).code == 0


_DATABASES = (
    "home/platform.db",
    ".dagster/history/runs.db",
    ".dagster/history/runs/index.db",
    ".dagster/schedules/schedules.db",
)


def _no_database(path: Path) -> None:
    path.write_bytes(b"no database, but long enough to be looked at as one" * 100)


def _torn(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + b"\xff" * (len(content) // 2))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("garble", [_no_database, _torn, _folder])
@pytest.mark.parametrize("database", _DATABASES)
def test_a_database_that_is_garbage(
    database: str, garble: Callable[[Path], None], twin: Terminal, tmp_path: Path
) -> None:
    terminal = terminal_on(tmp_path, tmp_path)
    shutil.copytree(twin.folder / "in", tmp_path / "in")
    path = tmp_path / "in" / database
    garble(path)
    for beside in path.parent.glob(f"{path.name}-*"):
        beside.unlink()
    ended = terminal.recs(*_RUN)
    if ended.code == 0 and garble is _torn:
        return  # what is torn is not always looked at
    sentence = told_in_one_sentence(ended)
    assert path.name in sentence
