"""A kill at any call that writes: what was live stays whole, and the same command, run again, gives the rows of a twin
that nobody disturbed, in every table."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from recs_platform_tests.attacks import kill_jobs
from recs_platform_tests.attacks.counts import Count, Some
from recs_platform_tests.attacks.kill_jobs import contents, explained, new_home
from recs_platform_tests.attacks.killing import KillPoint, Lives
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.cli.test_models import FIRST, SECOND, keep, training
from recs_platform_tests.slow import takes_seconds

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Attacked:
    """A job, the home that it is done in, and how often it is killed: in all, and in a sample. A whole run takes too
    long for a sample; what kills make of parts of it, other tests try."""

    home: str
    kills: int
    sample: int


ATTACKED: Mapping[str, Attacked] = {
    "first_start": Attacked("empty", 40, 2),
    "first_run": Attacked("empty", 24, 0),
    "run": Attacked("one day", 24, 0),
    "publish": Attacked("two days", 40, 2),
    "rollback": Attacked("published", 40, 2),
    "activate": Attacked("models", 40, 2),
    "housekeeping": Attacked("published", 40, 1),
}


@pytest.fixture(scope="module")
@takes_seconds
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lives]:
    lives = Lives(kill_jobs.__name__, tmp_path_factory.mktemp("lives"))
    yield lives
    lives.close()


@pytest.fixture(scope="module")
@takes_seconds
def homes(lives: Lives, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each made of the one before it. Nobody writes to them: attacks are on copies."""
    made = {}

    def make(name: str, of: Path | None, *jobs: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        home = copied(of, folder / "of") if of else new_home(folder)
        for job in jobs:
            life = lives.live(job, home)
            assert life.code == 0, life.out
        made[name] = home
        return home

    empty = make("empty", None)
    one_day = make("one day", empty, "make_first_day")
    two_days = make("two days", one_day, "make_second_day")
    make("published", two_days, "publish")
    keep_two_models(make("models", empty))
    return made


def keep_two_models(home: Path) -> None:
    terminal = Terminal(home.parent, {"RECS_HOME": str(home)})
    poorer, better = training().models
    keep(terminal, FIRST, poorer)
    keep(terminal, SECOND, better, activate=False)


def copied(home: Path, folder: Path) -> Path:
    shutil.copytree(home.parent, folder)
    return folder / home.name


@pytest.mark.parametrize("job", ATTACKED)
def test_a_kill_at_any_write_and_the_same_again_is_as_if_nothing_had_happened(
    job: str,
    lives: Lives,
    homes: dict[str, Path],
    tmp_path: Path,
    some: Some[KillPoint],
    all_attacks: bool,
    count: Count,
) -> None:
    attacked = ATTACKED[job]
    if not (attacked.sample or all_attacks):
        pytest.skip("whole runs are killed by make attack")
    before = homes[attacked.home]
    twin = copied(before, tmp_path / "twin")
    points = lives.points(job, twin)
    undisturbed, was = contents(twin), contents(before)
    outcomes: Counter[str] = Counter()
    for number, point in enumerate(some(spread(points, attacked.kills), attacked.sample)):
        home = copied(before, tmp_path / str(number))
        life = lives.killed(job, home, point)
        outcomes["killed" if life.code < 0 else "ended before"] += 1
        assert life.code in (-9, 0), f"{point}: {life.out}"
        assert_live_is_whole(contents(home), was, undisturbed, point)
        again = lives.live(job, home)
        assert again.code == 0, f"{point}: {again.out}"
        assert "Traceback" not in again.out
        assert explained(contents(home), undisturbed) == {}, point
        shutil.rmtree(home.parent)
    assert outcomes["killed"] > 0
    count(f"kills of {job.replace('_', ' ')}, at {len(points):,} places where it writes", **outcomes)


def spread(points: list[KillPoint], number: int) -> list[KillPoint]:
    """So many, evenly over what is written, the last one first."""
    chosen = range(1, number + 1)
    return [points[place * len(points) // number - 1] for place in reversed(chosen)] if len(points) > number else points


def assert_live_is_whole(
    state: Mapping[str, str], was: Mapping[str, str], undisturbed: Mapping[str, str], point: KillPoint
) -> None:
    for name in (name for name in {*was, *undisturbed} if "/live_" in name):
        assert state.get(name) in (was.get(name), undisturbed.get(name)), point
