"""The `purchases` connector as a company's file describes it: one file of who bought what, and nothing else.

Four columns are enough: `customer_id`, `order_id`, `item_id`, `ordered_at`. Without times, `days_between_orders` says
that `order_id` is the number of a client's order. Not here: reading it (sources/connectors/purchases.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from recs_platform.companies.problems import Problem, raise_problems
from recs_platform.companies.source_config import FilesSource

TABLE = "events"
"""The one source table that a purchase log can be."""
_MADE = ("event_id", "event_name")
_TIME, _TIME_IN_THE_FILE = "event_ts", "ordered_at"
_OPTIONS = ("columns", "constants", "expressions", "dates")


class PurchasesSource(FilesSource):
    """Files as those of `files`; each row is a line of an order."""

    connector: Literal["purchases"]  # type: ignore[assignment]  # it is read as files are, and then completed
    days_between_orders: int | None = Field(
        None,
        ge=1,
        le=31,
        description="For a log without times: order_id is the client's own order number, each so many days after the "
        "one before, and the last on the company's end_date.",
    )

    @model_validator(mode="before")
    @classmethod
    def _four_columns(cls, given: Any) -> Any:
        """What every log has, under its own name where the file gives no other; `ordered_at` is the event's time."""
        if not isinstance(given, Mapping):
            return given
        told = {key: _spelt(value) if key in _OPTIONS else value for key, value in given.items()}
        columns = told.get("columns", {})
        if not isinstance(columns, Mapping):
            return told
        own = [name for option in _OPTIONS[:3] for name in told.get(option) or ()]
        by_number = told.get("days_between_orders") is not None
        made = [*_MADE, *([_TIME] if by_number else [])]
        raise_problems(
            "columns",
            [
                Problem(("columns", _told(name)), f"is made by the platform{_why(name)}.")
                for name in made
                if name in own
            ],
        )
        wanted = ["customer_id", "order_id", "item_id", *([] if by_number else [_TIME])]
        defaults = {name: [_TIME_IN_THE_FILE, _TIME] if name == _TIME else name for name in wanted if name not in own}
        return {**told, "columns": {**defaults, **columns}}

    @property
    def made_columns(self) -> tuple[str, ...]:
        return (*_MADE, _TIME) if self.days_between_orders else _MADE

    def key_of(self, column: str) -> str:
        """What a file calls a column of the table under `columns`."""
        return _told(column)

    def remedy_without(self, column: str, table: str) -> str:
        """What else can be done for a log that lacks a column."""
        return f" A log without times: sources.{table}.days_between_orders." if column == _TIME else ""


def _spelt(option: Any) -> Any:
    if not isinstance(option, Mapping):
        return option
    return {_TIME if name == _TIME_IN_THE_FILE else name: value for name, value in option.items()}


def _told(name: str) -> str:
    return _TIME_IN_THE_FILE if name == _TIME else name


def _why(name: str) -> str:
    return ": days_between_orders says when orders were; take out one of the two" if name == _TIME else ""
