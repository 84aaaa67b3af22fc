"""Which runs a range of a company's days needs, and in which order. No Dagster; carrying them out is launch.py's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from recs_platform.companies.model import Company
from recs_platform.errors import ConfigError
from recs_platform.pipeline.coverage import Coverage, coverage
from recs_platform.pipeline.due import parts_due
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.reach import reach
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days, ranges


@dataclass(frozen=True)
class Step:
    """One run: a company's whole day, or its logs for a range of days."""

    company: str
    strategy: str
    days: Days
    history: bool
    tables: frozenset[str] | None = None
    """Only these tables of the day, and assets that publish; all when None."""
    checks: frozenset[tuple[str, str]] | None = None
    """Only these checks, by their table and name; those of the step's tables when None."""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)

    def tagged(self, tags: Mapping[str, str]) -> Step:
        return replace(self, tags=tags)

    def __str__(self) -> str:
        return f"{self.company} {'history ' if self.history else ''}{self.days}"


@dataclass(frozen=True)
class Plan:
    """The runs that make some days, in order."""

    earlier: tuple[date, ...]
    """Days before them that are expected and missing: they are made first."""
    steps: tuple[Step, ...]


def last_day_that_is_over() -> date:
    """Days are UTC days, whatever a company's time zone."""
    return datetime.now(UTC).date() - timedelta(days=1)


def check_days(company: Company, days: Days, newest: date) -> None:
    """Refuse days that the company does not have, and days that are not over: `newest` is the last that is."""
    if days.first < company.start_date:
        raise ConfigError(
            f"{company.name} starts on {company.start_date}; there is nothing for {days.first} before it."
        )
    if company.end_date and days.last > company.end_date:
        raise ConfigError(f"{company.name} ends on {company.end_date}; there is nothing for {days.last} after it.")
    if days.last > newest:
        raise ConfigError(
            f"{company.name}: {days.last} is not over yet (days are UTC days); the newest day that can be made is "
            f"{newest}. Nothing was written."
        )


def plan(
    company: Company,
    pipeline: Pipeline,
    warehouse: Warehouse,
    days: Days,
    *,
    newest: date,
    only: bool = False,
    parts: frozenset[str] | None = None,
) -> Plan:
    """The runs that make these days. First come the days before them that are expected and missing, unless `only` these
    are wanted; and before all that, in one run, the logs that their windows lack.

    A day is made as far as it is due. Of these days `parts` are made alone, due or not: tables or assets that publish,
    and what they are made of where it is not there. A day that daily tables are missing of is made whole all the same;
    but of several days logs alone are made in one run, and nothing else of them.
    """
    check_days(company, days, newest)
    there = coverage(company, pipeline, warehouse)
    if parts is not None and len(days) > 1 and parts <= logs_of_logs(pipeline):
        return Plan((), (*_history(there, days), *_logs_in_ranges(there, parts, days)))
    earlier = () if only else there.missing(days.first - timedelta(days=1))
    steps = list(_history(there, Days(earlier[0] if earlier else days.first, days.last)))
    steps += [_day_step(there, day, _missing_of(there, day)) for day in earlier]
    for day in days:
        due = parts_due(pipeline, company, day)
        steps.append(_day_step(there, day, due if parts is None else _on_demand(there, day, parts)))
    return Plan(earlier, tuple(steps))


def _day_step(there: Coverage, day: date, parts: frozenset[str]) -> Step:
    tables = None if parts == there.pipeline.stage_names.keys() else parts
    return Step(there.company.name, there.company.strategy.name, Days.one(day), history=False, tables=tables)


def _missing_of(there: Coverage, day: date) -> frozenset[str]:
    """What to make of a day that is not whole: where its week alone is missing, the days that are there stay."""
    due = parts_due(there.pipeline, there.company, day)
    return due & there.pipeline.weekly if there.lacks_weekly_alone(day) else due


def _on_demand(there: Coverage, day: date, parts: frozenset[str]) -> frozenset[str]:
    pipeline = there.pipeline
    lacking = {name for name, days in there.made.items() if day not in days}
    wanted = parts.union(*(pipeline.made_of(part) & lacking for part in parts))
    return wanted | parts_due(pipeline, there.company, day) if lacking - pipeline.weekly else wanted


