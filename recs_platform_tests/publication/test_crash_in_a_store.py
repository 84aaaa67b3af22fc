"""A publisher that is killed at any change of a store leaves one whole version live, for every other machine.

Not here: kills at any moment, and publishers that meet (test_crash.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.publication.publish import reconcile
from recs_platform.publication.verify import verify
from recs_platform_tests.publication.processes import ROWS, publish_once
from recs_platform_tests.publication.shop import PICKS, D, day, lake_in, make, make_live, outlet_of, seen
from recs_platform_tests.stores.fixtures import Store
from recs_platform_tests.stores.proxy import proxied
from recs_platform_tests.warehouse.processes import end_at_a_change


@pytest.mark.slow
def test_a_publisher_killed_at_any_change_of_a_store_leaves_one_whole_version(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, root = f"sqlite:///{tmp_path / 'platform.db'}", store.new_folder()
    opened = engine(database)
    upgrade(opened)
    outlet = outlet_of(lake_in(tmp_path / "here", root=root), opened, PICKS)
    make(outlet, day(1), rows=ROWS[1])
    make_live(outlet, day(0), rows=ROWS[0])
    published: list[bool] = []
    live = 0
    with proxied(store) as (proxy, behind):
        while True:
            other = 1 - live
            behind.let_in(monkeypatch)
            elsewhere = tmp_path / "elsewhere"
            publisher = end_at_a_change(proxy, len(published), publish_once, elsewhere, root, database, other)
            store.let_in(monkeypatch)
            rows = seen(outlet)
            live = min((row.as_of - D).days for row in rows)
            assert [(row.as_of, row.who) for row in rows] == [(day(live), f"c{n}") for n in range(ROWS[live])]
            published.append(live == other)
            settled = reconcile(outlet)
            assert settled is not None
            assert (settled.as_of, verify(outlet, settled).rows) == (day(live), ROWS[live])
            if publisher.exitcode == 0:
                break
    assert published[0] is False, "killed with a data file in the store"
    assert published[-2:] == [True, True], "killed once its commit was in the store, and not killed"
    opened.dispose()
