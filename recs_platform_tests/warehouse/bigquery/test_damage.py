"""What BigQuery has lost is said, before anything is written upon it, and never taken for no rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recs_platform.errors import DamageError
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.warehouse import BigQueryWarehouse
from recs_platform_tests.warehouse.bigquery.steps import Opened
from recs_platform_tests.warehouse.tables import DATASET, day, days, marks, ref, stored, visits, write

pytestmark = pytest.mark.slow


def _without_table(warehouse: BigQueryWarehouse) -> None:
    warehouse.jobs.drop(warehouse.tables.path(ref()))


def _without_everything(warehouse: BigQueryWarehouse) -> None:
    for name in warehouse.jobs.tables(warehouse.tables.dataset(DATASET), ""):
        warehouse.jobs.drop(warehouse.tables.named(DATASET, name))


def _put_back(warehouse: BigQueryWarehouse) -> None:
    """As it was before its last commit."""
    versions = warehouse.tables.named(DATASET, "_versions")
    warehouse.jobs.change(f"UPDATE `{versions}` SET version = version - 1 WHERE TRUE", labels={}, bill=Bill())


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_without_table, "has no such table, and 2 days were made"),
        (_without_everything, "has no such table, and 2 days were made"),
        (_put_back, "its last commits are gone: it is at version 1, and was at 2"),
    ],
)
def test_what_is_lost_is_said_until_somebody_accepts_it(
    warehouse: BigQueryWarehouse, next_process: Opened, damage: Callable[[BigQueryWarehouse], None], words: str
) -> None:
    write(warehouse, days(0, 0), visits([day(0)]))
    write(warehouse, days(0, 1), visits(days(0, 1)))
    damage(warehouse)
    with pytest.raises(DamageError, match=words):
        write(next_process(), days(5, 5), visits([day(5)]))
    if damage is not _put_back:
        with pytest.raises(DamageError, match=words):
            stored(next_process())
    next_process().accept(ref())
    write(next_process(), days(0, 1), visits(days(0, 1), pages=4))
    assert marks(next_process()) == {day(0): [4] * 3, day(1): [4] * 3}
    assert next_process().inspect(ref()).findings == ()
