"""The look at deadlines: a product of a day that is not live when it must be is told, once for each day. It is over
when that day or a later one is live, or when nobody waits for it any more: the company's schedule was turned off.

Not here: which day is due, and what was missed (automation/freshness.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime

from recs_platform.alerts.finding import Finding, Kind, Observation, Severity, Trouble
from recs_platform.automation.freshness import LiveDays, Missed, live_days, missed_by
from recs_platform.automation.looks.look import LookContext
from recs_platform.automation.looks.open_troubles import open_of_kind
from recs_platform.automation.switches import scheduled_since
from recs_platform.companies.model import Company
from recs_platform.warehouse.slices import Days


def freshness(context: LookContext) -> Iterator[Observation]:
    live, since = live_days(context.database), scheduled_since(context.instance)
    known = open_of_kind(context.database, Kind.FRESHNESS)
    for trouble in sorted(known):
        if trouble.company not in since or _is_live(trouble, live):
            name = f"freshness {trouble.company} {trouble.subject} over {context.now.isoformat()}"
            yield Observation(name, trouble.company, context.now, settled=frozenset({trouble}))
    for name in sorted(since.keys() & context.companies.keys()):
        if not context.has_time:
            return
        company, pipeline = context.companies[name], context.pipeline_of(name)
        told = {_of_subject(trouble) for trouble in known if trouble.company == name}
        for missed in _missed(context, company, live, since[name], told):
            finding = _finding(company, missed, pipeline.products[missed.due.product].option)
            yield Observation(f"freshness {name} {finding.trouble.subject}", name, context.now, (finding,))


def _missed(
    context: LookContext, company: Company, live: LiveDays, since: datetime, known: Collection[tuple[str, date]]
) -> list[Missed]:
    pipeline = context.pipeline_of(company.name)
    return context.ask_warehouse(
        lambda warehouse: list(missed_by(company, pipeline, warehouse, live, context.now, since, known=known))
    )


def _is_live(trouble: Trouble, live: LiveDays) -> bool:
    product, day = _of_subject(trouble)
    now = live.get((trouble.company, product))
    return now is not None and now >= day


def _of_subject(trouble: Trouble) -> tuple[str, date]:
    """Product and day."""
    product, _, day = trouble.subject.partition(" ")
    return product, date.fromisoformat(day)


def _finding(company: Company, missed: Missed, option: str) -> Finding:
    due = missed.due
    deadline = f"{company.deadline(due.product):%H:%M} in {company.timezone}"
    instead = f"live is what was made for {missed.live}" if missed.live else "nothing is live"
    if missed.made:
        why, remedy = "it is made and not published", f"recs publish {company.name}{option}"
    else:
        why, remedy = "it was not made", f"recs status {company.name}"
    return Finding(
        Trouble(company.name, Kind.FRESHNESS, f"{due.product} {due.day}"),
        Severity.WARN if missed.made else Severity.ERROR,
        f"{due.product} of {due.day} missed the deadline, {deadline}: {why}, and {instead}.",
        f"{remedy} says what to do.",
        days=Days.one(due.day),
    )
