"""One run per company at a time, whoever starts it and on whatever machine. A killed process lets go by itself.

The lock is the platform database's, because that is what the machines of one platform share: on PostgreSQL it counts on
all of them; a SQLite file is used by one machine.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from recs_platform.platform_db.engine import engine
from recs_platform.platform_db.locks import is_locked, lock


def company_lock(company: str, patience: float | None = None) -> AbstractContextManager[None]:
    """To be held while a run of the company goes on in this process."""
    return lock(engine(), _name(company), patience=patience, busy=f"a run of {company} is going on")


def is_running(company: str) -> bool:
    """Whether some process is running the company now."""
    return is_locked(engine(), _name(company))


def _name(company: str) -> str:
    return f"run of {company}"
