"""The last day of a purchase log whose company does not say when it ends: what was years ago has no days up to now.

Not here: which days are made (`automation/plan.py`).
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.companies.model import Company
from recs_platform.companies.purchase_log import TABLE, PurchasesSource
from recs_platform.companies.source_config import ServiceSource
from recs_platform.schemas.sources import Events
from recs_platform.schemas.table import spec_of
from recs_platform.sources.conform import open_typed
from recs_platform.sources.connectors.request import SourceRequest

_TIME = "event_ts"


def last_day_of_log(company: Company, newest: date) -> date:
    """Of a company whose only source, beside what the service keeps, is a purchase log without an end, the last day on
    which it has a row; of any other one, and of a log that goes on, `newest`. Reads the whole file."""
    fed = {name: source for name, source in company.sources.items() if not isinstance(source, ServiceSource)}
    is_log = set(fed) == {TABLE} and isinstance(fed[TABLE], PurchasesSource)
    if not is_log or company.end_date is not None:
        return newest
    last: date | None = None
    with open_typed(SourceRequest(company, spec_of(Events), company.start_date, newest)) as typed:
        for batch in typed:
            days = batch.column(_TIME).cast(pa.date32())
            latest = pc.max(days.filter(pc.less_equal(days, pa.scalar(newest)))).as_py()
            last = max(filter(None, (last, latest)), default=None)
    return newest if last is None else max(last, company.start_date)
