"""Publishing, rolling back and publishing again: what customers see, what the inventory says, what is refused."""

from __future__ import annotations

import datetime
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, text
from sqlalchemy.exc import IntegrityError

from recs_platform.declarations.product import AnyProduct
from recs_platform.errors import DamageError, LockBusyError, MissingSliceError, StorageError, UserError
from recs_platform.platform_db.tables import Publication
from recs_platform.publication import inventory
from recs_platform.publication.lock import only_publisher
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import comparison_id, publications, publish, reconcile, rollback
from recs_platform.publication.verify import verify
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.publication.shop import (
    NOON,
    PICKS,
    SPLITS,
    compared,
    day,
    lake_in,
    live_versions,
    make,
    make_live,
    outlet_of,
    seen,
    states,
)


def back_to(outlet: Outlet, version: int) -> Publication:
    return rollback(outlet, version, by="bob", at=NOON + timedelta(hours=1))


def test_what_is_published_is_what_customers_see(outlet: Outlet) -> None:
    made = make_live(outlet, day(0), rows=3, what="wheel")
    assert seen(outlet) == [(day(0), f"c{n}", "wheel") for n in range(3)]
    assert (made.version, made.as_of, made.rows, made.status) == (1, day(0), 3, "live")
    assert (made.product, made.customers) in {("recommendations", 3), ("allocation", None)}
    assert (made.kind, made.published_by, made.published_at, made.approved) == ("publish", "ann", NOON, False)
    assert made.generated_at == datetime.datetime(2025, 12, 1, tzinfo=datetime.UTC)


def test_the_next_version_replaces_the_whole_table(outlet: Outlet) -> None:
    make_live(outlet, day(0), rows=5)
    make_live(outlet, day(1), rows=2)
    assert [(row.as_of, row.who) for row in seen(outlet)] == [(day(1), "c0"), (day(1), "c1")]
    assert outlet.warehouse.days(outlet.live) == [day(1)]
    assert states(outlet) == {1: "backup", 2: "live"}


def test_the_slice_that_was_published_can_be_made_again_without_touching_what_is_live(outlet: Outlet) -> None:
    make_live(outlet, day(0), what="wheel")
    make(outlet, day(0), what="horn")
    outlet.warehouse.vacuum(outlet.source)
    assert {row.what for row in seen(outlet)} == {"wheel"}


def test_publish_roll_back_and_publish_again_are_listed(outlet: Outlet) -> None:
    make_live(outlet, day(0), what="a")
    make_live(outlet, day(1), what="b")
    again = back_to(outlet, 1)
    assert (again.version, again.kind, again.as_of, again.note) == (3, "rollback", day(0), "back to version 1")
    assert {row.what for row in seen(outlet)} == {"a"}
    make_live(outlet, day(2), what="c")
    listed = [(p.version, p.as_of, p.status, p.kind, p.published_by) for p in publications(outlet)]
    assert listed == [
        (4, day(2), "live", "publish", "ann"),
        (3, day(0), "backup", "rollback", "bob"),
        (2, day(1), "backup", "publish", "ann"),
        (1, day(0), "backup", "publish", "ann"),
    ]
    back_to(outlet, 3)
    assert {row.what for row in seen(outlet)} == {"a"}
    assert states(outlet) == {1: "backup", 2: "backup", 3: "backup", 4: "backup", 5: "live"}


def test_nothing_is_published_of_a_day_that_was_not_made_or_is_empty(outlet: Outlet) -> None:
    with pytest.raises(MissingSliceError, match=f"{outlet.source} has no rows for 2025-12-01"):
        publish(outlet, day(0), compared(outlet, day(0)), by="ann", at=NOON)
    make(outlet, day(0), rows=0)
    with pytest.raises(MissingSliceError, match="no rows"):
        publish(outlet, day(0), compared(outlet, day(0)), by="ann", at=NOON)
    assert states(outlet) == {}


