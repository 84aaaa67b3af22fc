"""One run per company at a time on this machine, whoever starts it. A killed process lets go by itself."""

from __future__ import annotations

from filelock import FileLock, Timeout

from recs_platform.settings import settings


def company_lock(company: str) -> FileLock:
    """To be held while a run of the company goes on in this process."""
    folder = settings().home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{company}.lock")


def is_running(company: str) -> bool:
    """Whether some process of this machine is running the company now."""
    lock = company_lock(company)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False
