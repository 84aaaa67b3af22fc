"""The look at companies whose files are wrong: nothing runs for them until somebody puts the file right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from recs_platform.alerts.finding import Finding, Kind, Observation, Severity, Trouble
from recs_platform.automation.looks.look import LookContext
from recs_platform.automation.looks.open_troubles import open_of_kind
from recs_platform.companies.known_companies import BrokenCompany

SUBJECT = "company file"


def company_files(context: LookContext) -> Iterator[Observation]:
    broken = {company.name: company for company in context.companies.broken}
    for company in broken.values():
        name = f"file {company.name} {hashlib.sha256(company.problems.encode()).hexdigest()[:16]} {context.now.date()}"
        yield Observation(name, company.name, context.now, (_finding(company),))
    for trouble in sorted(open_of_kind(context.database, Kind.RUN)):
        if trouble.subject == SUBJECT and trouble.company not in broken:
            yield Observation(
                f"file {trouble.company} {context.now}", trouble.company, context.now, settled=frozenset({trouble})
            )


def _finding(company: BrokenCompany) -> Finding:
    return Finding(
        Trouble(company.name, Kind.RUN, SUBJECT),
        Severity.ERROR,
        f"The file of {company.name} is wrong, and nothing runs for it: {company.problems}",
        "Put it right; the next tick of its schedule goes on.",
    )
