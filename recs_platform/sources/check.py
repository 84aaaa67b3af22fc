"""Tries a company's sources before anything is loaded, and says in plain words what is missing.

Not here: loading (the sources stage), and the rules of connectors and types, which this calls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import pyarrow as pa

from recs_platform.companies.model import Company
from recs_platform.companies.source_config import FilesSource
from recs_platform.errors import AnySourceError, ConfigError
from recs_platform.masking import mask_text
from recs_platform.plurals import counted
from recs_platform.schemas.landing import SOURCE_DAY, UNREADABLE, feed_columns
from recs_platform.schemas.sources import EVENT_NAMES
from recs_platform.schemas.table import Empty, TableSpec
from recs_platform.sources.arms import unmatched_arms
from recs_platform.sources.conform import check_types
from recs_platform.sources.connectors.base import SourceRequest, open_source
from recs_platform.sources.connectors.files import has_day
from recs_platform.sources.ids_alike import unknown_ids
from recs_platform.warehouse.lake.conversion import converted

SAMPLE_ROWS = 1_000
_OPTIONAL_EVENT = "order_refunded"
"""A company whose feed tells of no returns lacks nothing."""
_SEARCHED_DAYS = 366
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


def check_company(company: Company, day: date) -> Iterator[CheckLine]:
    """Connects to every source and judges a sample of it: of the day, or of the newest one before it that is there."""
    yield CheckLine(
        LineStatus.OK, "", f"the company file is valid ({company.strategy}, {counted(len(company.tables), 'table')})"
    )
    unnamed = [name for name in EVENT_NAMES if name not in {*company.event_names.values(), _OPTIONAL_EVENT}]
    if unnamed:
        message = f"no raw name maps to {', '.join(unnamed)} under event_names; there will be no such events"
        yield CheckLine(LineStatus.WARN, "events", message)
    samples: dict[str, pa.Table] = {}
    provided = [spec for spec in company.tables.values() if company.provides(spec.name)]
    days = {spec.name: _sampled_day(company, spec, day) for spec in provided}
    if company.not_provided:
        message = f"not provided, and {company.strategy} can do without: {', '.join(company.not_provided)}"
        yield CheckLine(LineStatus.OK, "", message)
    for spec in provided:
        try:
            yield from _check_table(company, spec, days[spec.name], samples)
        except AnySourceError as error:
            column = f"column {error.column}: " if error.column else ""
            yield CheckLine(LineStatus.FAIL, spec.name, f"{column}{error.rule}. {error.remedy}")
        except ConfigError as error:
            yield CheckLine(LineStatus.FAIL, spec.name, str(error))
    if company.provides("treatments") and company.parameters.covariates_cut_off:
        yield CheckLine(LineStatus.WARN, "treatments", company.parameters.covariates_cut_off)
    if "treatments" in samples:
        sampled = Counter(arm for arm in samples["treatments"]["arm"].to_pylist() if arm is not None)
        for unmatched in unmatched_arms(company.parameters, sampled):
            yield CheckLine(LineStatus.WARN, "treatments", f"{unmatched} in the sample")
    for apart in unknown_ids(company, samples, days):
        yield CheckLine(LineStatus.FAIL if apart.serious else LineStatus.WARN, apart.table, apart.message)


def _sampled_day(company: Company, spec: TableSpec, day: date) -> date:
    source = company.sources[spec.name]
    if not isinstance(source, FilesSource) or not source.dated:
        return day
    days = (day - timedelta(days=back) for back in range(_SEARCHED_DAYS))
    return next((candidate for candidate in days if has_day(source, candidate)), day)


def _check_table(company: Company, spec: TableSpec, day: date, samples: dict[str, pa.Table]) -> Iterator[CheckLine]:
    """Judges a sample of a table by itself, and adds it to `samples`."""
    sample = _sample(SourceRequest(company, spec, day, day))
    check_types(spec, sample.schema, company=company.name)
    if not len(sample):
        yield CheckLine(_EMPTINESS[spec.empty], spec.name, f"the source answers, but has no row for {day}")
        return
    absent = [name for name in feed_columns(spec) if name not in sample.schema.names]
    left_null = f"; not in the source, left NULL: {', '.join(absent)}" if absent else ""
    of_day = f" of {day}" if sample[SOURCE_DAY][0].as_py() else ""
    yield CheckLine(LineStatus.OK, spec.name, f"{counted(len(sample), 'row')}{of_day} sampled{left_null}")
    with converted(sample.to_reader(), spec) as reader:
        typed = samples[spec.name] = reader.read_all()
    yield from _values(typed, spec)
    if spec.name == "events":
        yield from _event_names(typed["event_name"].to_pylist(), company)


def _sample(request: SourceRequest) -> pa.Table:
    with open_source(request) as reader:
        batches, rows = [], 0
        for batch in reader:
            batches.append(batch.slice(0, SAMPLE_ROWS - rows))
            rows += len(batches[-1])
            if rows == SAMPLE_ROWS:
                break
        return pa.Table.from_batches(batches, reader.schema)


def _values(typed: pa.Table, spec: TableSpec) -> Iterator[CheckLine]:
    rows, reasons = len(typed), typed[UNREADABLE].to_pylist()
    for reason, count in sorted(Counter(reason for reason in reasons if reason is not None).items()):
        message = f"{reason} in {count:,} of {rows:,} rows; they would be rejected"
        yield CheckLine(LineStatus.FAIL if count == rows else LineStatus.WARN, spec.name, message)
    required = [column.name for column in spec.columns if not column.nullable and column.name in feed_columns(spec)]
    readable = typed.filter(typed[UNREADABLE].is_null())
    for name in required:
        count = readable[name].null_count
        if count:
            message = f"{name} is missing in {count:,} of {rows:,} rows; they would be rejected"
            yield CheckLine(LineStatus.FAIL if count == rows else LineStatus.WARN, spec.name, message)


def _event_names(names: Sequence[str | None], company: Company) -> Iterator[CheckLine]:
    counts = Counter(name for name in names if name is not None)
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