def missing_days(company: Company, pipeline: Pipeline, warehouse: Warehouse, last: date) -> tuple[date, ...]:
    """The days up to this one that somebody must still make: those before it that are expected and missing, and itself
    unless it is whole."""
    there = coverage(company, pipeline, warehouse)
    newest = (last,) if last not in company.lost_days and there.lacking(last) else ()
    return (*there.missing(last - timedelta(days=1)), *newest)


def plan_backfill(
    there: Coverage, days: Days, *, newest: date, again: bool = False, failed: Collection[date] = ()
) -> list[Step]:
    """The runs that make what is missing of a range, or with `again` all of it; days on which something `failed` count
    as missing.

    First the logs that its windows lack; then its own logs, as many days in a run as follow each other; then the rest
    of each day by itself, as far as it is due. No table is made twice.
    """
    company, pipeline = there.company, there.pipeline
    check_days(company, days, newest)
    wanted = [day for day in days if day not in company.lost_days and (again or day in failed or there.lacking(day))]
    if not wanted:
        return []
    in_ranges = logs_of_logs(pipeline)
    rest = frozenset(pipeline.tables) - in_ranges
    name, strategy = company.name, company.strategy.name
    steps = list(_history(there, Days(wanted[0], wanted[-1])))
    of_logs = [day for day in wanted if again or day in failed or in_ranges & set(there.lacking(day))]
    steps += [Step(name, strategy, one, history=True, tables=in_ranges) for one in ranges(of_logs)]
    for day in wanted:
        due = parts_due(pipeline, company, day) if again or day in failed else _missing_of(there, day)
        steps.append(_day_step(there, day, rest & due))
    return steps


def plan_logs(there: Coverage, names: frozenset[str], *, newest: date) -> list[Step]:
    """The runs that make what is missing of logs, over all days that the company has and that are over."""
    last = min(newest, there.company.end_date or newest)
    if last < there.company.start_date:
        return []
    days = Days(there.company.start_date, last)
    lacking = [day for day in days if any(day not in there.made[name] for name in names)]
    return [step for one in ranges(lacking) for step in _logs_in_ranges(there, names, one)]


def _logs_in_ranges(there: Coverage, names: frozenset[str], days: Days) -> Iterator[Step]:
    """These logs, and those that they are made of where some day lacks them: a run for as many days as follow each
    other, because a feed that is one file for all days is read once in a run."""
    company, pipeline = there.company, there.pipeline
    made_of = names.union(*(pipeline.made_of(name) for name in names)) & pipeline.tables.keys()
    for one in ranges([day for day in days if day not in company.lost_days]):
        tables = names | {name for name in made_of if any(day not in there.made[name] for day in one)}
        yield Step(company.name, company.strategy.name, one, history=True, tables=tables)


def logs_of_logs(pipeline: Pipeline) -> frozenset[str]:
    """The logs that are made of nothing but logs: a run over a range makes them as every day by itself would."""
    pure_logs: set[str] = set()
    logs = {name for name, spec in pipeline.specs.items() if spec.kind is Kind.LOG}
    while grown := {name for name in logs - pure_logs if pipeline.inputs(name) <= pure_logs}:
        pure_logs |= grown
    return frozenset(pure_logs)


def _history(there: Coverage, days: Days) -> Iterator[Step]:
    """The logs that the windows of these days lack: from the first day before them that some log lacks to the last, in
    one run. A run that was killed has made the first of them and not the last. A lost day parts the run in two."""
    company, logs = there.company, [name for name in there.made if there.pipeline.specs[name].kind is Kind.LOG]
    missing = [
        day
        for day in reach(there.pipeline, company, days)
        if day < days.first and day not in company.lost_days and any(day not in there.made[log] for log in logs)
    ]
    if missing:
        there_to_load = [day for day in Days(missing[0], missing[-1]) if day not in company.lost_days]
        for days_of_run in ranges(there_to_load):
            yield Step(company.name, company.strategy.name, days_of_run, history=True)
