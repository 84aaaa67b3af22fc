"""How the figures of a metric are written: shares in per cent, money in the company's currency, other sums as numbers.

Not here: what is said of them (experiments.py, answers.py).
"""

from __future__ import annotations

from typing import Protocol

from recs_platform.companies.model import Company
from recs_platform.declarations.metric import Metric
from recs_platform.reporting.figures import count, money, percent, points, signed

ORDER = ("opens", "clicks", "clicks_per_open", "orders", "revenue", "opened", "clicked", "ordered")
"""In which a customer comes along; a company's own metrics follow."""


class Writer(Protocol):
    """Writes a figure; with its sign when asked."""

    def __call__(self, value: float, /, *, sign: bool = False) -> str: ...


def metric_name(metric: str) -> str:
    return metric.replace("_", " ")


def place(metric: str) -> tuple[int, str]:
    return (ORDER.index(metric) if metric in ORDER else len(ORDER), metric)


def is_money(metric: str, company: Company) -> bool:
    own = _own(metric, company)
    return metric == "revenue" or (own is not None and own.is_money)


def is_sum(metric: str, company: Company) -> bool:
    """A number of units per message, which is neither money nor a share."""
    own = _own(metric, company)
    return own is not None and own.kind == "sum" and not own.is_money


def value_writer(metric: str, company: Company) -> Writer:
    """Of one arm or period, per message."""
    if is_money(metric, company):
        return _amount(company, cents=True)
    if is_sum(metric, company):
        return _number

    def share(value: float, /, *, sign: bool = False) -> str:
        return percent(value, sign=sign)

    return share


def difference_writer(metric: str, company: Company) -> Writer:
    """Of two arms or periods, per message."""
    if is_money(metric, company) or is_sum(metric, company):
        return value_writer(metric, company)
    return points


def total_writer(metric: str, company: Company) -> Writer:
    """Of all messages of an arm."""
    if is_money(metric, company):
        return _amount(company, cents=None)

    def number(value: float, /, *, sign: bool = False) -> str:
        return f"+{count(value)}" if sign and round(value) > 0 else count(round(value))

    return number


def change(ratio: float) -> str:
    return percent(ratio - 1, 0, sign=True)


def _own(metric: str, company: Company) -> Metric | None:
    return next((own for own in company.parameters.metrics if own.name == metric), None)


def _amount(company: Company, cents: bool | None) -> Writer:
    def amount(value: float, /, *, sign: bool = False) -> str:
        return money(value, company.currency, cents=cents, sign=sign)

    return amount


def _number(value: float, /, *, sign: bool = False) -> str:
    """Three digits that count.

    >>> _number(12.3456), _number(0.01234, sign=True), _number(1234.5)
    ('12.3', '+0.0123', '1,234')
    """
    size = abs(value)
    text = f"{size:,.0f}" if size >= 100 else f"{size:.3g}"
    return signed(value, text, plus=sign)
