"""What a report says, read from the warehouse: the analysts' questions, asked again for the chosen days of messages.

Not here: how it is said (page.py, and a module for each section).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import campaign_window
from recs_platform.errors import ConfigError
from recs_platform.masking import mask_row
from recs_platform.pipeline.coverage import lacking
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SqlTable
from recs_platform.plurals import counted
from recs_platform.schemas.campaign_reports import QUESTIONS
from recs_platform.schemas.table import TableSpec, spec_of
from recs_platform.sources.arms import unmatched_arms
from recs_platform.warehouse.protocol import Incoming, Warehouse
from recs_platform.warehouse.scope import SENT_FROM, SENT_TO
from recs_platform.warehouse.slices import Days

Row: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Sequence[Row]

MESSAGES, FUNNEL, CALENDAR = "send_engagement", "campaign_funnel", "campaign_days"
STANDING = (
    "arm_comparison",
    "sample_ratio",
    "period_comparison",
    "treatment_bandit",
    "off_policy_evaluation",
    "metric_sums",
)
"""Tables about windows of their own: shown as they stand, whatever days the report is about."""


@dataclass(frozen=True)
class Findings:
    company: Company
    as_of: date
    """The day whose state this is."""
    sent: Days
    """The days of messages that the report is about."""
    answers: Mapping[str, Rows]
    """Every question's rows, in the order of QUESTIONS."""
    standing: Mapping[str, Rows]
    """Tables as they stand for that day; empty where they were not made."""
    calendar: Rows
    """The days of messages, and which of them may still change."""
    lacking: Mapping[str, Sequence[date]] = field(default_factory=dict)
    """The days that logs lack within the windows of the figures, by log."""

    @property
    def summary(self) -> Row | None:
        """None when nothing was sent."""
        return next(iter(self.answers["campaign_summary"]), None)

    @property
    def compared(self) -> Days | None:
        """The days of messages that arms were compared by: those whose attribution window was over."""
        sums = [row for row in self.standing["metric_sums"] if row["cut"] == "arm"]
        return Days(min(row["first_day"] for row in sums), max(row["last_day"] for row in sums)) if sums else None

    @property
    def incremental(self) -> Rows:
        """What each arm brought beyond customers who were held back, in every metric; the largest arm first."""
        held_out = self.company.parameters.holdout_arms
        rows = [row for row in self.standing["arm_comparison"] if row["baseline"] in held_out]
        return sorted(rows, key=lambda row: (-row["messages"], row["arm"], row["baseline"], row["metric"]))

    def treatment_label(self, treatment_id: str) -> str:
        """What people call it, with its id; the id alone where the feed has no name."""
        rows = self.answers["funnel_by_treatment"]
        name = next((row.get("treatment_name") for row in rows if row["treatment_id"] == treatment_id), None)
        return f"{name} ({treatment_id})" if name and name != treatment_id else treatment_id


@dataclass(frozen=True)
class Asked:
    """What a person asked for; what is None is chosen."""

    first: date | None = None
    last: date | None = None
    as_of: date | None = None


def gather(warehouse: Warehouse, pipeline: Pipeline, company: Company, asked: Asked) -> Findings:
    """Choose the day and the range, and ask every question. A UserError says why that cannot be."""
    as_of = chosen_day(company, asked, warehouse.days(pipeline.ref(MESSAGES, company)))
    window = campaign_window(company, as_of)
    sent = Days(asked.first or window.first, asked.last or as_of)
    calendar = _stored(warehouse, pipeline, company, CALENDAR, as_of)
    _check_made(company, sent, as_of, calendar)
    standing = {name: _stored(warehouse, pipeline, company, name, as_of) for name in STANDING}
    check_arms(company, standing["metric_sums"])
    return Findings(
        company=company,
        as_of=as_of,
        sent=sent,
        answers=_answers(warehouse, pipeline, company, as_of, sent),
        standing=standing,
        calendar=[row for row in calendar if row["day"] in sent],
        lacking=lacking(company, pipeline, warehouse, FUNNEL, as_of, lost_too=True),
    )