def test_a_comparison_holds_only_for_the_rows_that_were_compared(outlet: Outlet) -> None:
    make(outlet, day(0), what="a")
    old = compared(outlet, day(0))
    make(outlet, day(0), what="b")
    with pytest.raises(UserError, match=f"{old} is not the comparison of what would go live"):
        publish(outlet, day(0), old, by="ann", at=NOON)
    make(outlet, day(0), what="a")
    assert compared(outlet, day(0)) == old, "the same rows are the same comparison, however often they are made"
    assert publish(outlet, day(0), old, by="ann", at=NOON).version == 1


def test_a_comparison_holds_only_for_the_live_version_that_was_compared(outlet: Outlet) -> None:
    make(outlet, day(1))
    old = compared(outlet, day(1))
    make_live(outlet, day(0))
    with pytest.raises(UserError, match="have changed since"):
        publish(outlet, day(1), old, by="ann", at=NOON)
    with pytest.raises(UserError, match="have changed since"):
        publish(outlet, day(1), "made up", by="ann", at=NOON)
    assert states(outlet) == {1: "live"}


def test_what_cannot_be_rolled_back_to(outlet: Outlet) -> None:
    with pytest.raises(UserError, match=f"{outlet.name}: version 1 was never live; it can go back to none"):
        back_to(outlet, 1)
    make_live(outlet, day(0))
    with pytest.raises(UserError, match="version 1 is live already"):
        back_to(outlet, 1)
    make_live(outlet, day(1))
    with pytest.raises(UserError, match="version 7 was never live; it can go back to 1"):
        back_to(outlet, 7)


def test_a_version_beyond_the_retention_cannot_come_back_and_what_is_live_stays(tmp_path: Path, outlet: Outlet) -> None:
    make_live(outlet, day(0), what="a")
    make_live(outlet, day(1), what="b")
    impatient = outlet_of(lake_in(tmp_path, retention_days=0), outlet.database, outlet.product)
    assert impatient.warehouse.vacuum(impatient.live)
    with pytest.raises(UserError, match=r"cannot go back to version 1: .* vacuum has deleted files"):
        back_to(outlet, 1)
    assert states(outlet) == {1: "backup", 2: "live", 3: "abandoned"}
    with pytest.raises(UserError, match="version 3 was never live"):
        back_to(outlet, 3)
    assert {row.what for row in seen(outlet)} == {"b"}
    assert make_live(outlet, day(2)).version == 4


def test_no_version_within_the_retention_is_ever_deleted(tmp_path: Path, outlet: Outlet) -> None:
    for offset in range(4):
        make_live(outlet, day(offset), what=f"item {offset}")
        outlet.warehouse.vacuum(outlet.live)
    patient = outlet_of(lake_in(tmp_path, retention_days=1), outlet.database, outlet.product)
    assert patient.warehouse.vacuum(patient.live) == {}
    for version in range(1, 4):
        back_to(outlet, version)
        assert {row.what for row in seen(outlet)} == {f"item {version - 1}"}


def test_vacuum_is_no_publication(tmp_path: Path, outlet: Outlet) -> None:
    make_live(outlet, day(0))
    made = make_live(outlet, day(1))
    impatient = lake_in(tmp_path, retention_days=0)
    assert len(impatient.vacuum(outlet.live)) == 1
    assert not outlet.warehouse.versions(outlet.live)[0].changed_rows
    assert verify(outlet, made).rows == 3
    assert make_live(outlet, day(2)).version == 3


@pytest.mark.parametrize("mischief", ["other rows", "fewer rows", "restored"])
def test_a_live_table_that_somebody_else_changed_fails_its_verification(outlet: Outlet, mischief: str) -> None:
    make_live(outlet, day(0))
    made = make_live(outlet, day(1))
    match mischief:
        case "restored":
            outlet.warehouse.restore(outlet.live, 1)
        case _:
            make(outlet, day(1), rows=3 if mischief == "other rows" else 2, what="z")
            outlet.warehouse.publish(outlet.source, day(1), outlet.live, {"by": "hand"})
    with pytest.raises(StorageError, match=r"version 2 should be live, but .* was not made by publishing"):
        verify(outlet, made)
    back_to(outlet, 2)
    assert {row.what for row in seen(outlet)} == {"a"}


