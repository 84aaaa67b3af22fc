"""What a company binds to the named parameters of queries: its strategy's parameters, its event names, its start.

`@as_of` is not here: it belongs to the day of a run, not to the company.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from recs_platform import __version__
from recs_platform.companies.model import Company
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.warehouse.slices import Days
from recs_platform.warehouse.values import STRINGS, Value

_NOT_FOR_QUERIES = frozenset({"planned_arm_shares", "metrics", "experiment_shares"})
"""Parameters that have no form in SQL."""


def query_parameters(company: Company) -> dict[str, Value]:
    """Every parameter that the queries of the company's strategy may use, with the company's value."""
    values = {name: _bindable(value) for name, value in company.parameters if name not in _NOT_FOR_QUERIES}
    raw_names = {f"{name}_names": tuple(r for r, c in company.event_names.items() if c == name) for name in EVENT_NAMES}
    preferred = next(iter(raw_names["order_line_names"]), None)
    return {
        **values,
        **raw_names,
        **_metrics(company),
        **{name: getattr(company.parameters, name) for name in company.parameters.computed},
        "preferred_order_feed": preferred,
        "start_date": company.start_date,
        "source_tables": tuple(company.tables),
        "not_provided": company.not_provided,
        "sparse_tables": company.sparse_tables,
        "days_between_orders": company.days_between_orders,
        "pipeline_version": __version__,
    }


def _metrics(company: Company) -> dict[str, Value]:
    """The company's own metrics, a list for each of what is said of them: queries put them together by position."""
    metrics = company.parameters.metrics
    return {
        "metric_names": tuple(metric.name for metric in metrics),
        "metric_events": tuple(metric.event for metric in metrics),
        "metric_values": tuple(metric.value or metric.kind for metric in metrics),
        "kept_event_names": tuple(sorted({metric.event for metric in metrics} - set(EVENT_NAMES))),
    }


_SQL_TYPES: Mapping[Any, str] = {bool: "BOOL", int: "INT64", float: "FLOAT64", date: "DATE"}
_METRIC_LISTS = frozenset({"metric_names", "metric_events", "metric_values", "kept_event_names"})


def campaign_window(company: Company, day: date) -> Days:
    """The days of messages that campaign tables of a day look back on."""
    first = day - timedelta(days=company.parameters.campaign_window_days - 1)
    return Days(max(first, company.start_date), day)


def _bindable(value: Any) -> Value:
    if isinstance(value, tuple):
        return tuple(str(item) for item in value)
    bindable: Value = value
    return bindable


def parameter_types(strategy: AnyStrategy) -> dict[str, str]:
    """The names that `query_parameters` binds for any company of a strategy, and their types in GoogleSQL."""
    own = {
        name: _sql_type(field.annotation)
        for name, field in strategy.parameters.model_fields.items()
        if name not in _NOT_FOR_QUERIES
    }
    computed = {
        name: _sql_type(get_type_hints(getattr(strategy.parameters, name).fget)["return"])
        for name in strategy.parameters.computed
    }
    lists = {f"{name}_names" for name in EVENT_NAMES} | {"source_tables", "not_provided", "sparse_tables"}
    return {
        **own,
        **computed,
        **dict.fromkeys(lists | _METRIC_LISTS, STRINGS),
        "preferred_order_feed": "STRING",
        "start_date": "DATE",
        "days_between_orders": "INT64",
        "pipeline_version": "STRING",
    }


def _sql_type(annotation: Any) -> str:
    """The type of a parameter in GoogleSQL.

    >>> _sql_type(int), _sql_type(float | None), _sql_type(tuple[str, ...])
    ('INT64', 'FLOAT64', 'ARRAY<STRING>')
    """
    if get_origin(annotation) in (UnionType, Union):
        (annotation,) = (kind for kind in get_args(annotation) if kind is not NoneType)
    if get_origin(annotation) is tuple:
        return STRINGS
    return _SQL_TYPES.get(annotation, "STRING")
