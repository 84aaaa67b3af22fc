"""What is stored of a version is proved before it goes live, after it went live, and before it comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from recs_platform.errors import DamageError, UserError
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, publish, reconcile, rollback
from recs_platform.publication.verify import verify
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.publication.shop import COMPANY, NOON, compared, day, lake_in, make, make_live, outlet_of, seen
from recs_platform_tests.publication.shop import states as states_of


def change(path: Path) -> None:
    """Other rows than were written, in a file that can be read: a bit of a value."""
    data = bytearray(path.read_bytes())
    place = data.index(b"c1")
    data[place + 1] ^= 4
    path.write_bytes(data)


def live_files(tmp_path: Path, outlet: Outlet) -> list[Path]:
    """The files of the live table, in the order in which they were written."""
    folder = tmp_path / "lake" / COMPANY / outlet.live.name
    return sorted(folder.glob("as_of=*/*.parquet"), key=lambda path: path.stat().st_mtime_ns)


def test_a_damaged_version_comes_back_from_the_slice_that_it_was_copied_from(tmp_path: Path, outlet: Outlet) -> None:
    made = make_live(outlet, day(0))
    change(live_files(tmp_path, outlet)[0])
    with pytest.raises(DamageError):
        seen(outlet)
    back = rollback(outlet, 1, by="ann", at=NOON)
    assert (back.version, back.checksum) == (2, made.checksum)
    assert {row.as_of for row in seen(outlet)} == {day(0)}


def test_a_version_that_was_changed_does_not_come_back(tmp_path: Path, outlet: Outlet) -> None:
    make_live(outlet, day(0))
    make(outlet, day(0), what="made again")
    make_live(outlet, day(1))
    change(live_files(tmp_path, outlet)[0])
    with pytest.raises(UserError, match=r"cannot go back to version 1: .* its checksum is another one"):
        rollback(outlet, 1, by="ann", at=NOON)
    assert {row.as_of for row in seen(outlet)} == {day(1)}, "customers were shown none of it"
    assert states_of(outlet) == {1: "backup", 2: "live", 3: "abandoned"}


def test_a_file_of_other_rows_and_their_checksum_does_not_come_back(tmp_path: Path, outlet: Outlet) -> None:
    """Somebody who changes the file, its name and the log: the inventory knows what went live."""
    make_live(outlet, day(0))
    make_live(outlet, day(1))
    with outlet.database.begin() as connection:
        connection.execute(text("UPDATE publications SET checksum = 'f' WHERE version = 1"))
    with pytest.raises(UserError, match="cannot go back to version 1: what is stored of it is not what went live"):
        rollback(outlet, 1, by="ann", at=NOON)
    assert states_of(outlet)[2] == "live"


def test_what_is_live_and_was_changed_is_noticed_and_an_earlier_version_comes_back(
    tmp_path: Path, outlet: Outlet
) -> None:
    make_live(outlet, day(0))
    made = make_live(outlet, day(1))
    change(live_files(tmp_path, outlet)[1])
    with pytest.raises(DamageError, match=r"its checksum is another one.*go back to an earlier version"):
        verify(outlet, made)
    with pytest.raises(DamageError, match=rf"{COMPANY}: {outlet.live.name} of {day(1)}: the file"):
        seen(outlet)
    assert rollback(outlet, 1, by="ann", at=NOON).version == 3
    assert {row.as_of for row in seen(outlet)} == {day(0)}


def test_a_day_that_was_changed_does_not_go_live(tmp_path: Path, outlet: Outlet) -> None:
    make_live(outlet, day(0))
    make(outlet, day(1))
    id_ = compared(outlet, day(1))
    (path,) = (tmp_path / "lake" / COMPANY / outlet.source.name / f"as_of={day(1)}").glob("*.parquet")
    change(path)
    with pytest.raises(DamageError, match=rf"{outlet.source.name} of {day(1)}.*Make the day again"):
        publish(outlet, day(1), id_, by="ann", at=NOON)
    assert {row.as_of for row in seen(outlet)} == {day(0)}
    make(outlet, day(1))
    assert publish(outlet, day(1), id_, by="ann", at=NOON).version == 2


def test_a_copy_that_went_wrong_is_not_reported_as_published(
    tmp_path: Path, outlet: Outlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_live(outlet, day(0))
    publishing = Lake.publish

    def spoilt(lake: Lake, *given: object) -> int:
        version = publishing(lake, *given)  # type: ignore[arg-type]
        change(live_files(tmp_path, outlet)[-1])
        return version

    monkeypatch.setattr(Lake, "publish", spoilt)
    with pytest.raises(DamageError, match="its checksum is another one"):
        make_live(outlet, day(1))


def test_the_checksum_of_what_is_live_survives_a_lost_inventory(outlet: Outlet) -> None:
    made = make_live(outlet, day(0))
    assert made.checksum
    with outlet.database.begin() as connection:
        connection.execute(text("DELETE FROM publications"))
    assert [p.checksum for p in publications(outlet)] == [made.checksum]


def test_a_version_from_before_checksums_comes_back_by_its_figures(outlet: Outlet) -> None:
    make_live(outlet, day(0))
    make_live(outlet, day(1))
    with outlet.database.begin() as connection:
        connection.execute(text("UPDATE publications SET checksum = NULL"))
    assert rollback(outlet, 1, by="ann", at=NOON).checksum is None
    assert {row.as_of for row in seen(outlet)} == {day(0)}


def test_a_publication_waits_for_the_disk(outlet: Outlet) -> None:
    """The inventory's database waits at each commit, whatever other parts of it do."""
    make_live(outlet, day(0))
    question = "PRAGMA synchronous" if outlet.database.dialect.name == "sqlite" else "SHOW synchronous_commit"
    with outlet.database.connect() as connection:
        assert connection.exec_driver_sql(question).scalar() in (2, "on")


def test_live_versions_are_known_whoever_asks(tmp_path: Path, outlet: Outlet) -> None:
    made = make_live(outlet, day(0))
    again = outlet_of(lake_in(tmp_path), outlet.database, outlet.product)
    live = reconcile(again)
    assert live is not None
    assert (live.version, live.checksum) == (made.version, made.checksum)
