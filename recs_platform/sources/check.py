"""Tries a company's sources before anything is loaded, and says in plain words what is missing.

Each feed's rows go through the query that would land them (trial.py), on a day that has data. Not here: loading (the
sources stage), the rules of connectors and types, and what works with what is there (what_works.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.companies.source_config import BigQuerySource
from recs_platform.errors import AnySourceError, ConfigError
from recs_platform.masking import mask_text
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.plurals import counted, in_units
from recs_platform.schemas.landing import SOURCE_DAY, feed_columns
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.schemas.table import Empty, Kind, TableSpec
from recs_platform.sources.arms import unmatched_arms
from recs_platform.sources.clock_changes import clock_changes
from recs_platform.sources.connectors.base import SourceRequest
from recs_platform.sources.connectors.bigquery import bytes_to_read
from recs_platform.sources.days_with_data import days_to_try, no_file_at_all
from recs_platform.sources.ids_alike import unknown_ids
from recs_platform.sources.rejection import refused
from recs_platform.sources.trial import Trial, tried
from recs_platform.sources.what_works import Possibility, what_works

_OPTIONAL_EVENT = "order_refunded"
"""A company whose feed tells of no returns lacks nothing."""
_SHOWN_NAMES = 10


class LineStatus(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


_EMPTINESS = {Empty.ALLOWED: LineStatus.OK, Empty.WARN: LineStatus.WARN, Empty.FAIL: LineStatus.FAIL}


@dataclass(frozen=True)
class CheckLine:
    status: LineStatus
    table: str
    """The source table, or nothing when it is about the company as a whole."""
    message: str
    possibility: Possibility | None = None
    """What works, or does not, as a record; of the lines at the end."""


def check_company(company: Company, day: date, pipelines: Mapping[str, Pipeline]) -> Iterator[CheckLine]:
    """Connects to every source and judges what loading would make of it: on the day, or on the nearest one that has
    data. It ends with what works; `pipelines` are those of every strategy."""
    yield CheckLine(
        LineStatus.OK, "", f"the company file is valid ({company.strategy}, {counted(len(company.tables), 'table')})"
    )
    unnamed = [name for name in EVENT_NAMES if name not in {*company.event_names.values(), _OPTIONAL_EVENT}]
    if unnamed and company.provides("events"):
        message = f"no raw name maps to {', '.join(unnamed)} under event_names; there will be no such events"
        yield CheckLine(LineStatus.OK, "events", message)
    if company.not_provided:
        message = f"not provided, and {company.strategy} can do without: {', '.join(company.not_provided)}"
        yield CheckLine(LineStatus.OK, "", message)
    samples: dict[str, pa.Table] = {}
    days: dict[str, date] = {}
    unusable: set[str] = set()
    for spec in (spec for spec in company.tables.values() if company.provides(spec.name)):
        for line in _check_table(company, spec, day, pipelines[company.strategy.name], samples, days):
            if line.status is LineStatus.FAIL:
                unusable.add(spec.name)
            yield line
    if company.provides("treatments") and company.parameters.covariates_cut_off:
        yield CheckLine(LineStatus.WARN, "treatments", company.parameters.covariates_cut_off)
    if "treatments" in samples:
        sampled = Counter(arm for arm in samples["treatments"]["arm"].to_pylist() if arm is not None)
        for unmatched in unmatched_arms(company.parameters, sampled):
            yield CheckLine(LineStatus.WARN, "treatments", f"{unmatched} in the sample")
    for apart in unknown_ids(company, samples, days):
        yield CheckLine(LineStatus.FAIL if apart.serious else LineStatus.WARN, apart.table, apart.message)
    for possibility in what_works(company, pipelines, unusable):
        yield CheckLine(_status_of(possibility, company), "", str(possibility), possibility)


def _status_of(possibility: Possibility, company: Company) -> LineStatus:
    """What a company does without is none of its mistakes; that its own strategy does not work is one."""
    own = possibility.kind == "strategy" and possibility.names == (company.strategy.name,)
    return LineStatus.FAIL if own and not possibility.works else LineStatus.OK


def _check_table(
    company: Company,
    spec: TableSpec,
    day: date,
    pipeline: Pipeline,
    samples: dict[str, pa.Table],
    days: dict[str, date],
) -> Iterator[CheckLine]:
    """Judges a table by itself, and adds its first rows to `samples` and the day that they are of to `days`."""
    try:
        if nothing := no_file_at_all(company, spec):
            yield CheckLine(LineStatus.FAIL, spec.name, nothing)
            return
        yield from _billed(company, spec, day)
        looked_at = 0
        for candidate in days_to_try(company, spec, day):
            trial = tried(company, spec, candidate, pipeline)
            looked_at += 1
            if trial.rows:
                samples[spec.name], days[spec.name] = trial.sample, candidate
                yield from _judged(company, spec, trial, day, candidate)
                return
        others = f", nor for {counted(looked_at - 1, 'other day')}" if looked_at > 1 else ""
        status = LineStatus.OK if spec.name in company.sparse_tables else _EMPTINESS[spec.empty]
        yield CheckLine(status, spec.name, f"the source answers, but has no row for {day}{others}")
    except AnySourceError as error:
        column = f"column {error.column}: " if error.column else ""
        yield CheckLine(LineStatus.FAIL, spec.name, f"{column}{error.rule}. {error.remedy}")
    except ConfigError as error:
        yield CheckLine(LineStatus.FAIL, spec.name, str(error))


def _billed(company: Company, spec: TableSpec, day: date) -> Iterator[CheckLine]:
    """What a day of a feed costs, where that is not nothing. Who reads it refuses what is too much."""
    source = company.sources[spec.name]
    if isinstance(source, BigQuerySource):
        size = bytes_to_read(SourceRequest(company, spec, day, day), source)
        kept = "" if source.dated else ", as for every day: nothing says which rows are of it"
        yield CheckLine(LineStatus.OK, spec.name, f"BigQuery reads {in_units(size)} for {day}{kept}")


def _judged(company: Company, spec: TableSpec, trial: Trial, asked: date, day: date) -> Iterator[CheckLine]:
    absent = [name for name in feed_columns(spec) if name not in trial.given]
    left_null = f"; not in the source, left NULL: {', '.join(absent)}" if absent else ""
    first = "the first " if trial.cut_off else ""
    instead = f"; {asked}, the day asked for, has none" if day != asked else ""
    yield CheckLine(
        LineStatus.OK, spec.name, f"{first}{counted(trial.rows, 'row')}{_of_days(spec, trial)}{instead}{left_null}"
    )
    if not trial.landed:
        yield CheckLine(_EMPTINESS[spec.empty], spec.name, f"all of them are from after {day}")
    yield from _rejections(company, spec, trial)
    if told := clock_changes(SourceRequest(company, spec, day, day)):
        yield CheckLine(LineStatus.OK, spec.name, told)
    if trial.event_names:
        yield from _event_names(trial.event_names, company)


def _of_days(spec: TableSpec, trial: Trial) -> str:
    """The days that the rows are of: of a feed that comes by day, or of what happened."""
    dated = trial.sample[SOURCE_DAY][0].as_py()
    if dated:
        return f" of {dated}"
    kept = sorted(day for day, reasons in trial.days.items() if None in reasons)
    if spec.kind is not Kind.LOG or not kept:
        return ""
    return (
        f" of {kept[0]}" if len(kept) == 1 else f" of {kept[0]} to {kept[-1]} ({counted(len(kept), 'day')} with rows)"
    )


def _rejections(company: Company, spec: TableSpec, trial: Trial) -> Iterator[CheckLine]:
    """What loading would reject, and whether it would refuse the rest with it."""
    limits, reasons, rows = company.parameters, trial.reasons, trial.landed
    rejected = sum(reasons.values())
    if not rejected:
        return
    listed = "; ".join(f"{reason} ({n:,})" for reason, n in sorted(reasons.items(), key=lambda one: (-one[1], one[0])))
    told = f"{rejected:,} of {counted(rows, 'row')} would be rejected"
    # Of a lost day no row can be used.
    lost = [day for day, why in trial.days.items() if None not in why and sum(why.values()) > limits.rejected_minimum]
    if refused(rejected, rows, limits):
        most = f"at most {limits.rejected_tolerance:.0%} may be"
        yield CheckLine(LineStatus.FAIL, spec.name, f"{told}, and {most}, so loading would refuse them all: {listed}")
    elif lost:
        message = f"{told}, among them all of {lost[0]}, so loading would refuse that day: {listed}"
        yield CheckLine(LineStatus.FAIL, spec.name, message)
    else:
        few = rejected > limits.rejected_tolerance * rows
        note = f" (so few do not count: up to {limits.rejected_minimum})" if few else ""
        yield CheckLine(LineStatus.WARN, spec.name, f"{told}{note}: {listed}")


def _event_names(counts: Mapping[str, int], company: Company) -> Iterator[CheckLine]:
    seen = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = {metric.event for metric in company.parameters.metrics}
    unmapped = [(name, count) for name, count in seen if name not in company.event_names and name not in kept]
    if not unmapped:
        return
    shown = ", ".join(f'"{mask_text(name)}" ({counted(count, "row")})' for name, count in unmapped[:_SHOWN_NAMES])
    more = f" and {len(unmapped) - _SHOWN_NAMES} more" if len(unmapped) > _SHOWN_NAMES else ""
    if len(unmapped) == len(seen):
        mapped = ", ".join(company.event_names)
        message = f"none of the event names is mapped under event_names: {shown}{more}; mapped are {mapped}"
        yield CheckLine(LineStatus.FAIL, "events", message)
    else:
        yield CheckLine(LineStatus.WARN, "events", f"event names that are not mapped under event_names: {shown}{more}")
