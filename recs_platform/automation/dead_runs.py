"""What is said of a run that was killed. Not here: who finds out (burial.py, looks/killed.py)."""

from __future__ import annotations

from recs_platform.platform_db.tables import JobRun
from recs_platform.warehouse.slices import Days


def death_of(run: JobRun) -> str:
    """What to tell of a run that began, said nothing more, and does not hold its company's lock."""
    return death_in_words(run.company, Days(run.first_date, run.last_date))


def death_in_words(company: str, days: Days) -> str:
    last = f" --to {days.last}" if days.last != days.first else ""
    return (
        f"the run of {company} {days} died: it was killed, or its machine failed. "
        f"Nothing half-done was published. Run it again: recs run {company} --date {days.first}{last}"
    )
