"""Versions of a model in the registry, without the model: the registry never looks into an artifact."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from sqlalchemy import Engine

from recs_platform.model_registry import registry
from recs_platform.model_registry.registry import NewVersion, Registered

NOON = datetime.datetime(2025, 12, 3, 12, 0, tzinfo=datetime.UTC)


def day(number: int) -> datetime.date:
    return datetime.date(2025, 10, number)


def trained(number: int, digest: str, company: str = "metro", words: str = "It goes active.") -> NewVersion:
    return NewVersion(
        company=company,
        model="offer_ranking",
        digest=f"sha256:{digest}",
        repository=f"{company}-offer_ranking",
        artifact_digest=f"sha256:a{digest}",
        as_of=day(number),
        metrics={"candidate": {"roc_auc": 0.75}, "champion": None},
        features=[{"name": "recency_days", "kind": "number"}],
        words=words,
        run_id="run-1",
        code_version="1.0.0",
    )


def register(
    database: Engine,
    number: int,
    digest: str,
    company: str = "metro",
    *,
    active: bool = True,
    claim: Callable[[str], bool] = lambda _: True,
) -> Registered:
    """A model trained for a day of October."""
    version = trained(number, digest, company)
    return registry.register(database, version, activate=active, by="run run-1", at=NOON, claim=claim)


def activate(database: Engine, version: int, company: str = "metro") -> Registered:
    return registry.activate(database, company, "offer_ranking", version, by="ann", at=NOON)


def rollback(database: Engine, to: int | None = None, company: str = "metro") -> Registered:
    """As a person does it: look where it leads, then go."""
    found = registry.rollback_target(database, company, "offer_ranking", to)
    return registry.rollback(database, company, "offer_ranking", found.version, by="ann", at=NOON)


def statuses(database: Engine, company: str = "metro") -> dict[int, str]:
    return {row.version: row.status for row in reversed(registry.versions(database, company))}


def served(database: Engine, number: int, company: str = "metro") -> int | None:
    """The version that serves a day of October."""
    found = registry.serving(database, company, "offer_ranking", day(number))
    return found.version if found else None
