"""What a run tells of its sources: how many rows there were, which cannot be used, and what is new.

Not here: the source tables (sources.py).
"""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Table, log, snapshot


@log(key=())
class RejectedRows(Table):
    """One row per row of a feed that cannot be used, and why. The row itself stands in `landed_<table>`."""

    event_date: datetime.date = Field(description="The slice it came with: its day, or the snapshot's.")
    source_table: str = Field(description="The source table.")
    reason: str = Field(description="Why it cannot be used.")
    row_key: str = Field(nullable=True, description="The first column of the table's key, where the row has one.")


@log(key=("source_table",))
class SourceCounts(Table):
    """One row per source table and day: how many rows landed, were rejected, merged away, kept."""

    event_date: datetime.date = Field(description="The slice: a log's day, a snapshot's day.")
    source_table: str = Field(description="The source table.")
    landed: int = Field(ge=0, description="Rows that the feed gave.")
    rejected: int = Field(ge=0, description="Rows that cannot be used.")
    merged: int = Field(ge=0, description="Usable rows that repeat another one and stand once.")
    kept: int = Field(ge=0, description="Rows of the canonical table.")


@snapshot(key=())
class SourceAssessment(Table):
    """One row: what is new since the last run, and whether the look-back window suits the data that there is."""

    as_of: datetime.date = Field(description="The day of the run.")
    previous_run: datetime.date = Field(nullable=True, description="The day of the run before; NULL for the first.")
    new_events: int = Field(ge=0, description="Events since then.")
    customers_with_new_intent: int = Field(ge=0, description="Customers who viewed, put in the cart or bought since.")
    first_event_date: datetime.date = Field(nullable=True, description="First day with events.")
    last_event_date: datetime.date = Field(nullable=True, description="Last day with events.")
    window_start: datetime.date = Field(description="First day of the look-back window.")
    window_days_without_data: int = Field(nullable=True, ge=0, description="Days of the window before any data.")
    data_days_before_window: int = Field(ge=0, description="Days with events that the window does not reach.")
