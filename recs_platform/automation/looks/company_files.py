"""The look at companies whose files are wrong: nothing runs for them until somebody puts the file right."""

from __future__ import annotations

from collections.abc import Iterator

from recs_platform.alerts.finding import Finding, Kind, Observation, Severity, Trouble
from recs_platform.automation.looks.look import LookContext, when
from recs_platform.automation.looks.open_troubles import open_of_kind
from recs_platform.companies.known_companies import BrokenCompany

SUBJECT = "company file"


def company_files(context: LookContext) -> Iterator[Observation]:
    broken, now = {company.name: company for company in context.companies.broken}, context.now
    known = {trouble for trouble in open_of_kind(context.database, Kind.STORE) if trouble.subject == SUBJECT}
    for company in broken.values():
        finding = _finding(company)
        name = f"file {company.name} {when(now, news=finding.trouble not in known)}"
        yield Observation(name, company.name, now, (finding,))
    for trouble in sorted(known):
        if trouble.company not in broken:
            yield Observation(f"file {trouble.company} {now}", trouble.company, now, settled=frozenset({trouble}))


def _finding(company: BrokenCompany) -> Finding:
    return Finding(
        Trouble(company.name, Kind.STORE, SUBJECT),
        Severity.ERROR,
        f"The file of {company.name} is wrong, and nothing runs for it: {company.problems}",
        "Put it right; the next tick of its schedule goes on.",
    )
