"""A day that an older release has made, of before there were checksums, alerts and serving: this version takes it over
and goes on with the next one.

`fixtures/revision-0005.tar.xz` holds what that release left of a home: its database at revision 0005, its lake, the
simulated feeds and the company's file. It was made by that release (commit fcb371a) with
`recs run -c acme --date 2025-09-02`; the release's own folder is written as /srv/recs.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from recs_platform.platform_db.revisions import HEAD
from recs_platform_tests.cli.terminal import Terminal, not_up_to_date
from recs_platform_tests.upgrade.days import asked, ok

pytestmark = pytest.mark.slow

_FIXTURE = Path(__file__).parent / "fixtures" / "revision-0005.tar.xz"


_PUBLISHED = (
    "SELECT version, as_of, customers, status FROM publications WHERE product = 'recommendations' ORDER BY version"
)
_CUSTOMERS = "SELECT COUNT(DISTINCT customer_id) AS n FROM recommendations"
_DAYS = "SELECT table_name, day, rows FROM ledger_slices ORDER BY 1, 2"


@pytest.fixture
def old(tmp_path: Path) -> Terminal:
    with tarfile.open(_FIXTURE) as archive:
        archive.extractall(tmp_path, filter="data")
    return Terminal(tmp_path)


def test_the_day_of_an_older_release_is_taken_over_and_the_next_one_made(old: Terminal) -> None:
    assert asked(old, "SELECT version_num FROM recs_schema_version") == [("0005",)]
    published = asked(old, _PUBLISHED)
    assert published == [(1, "2025-09-02", 33, "live")]
    days = asked(old, _DAYS)
    assert len(days) > 70

    moved = ok(old.recs("migrate")).out.splitlines()
    assert moved[0].startswith(f"platform database: 0005 -> {HEAD}")
    assert asked(old, _PUBLISHED) == published
    assert asked(old, _DAYS) == days
    (verified,) = ok(old.recs("verify", "acme", "--json")).json
    assert (verified["wrong"], verified["publications"], verified["unknown"] > 0) == ([], 2, True)
    ok(old.recs("verify", "acme", "--accept"))
    counted = ok(old.recs("query", "acme", _CUSTOMERS, "--json")).json
    assert counted == [{"n": 33}]

    ok(old.recs("run", "acme", "--date", "2025-09-03"))
    after = asked(old, _PUBLISHED)
    assert after == [(1, "2025-09-02", 33, "backup"), (2, "2025-09-03", 33, "live")]
    (verified,) = ok(old.recs("verify", "acme", "--json")).json
    assert (verified["wrong"], verified["publications"], verified["unknown"]) == ([], 4, 0)
    (state,) = ok(old.recs("status", "acme", "--json")).json
    assert not_up_to_date(state["tables"]) == []
    kept = set(asked(old, _DAYS))
    assert {row for row in days if row not in kept and not str(row[0]).startswith("live_")} == set()
    ok(old.recs("rollback", "acme", "--to", "1"))
