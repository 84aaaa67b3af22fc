"""The way to kill at a call that writes kills there, and without strace at a moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recs_platform_tests.attacks import killing
from recs_platform_tests.attacks.killing import KillPoint, Lives, may_watch


def ten_files(home: Path) -> int:
    """A job: ten files one after the other, with a pause."""
    home.mkdir()
    for number in range(10):
        (home / str(number)).write_text("complete")
        time.sleep(0.02)
    return 0


def failing(home: Path) -> int:
    raise ValueError(f"nothing for {home.name}")


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Lives]:
    lives = Lives(__name__, tmp_path / "lives")
    yield lives
    lives.close()


@pytest.mark.skipif(not may_watch(), reason="strace is not there, or may not watch")
def test_strace_kills_at_the_call_that_is_named(lives: Lives, tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    points = lives.points("ten_files", tmp_path / "twin" / "home")
    calls = [point.call for point in points]
    assert (calls.count("openat"), calls.count("write"), calls[0].startswith("mkdir")) == (10, 10, True)
    (tmp_path / "killed").mkdir()
    home = tmp_path / "killed" / "home"
    fourth = [point for point in points if point.call == "write"][3]
    assert lives.killed("ten_files", home, fourth).code == -9
    assert {path.name: path.read_text() for path in home.iterdir()} == {
        **dict.fromkeys("012", "complete"),
        "3": "",
    }


def test_without_strace_kills_fall_at_moments(lives: Lives, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(killing, "may_watch", lambda: False)
    points = lives.points("ten_files", tmp_path / "home")
    assert len(points) == 100
    home = tmp_path / "again" / "home"
    home.parent.mkdir()
    assert lives.killed("ten_files", home, KillPoint("after", 50, 0.2)).code == -9
    assert len(list(home.iterdir())) < 10


def test_what_a_life_says_when_it_fails_is_kept(lives: Lives, tmp_path: Path) -> None:
    life = lives.live("failing", tmp_path)
    assert life.code == 1
    assert f"nothing for {tmp_path.name}" in life.out
