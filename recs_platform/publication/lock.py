"""One publisher of a company's product at a time, whoever and wherever the database is used."""

from __future__ import annotations

from contextlib import AbstractContextManager

from sqlalchemy import Engine

from recs_platform.platform_db.locks import is_locked, lock

PATIENCE_SECONDS = 120.0
"""Longer than a publication takes; a run that waits for it in vain fails, and can be run again."""


def only_publisher(database: Engine, name: str, patience: float = PATIENCE_SECONDS) -> AbstractContextManager[None]:
    """To be held while the live table of that name (a company's product) and its inventory change."""
    busy = f"{name} is being published by somebody else"
    return lock(database, _name(name), patience=patience, busy=busy)


def is_publishing(database: Engine, name: str) -> bool:
    """Whether somebody publishes it just now."""
    return is_locked(database, _name(name))


def _name(name: str) -> str:
    return f"publishing {name}"
