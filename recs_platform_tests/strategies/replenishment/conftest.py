"""What several files of these tests begin with: the orders of the simulated world."""

from __future__ import annotations

import pyarrow as pa
import pytest

from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.strategies.replenishment.worlds import DAY, SPEC, days, order_events


@pytest.fixture(scope="module")
@takes_seconds
def events() -> pa.Table:
    return order_events(SPEC, days(SPEC.start, DAY))
