"""What is said of a run that was killed, and how days are run again. Not here: who finds out (burial.py,
looks/killed.py)."""

from __future__ import annotations

from recs_platform.platform_db.tables import JobRun
from recs_platform.warehouse.slices import Days


def death_of(run: JobRun) -> str:
    """What to tell of a run that began, said nothing more, and does not hold its company's lock."""
    return death_in_words(run.company, Days(run.first_date, run.last_date))


def death_in_words(company: str, days: Days) -> str:
    return (
        f"the run of {company} {days} died: it was killed, or its machine failed. "
        f"Nothing half-done was published. Run it again: {command_to_run(company, days)}"
    )


def command_to_run(company: str, days: Days) -> str:
    """
    >>> from datetime import date
    >>> command_to_run("acme", Days(date(2025, 12, 1), date(2025, 12, 2)))
    'recs run acme --date 2025-12-01 --to 2025-12-02'
    """
    last = f" --to {days.last}" if days.last != days.first else ""
    return f"recs run {company} --date {days.first}{last}"
