"""One run per company at a time on this machine, whoever starts it. A killed process lets go by itself."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from recs_platform.platform_db.locks import is_locked, lock
from recs_platform.settings import settings


def company_lock(company: str, patience: float | None = None) -> AbstractContextManager[None]:
    """To be held while a run of the company goes on in this process."""
    return lock(_folder(), company, patience=patience, busy=f"a run of {company} is going on")


def is_running(company: str) -> bool:
    """Whether some process of this machine is running the company now."""
    return is_locked(_folder(), company)


def _folder() -> Path:
    return settings().home / "locks"
