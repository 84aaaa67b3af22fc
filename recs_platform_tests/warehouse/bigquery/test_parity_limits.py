"""Where the emulator is not BigQuery: the one list of what its answers prove nothing about.

No query of sql/ needs any of it, so that each can be compared on the emulator (whole_days/test_parity.py); what stands
here has to be proven on Google's reference executor (`make googlesql`). An emulator that has learnt better makes a test
fail: the entry goes then.
"""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError

from recs_platform.warehouse.bigquery.client import open_client

pytestmark = pytest.mark.slow

LIMITS: dict[str, tuple[str, Any]] = {
    "counts boundaries between timestamps, where GoogleSQL counts whole units: take the difference in microseconds": (
        "SELECT TIMESTAMP_DIFF(TIMESTAMP '2025-01-01 00:00:01.2', TIMESTAMP '2025-01-01 00:00:00.9', SECOND)",
        0,
    ),
    "does not know COUNTIF as a window: SUM(IF(x, 1, 0)) is the same": (
        "SELECT COUNTIF(n > 0) OVER (PARTITION BY n) FROM UNNEST([1]) AS n",
        1,
    ),
}
"""What is different, and what to write instead: a query, and what GoogleSQL gives."""


@pytest.mark.parametrize("what", sorted(LIMITS))
def test_it_is_still_so(what: str, bigquery: str) -> None:
    sql, right = LIMITS[what]
    try:
        ((given,),) = [tuple(row.values()) for row in open_client(bigquery, None).query(sql).result()]
    except GoogleAPICallError:
        return
    assert given != right


def test_the_list_does_not_grow() -> None:
    assert len(LIMITS) == 2
