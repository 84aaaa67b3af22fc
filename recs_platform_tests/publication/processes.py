"""Publishers in processes of their own: one that goes on until it is killed, one that dies at a chosen step, and two
that meet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.errors import UserError
from recs_platform.platform_db.engine import engine
from recs_platform.platform_db.tables import PublicationStatus
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publications, publish, rollback
from recs_platform.warehouse.lake.lake import Lake
from recs_platform_tests.publication.shop import NOON, PRODUCTS, compared, day, lake_in, outlet_of
from recs_platform_tests.warehouse.processes import PATIENCE, preload

preload(__name__)

ROWS = (3, 5)
"""Of the two days that are published in turn, so that a mixture shows in the number of rows."""

BEFORE_THE_COMMIT, AFTER_THE_COMMIT = "before the commit", "after the commit"


def outlet_in(folder: Path, root: str, database: str, product: str) -> Outlet:
    return outlet_of(lake_in(folder, root=root), engine(database), PRODUCTS[product])


def publish_for_ever(folder: Path, root: str, database: str, told: Any) -> None:
    """Of each product in turn: publish two days, roll back, and tell each."""
    outlets = [outlet_in(folder, root, database, product) for product in PRODUCTS]
    while True:
        for outlet in outlets:
            for offset in range(2):
                publish(outlet, day(offset), compared(outlet, day(offset)), by="ann", at=NOON)
                told.send("published")
            backups = [p for p in publications(outlet) if p.status is PublicationStatus.BACKUP]
            rollback(outlet, backups[0].version, by="bob", at=NOON)
            told.send("rolled back")


def publish_once(folder: Path, root: str, database: str, offset: int) -> None:
    outlet = outlet_in(folder, root, database, RECOMMENDATIONS)
    publish(outlet, day(offset), compared(outlet, day(offset)), by="ann", at=NOON)


def publish_and_die(folder: Path, root: str, database: str, product: str, moment: str) -> None:
    """Publish the second day as far as a step and end there, as SIGKILL would: without another instruction."""
    outlet = outlet_in(folder, root, database, product)
    id_ = compared(outlet, day(1))
    committing = Lake.publish

    def die_before(*_: Any) -> int:
        os._exit(9)

    def die_after(*arguments: Any) -> int:
        committing(*arguments)
        os._exit(9)

    Lake.publish = die_before if moment == BEFORE_THE_COMMIT else die_after  # type: ignore[method-assign]
    publish(outlet, day(1), id_, by="ann", at=NOON)


def publish_when_let_go(
    folder: Path, root: str, database: str, offset: int, gate: Any, answers: Any, product: str = RECOMMENDATIONS
) -> None:
    """Compare, wait for the other one, publish; answers with the version or with what was refused."""
    outlet = outlet_in(folder, root, database, product)
    id_ = compared(outlet, day(offset))
    gate.wait(PATIENCE)
    try:
        answers.put(publish(outlet, day(offset), id_, by="ann", at=NOON).version)
    except UserError as error:
        answers.put(str(error))
