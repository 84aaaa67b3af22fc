"""A company's days by this version, a migration by the next one in the middle of a day, and the days that follow.

The next version is a program of its own. What is compared is every table and what is live, with a twin that nobody
upgraded.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from recs_platform.platform_db.revisions import HEAD
from recs_platform_tests.cli.terminal import Terminal, not_up_to_date, small_companies
from recs_platform_tests.conftest import in_production
from recs_platform_tests.upgrade.days import (
    COMPANY,
    DAYS,
    PATIENCE,
    Contents,
    Held,
    asked,
    contents,
    ok,
)
from recs_platform_tests.upgrade.next_version import DIE, NEXT, NextVersion

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """One day is made, by this version."""
    if request.param == "sqlite":
        shutil.copytree(request.getfixturevalue("first_day"), tmp_path, dirs_exist_ok=True)
        yield Terminal(tmp_path)
        return
    small_companies(tmp_path)
    with in_production(tmp_path, request.getfixturevalue("postgres_url")) as variables:
        terminal = Terminal(tmp_path, variables)
        ok(terminal.recs("run", COMPANY, "--date", DAYS[0]))
        yield terminal


def check_whole(terminal: Terminal, following: NextVersion, undisturbed: Contents, runs: Mapping[str, int]) -> None:
    """Nothing is lost or doubled: tables, days, what is live, publications, runs."""
    made = contents(terminal)
    assert {name for name in made.keys() | undisturbed.keys() if made.get(name) != undisturbed.get(name)} == set()
    numbers = asked(terminal, "SELECT product, version FROM publications ORDER BY product, version")
    assert len(numbers) == len(set(numbers))
    live = asked(terminal, "SELECT product, count(*) FROM publications WHERE status = 'live' GROUP BY product")
    assert live
    assert {count for _, count in live} == {1}
    found = dict(asked(terminal, "SELECT status, count(*) FROM job_log GROUP BY status"))
    assert found == dict(runs)
    (state,) = ok(following.recs(terminal, "status", COMPANY, "--json")).json
    assert not_up_to_date(state["tables"]) == []


def test_a_run_in_flight_ends_well_and_the_next_version_goes_on(
    installation: Terminal, tmp_path: Path, undisturbed: Contents
) -> None:
    following = NextVersion.made_in(tmp_path / "next", serves_this_one=True)
    held = Held(installation, DAYS[1])
    # Killed in the middle, a migration has not been.
    assert following.recs(installation, "migrate", **{DIE: "1"}).code == -signal.SIGKILL
    assert asked(installation, "SELECT version_num FROM recs_schema_version") == [(HEAD,)]
    moved = ok(following.recs(installation, "migrate"))
    assert moved.out.splitlines()[0] == f"platform database: {HEAD} -> {NEXT} (for programs from {HEAD} on)"
    assert held.process.is_alive()
    code, told = held.go_on()
    assert code == 0, told
    # The program is taken back, and makes a day.
    checked = ok(installation.recs("migrate", "--check"))
    assert f"at {NEXT} (of a newer recs_platform, which this one may use), nothing to do" in checked.out
    ok(installation.recs("run", COMPANY, "--date", DAYS[2], "--only"))
    ok(following.recs(installation, "run", COMPANY, "--date", DAYS[2]))
    made_by = asked(installation, "SELECT made_by FROM job_log ORDER BY id")
    assert made_by[0] == ("an older version",)
    assert made_by[-2:] == [(None,), ("the next version",)]
    check_whole(installation, following, undisturbed, {"succeeded": len(made_by)})


def test_a_run_in_flight_that_cannot_follow_fails_clearly_and_is_made_again(
    installation: Terminal, tmp_path: Path, undisturbed: Contents
) -> None:
    following = NextVersion.made_in(tmp_path / "next", serves_this_one=False)
    held = Held(installation, DAYS[1])
    before = asked(installation, "SELECT count(*) FROM publications")
    moved = ok(following.recs(installation, "migrate"))
    assert moved.out.splitlines()[0] == f"platform database: {HEAD} -> {NEXT} (for programs from {NEXT} on)"
    code, told = held.go_on()
    assert code == 1, told
    assert f"upgraded by a newer recs_platform while this one worked (it is at revision {NEXT}" in told
    assert "Traceback" not in told
    assert asked(installation, "SELECT count(*) FROM publications") == before
    for starts in ("run", COMPANY, "--date", DAYS[1]), ("migrate",):
        process = installation.start(*starts)
        refused = process.communicate(timeout=PATIENCE)[0]
        assert process.returncode == 2, refused
        assert f"it is at revision {NEXT}, this one knows up to {HEAD}" in refused
        assert refused.count("\n") == 1
    for day in DAYS[1:]:
        ok(following.recs(installation, "run", COMPANY, "--date", day))
    failed = dict(asked(installation, "SELECT status, count(*) FROM job_log GROUP BY status"))["failed"]
    assert failed == 1
    runs = len(asked(installation, "SELECT id FROM job_log"))
    check_whole(installation, following, undisturbed, {"failed": 1, "succeeded": runs - 1})
