"""What a company binds to the named parameters of queries: its strategy's parameters, its event names, its start.

`@as_of` is not here: it belongs to the day of a run, not to the company.
"""

from __future__ import annotations

from recs_platform import __version__
from recs_platform.companies.model import Company
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.strategies.strategy import STRATEGIES
from recs_platform.warehouse.compile import Value


def query_parameters(company: Company) -> dict[str, Value]:
    """Every parameter that the queries of the company's strategy may use, with the company's value."""
    values: dict[str, Value] = dict(company.parameters)
    raw_names = {f"{name}_names": tuple(r for r, c in company.event_names.items() if c == name) for name in EVENT_NAMES}
    preferred = next(iter(raw_names["order_line_names"]), None)
    return {
        **values,
        **raw_names,
        "preferred_order_feed": preferred,
        "start_date": company.start_date,
        "window_days": company.parameters.window_days,
        "pipeline_version": __version__,
    }


def parameter_names(strategy: str) -> frozenset[str]:
    """The names that `query_parameters` binds for any company of a strategy."""
    events = {f"{name}_names" for name in EVENT_NAMES}
    others = {"preferred_order_feed", "start_date", "window_days", "pipeline_version"}
    return frozenset({*STRATEGIES[strategy].parameters.model_fields, *events, *others})
