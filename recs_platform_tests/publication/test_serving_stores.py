"""Serving stores follow the live table: told once per publication and rollback, and brought in line after a failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pytest

from recs_platform.errors import StorageError
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, reconcile, rollback
from recs_platform.publication.verify import verify
from recs_platform_tests.publication.shop import NOON, day, make_live, seen, states


@dataclass
class Recorder:
    """Keeps what it is told, and may fail at a step."""

    name: str = "memory"
    told: list[tuple[str, int, int]] = field(default_factory=list)
    """The step, the version, and how many rows it was given or serves."""
    loaded: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    served: int | None = None
    fails_at: str | None = None
    error: BaseException = field(default_factory=lambda: StorageError("memory is full"))

    def load(self, publication: Publication, rows: pa.RecordBatchReader) -> None:
        self._fail("load")
        self.loaded[publication.version] = rows.read_all().to_pylist()
        self.told.append(("load", publication.version, len(self.loaded[publication.version])))

    def swap(self, publication: Publication) -> None:
        self._fail("swap")
        self.served = publication.version
        self.told.append(("swap", publication.version, len(self.loaded[publication.version])))

    def served_version(self, company: str, product: str) -> int | None:
        return self.served

    def customer(self, company: str, product: str, customer: str) -> Sequence[Mapping[str, Any]]:
        assert self.served is not None
        return [row for row in self.loaded[self.served] if row.get("customer_id") == customer]

    def _fail(self, step: str) -> None:
        if self.fails_at == step:
            raise self.error


@pytest.fixture
def store() -> Recorder:
    return Recorder()


@pytest.fixture
def serving(outlet: Outlet, store: Recorder) -> Outlet:
    return replace(outlet, stores=(store,))


def test_a_store_is_told_once_of_each_publication_and_rollback(serving: Outlet, store: Recorder) -> None:
    make_live(serving, day(0), rows=3)
    assert store.told == [("load", 1, 3), ("swap", 1, 3)]
    make_live(serving, day(1), rows=5)
    rollback(serving, 1, by="ann", at=NOON)
    assert store.told[2:] == [("load", 2, 5), ("swap", 2, 5), ("load", 3, 3), ("swap", 3, 3)]
    told = len(store.told)
    reconcile(serving)
    publications(serving)
    assert len(store.told) == told, "it is in line already"


def test_the_live_table_has_changed_and_is_settled_when_a_store_is_told(serving: Outlet, store: Recorder) -> None:
    found: list[tuple[dict[int, str], int]] = []
    load = store.load

    def look(publication: Publication, rows: pa.RecordBatchReader) -> None:
        found.append((states(serving), len(seen(serving))))
        load(publication, rows)

    store.load = look  # type: ignore[method-assign]
    make_live(serving, day(0), rows=3)
    make_live(serving, day(1), rows=5)
    assert found == [({1: "live"}, 3), ({1: "backup", 2: "live"}, 5)]


@pytest.mark.parametrize("step", ["load", "swap"])
@pytest.mark.parametrize("what", ["publication", "rollback"])
def test_a_store_that_fails_leaves_one_whole_version_live(
    serving: Outlet, store: Recorder, step: str, what: str
) -> None:
    make_live(serving, day(0), rows=3)
    if what == "rollback":
        make_live(serving, day(1), rows=5)
    before, store.fails_at = store.served, step
    with pytest.raises(StorageError) as caught:
        if what == "publication":
            make_live(serving, day(1), rows=5)
        else:
            rollback(serving, 1, by="ann", at=NOON)
    version, rows = (2, 5) if what == "publication" else (3, 3)
    assert str(caught.value) == (
        f"{serving.name}: version {version} is live in {serving.live}, but is not what customers are served by memory "
        "(memory is full). Fix that, then bring it in line: "
        f"recs publications shop{serving.product.option}"
    )
    assert states(serving)[version] == "live"
    assert len(seen(serving)) == rows
    assert store.served == before, "it goes on serving what it served"
    alone = replace(serving, stores=())
    live = reconcile(alone)
    assert live is not None
    assert verify(alone, live).rows == rows

    with pytest.raises(StorageError, match="memory is full"):
        reconcile(serving)
    store.fails_at = None
    reconcile(serving)
    assert store.told[-2:] == [("load", version, rows), ("swap", version, rows)]
    assert store.served == version
    assert verify(serving, live).rows == rows


def test_a_publisher_that_dies_before_a_store_is_told_is_made_up_for(serving: Outlet, store: Recorder) -> None:
    make_live(serving, day(0))
    store.fails_at, store.error = "load", KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        make_live(serving, day(1), rows=5)
    store.fails_at = None
    assert [(p.version, str(p.status)) for p in publications(serving)] == [(2, "live"), (1, "backup")]
    assert store.told[-2:] == [("load", 2, 5), ("swap", 2, 5)]


def test_a_store_that_fails_keeps_no_other_from_the_version(outlet: Outlet) -> None:
    broken, sound = Recorder("broken", fails_at="load"), Recorder("sound")
    with pytest.raises(StorageError, match=r"served by broken \(memory is full\)\. Fix that"):
        make_live(replace(outlet, stores=(broken, sound)), day(0))
    assert (broken.served, sound.served) == (None, 1)


def test_a_store_that_only_says_so_is_noticed(serving: Outlet, store: Recorder) -> None:
    store.swap = lambda publication: None  # type: ignore[method-assign]
    with pytest.raises(StorageError, match=r"memory serves version None, not 1\. Roll back"):
        make_live(serving, day(0))