def chosen_day(company: Company, asked: Asked, made: Sequence[date]) -> date:
    """The day whose tables answer: as asked, or the newest that saw all days asked about."""
    name, last = company.name, asked.last or asked.as_of
    if asked.first and last and asked.first > last:
        raise ConfigError(f"--from {asked.first} is after the last day, {last}.")
    if asked.as_of and asked.last and asked.last > asked.as_of:
        raise ConfigError(f"--to {asked.last} is after --as-of {asked.as_of}: on that day it was not known yet.")
    if asked.first and asked.first < company.start_date:
        raise ConfigError(f"{name} starts on {company.start_date}, and --from is {asked.first}.")
    there = f"it has them for {made[0]} to {made[-1]} ({counted(len(made), 'day')})" if made else "it has none yet"
    if asked.as_of and asked.as_of not in made:
        raise ConfigError(
            f"{name} has no campaign tables for {asked.as_of}; {there}. Make them: recs run {name} --date {asked.as_of}"
        )
    needed = asked.last or asked.first or company.start_date
    late_enough = [asked.as_of] if asked.as_of else [day for day in made if day >= needed]
    if not late_enough:
        raise ConfigError(
            f"{name} has no campaign tables for {needed} or later; {there}. Make them: recs run {name} --date {needed}"
        )
    for day in reversed(late_enough):
        if asked.first is None or asked.first in campaign_window(company, day):
            return day
    raise _beyond_the_window(company, asked.first or company.start_date, campaign_window(company, late_enough[0]))


def check_arms(company: Company, metric_sums: Rows) -> None:
    """A name in the company's file that no message has compares nothing: that is refused, not reported as no effect.

    The report is refused and not the day: what is published does not rest on the names of arms.
    """
    rows = [row for row in metric_sums if row["cut"] == "arm" and row["metric"] == "orders"]
    unmatched = list(unmatched_arms(company.parameters, {row["part"]: round(row["n"]) for row in rows}))
    if unmatched:
        of = Days(min(row["first_day"] for row in rows), max(row["last_day"] for row in rows))
        raise ConfigError(
            f"{company.name}: {'. '.join(unmatched)}, in messages of {of} whose attribution window is over. Write the "
            "name as the feed does, or take it out of the company's file."
        )


def _check_made(company: Company, sent: Days, as_of: date, calendar: Rows) -> None:
    """The tables may have been made with another window than the company has today."""
    seen = [row["day"] for row in calendar]
    if seen and not (min(seen) <= sent.first and sent.last <= max(seen)):
        raise _beyond_the_window(company, sent.first, Days(min(seen), as_of))


def _beyond_the_window(company: Company, first: date, window: Days) -> ConfigError:
    days = company.parameters.campaign_window_days
    return ConfigError(
        f"{company.name}: the campaign tables of {window.last} cover messages of {window}, but --from is {first}. "
        f"Ask for days within it; or run a day whose window reaches back that far; or set `campaign_window_days` (now "
        f"{days}) higher and run {window.last} again."
    )


def _answers(warehouse: Warehouse, pipeline: Pipeline, company: Company, as_of: date, sent: Days) -> Mapping[str, Rows]:
    """The funnel comes first: others are made of it, and the stored one is about the whole window."""
    answers: dict[str, Rows] = {}
    funnel: dict[str, Incoming] = {}
    of_messages = {SENT_FROM: sent.first, SENT_TO: sent.last}
    for spec in (spec_of(model) for model in QUESTIONS):
        made = pipeline.tables[spec.name]
        if not isinstance(made, SqlTable):
            raise TypeError(f"{spec.name} is not a question that a query answers")
        stand_ins = {name: rows for name, rows in funnel.items() if name in made.query.tables}
        with warehouse.run(pipeline.ask(spec.name, company, as_of, of_messages, rows=stand_ins)) as reader:
            table = _typed(reader.read_all(), spec)
        if spec.name == FUNNEL:
            funnel = {FUNNEL: stand_in(table)}
        answers[spec.name] = rows_of(table, spec)
    return answers


def stand_in(table: pa.Table) -> Incoming:
    """Rows that a query reads instead of a stored table."""

    @contextmanager
    def opened() -> Iterator[pa.RecordBatchReader]:
        yield table.to_reader()

    return opened


def _stored(warehouse: Warehouse, pipeline: Pipeline, company: Company, name: str, as_of: date) -> Rows:
    """A table's rows of the day; none when it was not made."""
    if name not in pipeline.specs:
        return []
    ref = pipeline.ref(name, company)
    if as_of not in warehouse.days(ref):
        return []
    with warehouse.read(ref, Days.one(as_of)) as reader:
        return rows_of(_typed(reader.read_all(), ref.spec), ref.spec)


def _typed(table: pa.Table, spec: TableSpec) -> pa.Table:
    """The declared columns in their types: what a slice of the table would hold."""
    return table.select(spec.arrow_schema.names).cast(spec.arrow_schema)


def rows_of(table: pa.Table, spec: TableSpec) -> Rows:
    """In the order of the key, so that the same data give the same page; personal data masked."""
    masked = [mask_row(row, spec.personal) for row in table.to_pylist()]
    return sorted(masked, key=lambda row: tuple((row[name] is not None, row[name]) for name in spec.key))
