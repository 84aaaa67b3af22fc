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
from recs_platform_tests.cli.terminal import Terminal, not_up_to_date
from recs_platform_tests.upgrade.days import COMPANY, DAYS, Contents, Held, Production, asked, contents, ok
from recs_platform_tests.upgrade.loaded import Loaded
from recs_platform_tests.upgrade.next_version import DIE, NEXT, NextVersion

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NextVersion]:
    """One that this version may follow."""
    with NextVersion.made_in(tmp_path_factory.mktemp("following"), serves_this_one=True) as made:
        yield made


@pytest.fixture
def in_production(first_day_in_production: Production, tmp_path: Path) -> Iterator[Terminal]:
    """One day is made, by this version."""
    with first_day_in_production.copied_to(tmp_path) as terminal:
        yield terminal


@pytest.fixture
def on_a_laptop(first_day: Path, tmp_path: Path) -> Terminal:
    shutil.copytree(first_day, tmp_path, dirs_exist_ok=True)
    return Terminal(tmp_path)


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


def moved_in_the_middle(installation: Terminal, this_version: Loaded, following: NextVersion) -> None:
    """A migration that is killed, and one that is not, while a run of this version makes the second day."""
    held = Held(this_version, installation, DAYS[1])
    # Killed in the middle, a migration has not been.
    assert following.recs(installation, "migrate", **{DIE: "1"}).code == -signal.SIGKILL
    assert asked(installation, "SELECT version_num FROM recs_schema_version") == [(HEAD,)]
    moved = ok(following.recs(installation, "migrate"))
    assert moved.out.splitlines()[0] == f"platform database: {HEAD} -> {NEXT} (for programs from {HEAD} on)"
    assert held.process.code() is None
    code, told = held.go_on()
    assert code == 0, told


def test_a_run_in_flight_ends_well_and_the_next_version_goes_on(
    in_production: Terminal, this_version: Loaded, following: NextVersion, undisturbed: Contents
) -> None:
    installation = in_production
    moved_in_the_middle(installation, this_version, following)
    # The program is taken back, and makes a day.
    checked = ok(installation.recs("migrate", "--check"))
    assert f"at {NEXT} (of a newer recs_platform, which this one may use), nothing to do" in checked.out
    ok(installation.recs("run", COMPANY, "--date", DAYS[2], "--only"))
    ok(following.recs(installation, "run", COMPANY, "--date", DAYS[2]))
    made_by = asked(installation, "SELECT made_by FROM job_log ORDER BY id")
    assert made_by[0] == ("an older version",)
    assert made_by[-2:] == [(None,), ("the next version",)]
    check_whole(installation, following, undisturbed, {"succeeded": len(made_by)})


def test_a_run_in_flight_ends_well_on_a_laptop(
    on_a_laptop: Terminal, this_version: Loaded, following: NextVersion, two_undisturbed: Contents
) -> None:
    """SQLite makes a table anew that it changes."""
    before = asked(on_a_laptop, "SELECT id FROM job_log")
    moved_in_the_middle(on_a_laptop, this_version, following)
    check_whole(on_a_laptop, following, two_undisturbed, {"succeeded": len(before) + 1})


def test_a_run_in_flight_that_cannot_follow_fails_clearly_and_is_made_again(
    in_production: Terminal, this_version: Loaded, tmp_path: Path, two_undisturbed: Contents
) -> None:
    installation = in_production
    with NextVersion.made_in(tmp_path / "next", serves_this_one=False) as following:
        runs = asked(installation, "SELECT id FROM job_log")
        held = Held(this_version, installation, DAYS[1])
        before = asked(installation, "SELECT count(*) FROM publications")
        moved = ok(following.recs(installation, "migrate"))
        assert moved.out.splitlines()[0] == f"platform database: {HEAD} -> {NEXT} (for programs from {NEXT} on)"
        code, told = held.go_on()
        assert code == 1, told
        assert f"upgraded by a newer recs_platform while this one worked (it is at revision {NEXT}" in told
        assert "Traceback" not in told
        assert asked(installation, "SELECT count(*) FROM publications") == before
        for starts in ("run", COMPANY, "--date", DAYS[1]), ("migrate",):
            refused = this_version.recs(installation, *starts)
            assert refused.code == 2, refused.told
            assert f"it is at revision {NEXT}, this one knows up to {HEAD}" in refused.err
            assert (refused.out, refused.err.count("\n")) == ("", 1)
        ok(following.recs(installation, "run", COMPANY, "--date", DAYS[1]))
        check_whole(installation, following, two_undisturbed, {"failed": 1, "succeeded": len(runs) + 1})