def test_a_live_table_that_reads_back_otherwise_fails_its_verification(outlet: Outlet) -> None:
    made = make_live(outlet, day(0))
    made.rows += 1
    with pytest.raises(StorageError, match=r"reads back as 3 rows .* but should read 4 rows"):
        verify(outlet, made)
    made.rows -= 1
    made.generated_at += timedelta(seconds=60)
    with pytest.raises(StorageError, match=r"made 2025-12-01 00:00, but should read .*, made 2025-12-01 00:01"):
        verify(outlet, made)


def test_a_slice_that_is_replaced_while_it_is_published_is_noticed(
    outlet: Outlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(outlet, day(0), what="a")
    id_ = compared(outlet, day(0))
    publishing = Lake.publish

    def overtaken(lake: Lake, *arguments: object) -> int:
        make(outlet, day(0), what="b")
        return publishing(lake, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Lake, "publish", overtaken)
    with pytest.raises(StorageError, match="is not what was compared"):
        publish(outlet, day(0), id_, by="ann", at=NOON)


def test_a_lost_inventory_is_made_again_from_the_live_table(outlet: Outlet) -> None:
    make_live(outlet, day(0))
    make_live(outlet, day(1))
    before = [_told(p) for p in publications(outlet)]
    with outlet.database.begin() as connection:
        connection.execute(delete(Publication))
    assert [_told(p) for p in publications(outlet)] == before
    assert back_to(outlet, 1).version == 3


def test_a_lost_live_table_leaves_nothing_live_and_numbers_go_on(tmp_path: Path, outlet: Outlet) -> None:
    make_live(outlet, day(0))
    elsewhere = outlet_of(lake_in(tmp_path / "new"), outlet.database, outlet.product)
    assert reconcile(elsewhere) is None
    assert states(elsewhere) == {1: "backup"}
    assert make_live(elsewhere, day(1)).version == 2
    with pytest.raises(UserError, match="version 1 is lost"):
        back_to(elsewhere, 1)


def test_a_lake_brought_back_from_a_copy_decides_what_is_live(tmp_path: Path, outlet: Outlet) -> None:
    make_live(outlet, day(0))
    shutil.copytree(tmp_path / "lake", tmp_path / "copy")
    make_live(outlet, day(1))
    shutil.rmtree(tmp_path / "lake")
    (tmp_path / "copy").rename(tmp_path / "lake")
    live = reconcile(outlet)
    for table in (outlet.source, outlet.live):
        with pytest.raises(DamageError, match="its last commits are gone"):
            outlet.warehouse.days(table)
        outlet.warehouse.accept(table)
    assert live is not None
    assert (live.version, states(outlet)) == (1, {1: "live", 2: "backup"})
    with pytest.raises(UserError, match="version 2 is lost"):
        back_to(outlet, 2)
    assert make_live(outlet, day(2)).version == 3


@pytest.mark.parametrize("operation", ["publish", "restore"])
def test_a_version_that_is_not_what_customers_see_is_no_success(
    outlet: Outlet, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes to the live table between the commit and the reading back."""
    make_live(outlet, day(0))
    make_live(outlet, day(1))
    make(outlet, day(2), what="c")
    id_ = compared(outlet, day(2))
    honest, publishing = getattr(Lake, operation), Lake.publish

    def meddled_with(lake: Lake, *arguments: object) -> int:
        version: int = honest(lake, *arguments)
        publishing(lake, outlet.source, day(2), outlet.live, {"by": "hand"})
        return version

    monkeypatch.setattr(Lake, operation, meddled_with)
    with pytest.raises(StorageError, match=r"version 3 should be live, but .* was not made by publishing"):
        if operation == "publish":
            publish(outlet, day(2), id_, by="ann", at=NOON)
        else:
            back_to(outlet, 1)


def test_the_database_refuses_two_live_versions(outlet: Outlet) -> None:
    make_live(outlet, day(0))
    make_live(outlet, day(1))
    with pytest.raises(IntegrityError), outlet.database.begin() as connection:
        connection.execute(text("UPDATE publications SET status = 'live'"))
    with outlet.database.begin() as connection:
        connection.execute(text("UPDATE publications SET company = 'other' WHERE version = 1"))
        connection.execute(text("UPDATE publications SET status = 'live'"))
    assert live_versions(outlet) == [2], "another company has its own"


def test_a_publisher_that_waits_in_vain_says_so(outlet: Outlet) -> None:
    def publish_too() -> None:
        with only_publisher(outlet.database, outlet.name, patience=0.1):
            raise AssertionError("unreachable")

    said = f"{outlet.name} is being published by somebody else; waited 0.1 s"
    with (
        only_publisher(outlet.database, outlet.name),
        only_publisher(outlet.database, "other"),
        ThreadPoolExecutor(1) as somebody_else,
        pytest.raises(LockBusyError, match=said),
    ):
        somebody_else.submit(publish_too).result()
    with only_publisher(outlet.database, outlet.name, patience=0.1):
        pass


def test_a_product_is_published_rolled_back_and_lost_by_itself(tmp_path: Path, platform_db: Engine) -> None:
    picks, splits = (outlet_of(lake_in(tmp_path), platform_db, product) for product in (PICKS, SPLITS))
    for outlet in (picks, splits):
        make_live(outlet, day(0), what="a")
        make_live(outlet, day(1), what="b")
    back_to(splits, 1)
    assert {row.what for row in seen(picks)} == {"b"}
    assert {row.what for row in seen(splits)} == {"a"}
    assert (states(picks), states(splits)) == ({1: "backup", 2: "live"}, {1: "backup", 2: "backup", 3: "live"})
    make_live(picks, day(2), what="c")
    with pytest.raises(UserError, match="shop: version 4 was never live; it can go back to 1, 2"):
        back_to(picks, 4)
    with platform_db.begin() as connection:
        connection.execute(delete(Publication).where(Publication.product == "recommendations"))
    assert reconcile(splits) is not None
    assert states(picks) == {}, "settling one does not bring back the other"
    assert [(p.version, p.product) for p in publications(picks)] == [(n, "recommendations") for n in (3, 2, 1)]


def test_each_product_has_a_lock_and_comparisons_of_its_own(tmp_path: Path, platform_db: Engine) -> None:
    picks, splits = (outlet_of(lake_in(tmp_path), platform_db, product) for product in (PICKS, SPLITS))
    with (
        only_publisher(platform_db, picks.name),
        only_publisher(platform_db, splits.name, patience=0.1),
    ):
        assert (picks.name, splits.name) == ("shop", "shop allocation")
    assert comparison_id(picks, day(0), "same content", None) != comparison_id(splits, day(0), "same content", None)


def test_a_commit_that_names_no_product_is_of_recommendations(
    tmp_path: Path, platform_db: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet = outlet_of(lake_in(tmp_path), platform_db, PICKS)
    whole = inventory.to_note

    def without_product(publication: Publication) -> dict[str, object]:
        return {name: value for name, value in whole(publication).items() if name != "product"}

    monkeypatch.setattr(inventory, "to_note", without_product)
    make_live(outlet, day(0))
    with platform_db.begin() as connection:
        connection.execute(delete(Publication))
    assert [(p.version, p.product, p.customers) for p in publications(outlet)] == [(1, "recommendations", 3)]


def test_who_published_is_masked(outlet: Outlet) -> None:
    make(outlet, day(0))
    made = publish(outlet, day(0), compared(outlet, day(0)), by="jane.doe@example.com", at=NOON)
    assert made.published_by == "j***@***.com"
    assert "jane" not in str(outlet.warehouse.versions(outlet.live)[0].note)


def test_a_live_table_behind_a_url(tmp_path: Path, platform_db: Engine, product: AnyProduct) -> None:
    lake = Lake(f"file://{tmp_path / 'far'}", lake_in(tmp_path).engine, timedelta(days=7), tmp_path / "scratch")
    outlet = outlet_of(lake, platform_db, product)
    make_live(outlet, day(0), what="a")
    make_live(outlet, day(1), what="b")
    assert {row.what for row in seen(outlet)} == {"b"}
    back_to(outlet, 1)
    assert {row.what for row in seen(outlet)} == {"a"}


def _told(publication: Publication) -> dict[str, object]:
    return {c.name: getattr(publication, c.name) for c in Publication.__table__.columns if c.name != "id"}
