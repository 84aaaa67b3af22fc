"""What there is to tell of a run that was killed. Not here: who finds out (journal.py, overview.py)."""

from __future__ import annotations

from recs_platform.platform_db.tables import JobRun
from recs_platform.warehouse.slices import Days


def death_of(run: JobRun) -> str:
    """What to tell of a run that began, said nothing more, and does not hold its company's lock."""
    last = f" --to {run.last_date}" if run.last_date != run.first_date else ""
    return (
        f"the run of {run.company} {Days(run.first_date, run.last_date)} died: it was killed, or its machine failed. "
        f"Nothing half-done was published. Run it again: recs run {run.company} --date {run.first_date}{last}"
    )
