"""Bringing versions to where artifacts are kept today: from the shelf of an earlier version of the platform, from a
layout to a registry, or from one registry to another.

A version at a time: its artifact is proved where it is, pushed, and given its tag and its row in one transaction. What
it came from stays. Whoever is killed begins again, and what is there already is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from recs_platform.errors import UserError
from recs_platform.model_registry import registry
from recs_platform.model_registry.artifact_store import ArtifactStore
from recs_platform.model_registry.environment import open_layouts, open_old_shelf, store_at
from recs_platform.model_registry.inspection import OLD_SHELF, artifact_name, not_moved
from recs_platform.model_registry.registry import Registered


@dataclass(frozen=True)
class Move:
    company: str
    model: str
    version: int
    source: str
    """The repository that it was in, or the earlier shelf."""
    target: str
    outcome: str
    """`moved`; `tagged`, of one whose content was there and whose tag was not; `there`, of one that needs nothing;
    `would move` and `would tag` of a dry run; or `failed`."""
    problem: str = ""


def move(database: Engine, company: str, artifacts: ArtifactStore, *, dry_run: bool = False) -> Iterator[Move]:
    """Bring all versions of a company's models over, those that serve first. A store that does not answer is raised."""
    versions = registry.versions(database, company)
    for version in sorted(versions, key=lambda one: (one.status != "active", one.model, -one.version)):
        yield _moved(database, version, artifacts, dry_run=dry_run)


def _moved(database: Engine, version: Registered, artifacts: ArtifactStore, *, dry_run: bool) -> Move:
    name, outcome, problem = artifact_name(version.company, version.model), "", ""
    repository = artifacts.repository(name)
    try:
        if not_moved(artifacts, version):
            outcome = "would move" if dry_run else "moved"
            with _fetched(version) as folder:
                if not dry_run:
                    stored = artifacts.push(folder, name)
                    registry.moved(database, version, stored.repository, stored.artifact_digest, tag=artifacts.tag)
        elif artifacts.tagged(repository, str(version.tag)) is None:
            outcome = "would tag" if dry_run else "tagged"
            if not dry_run:
                artifacts.tag(repository, str(version.artifact_digest), str(version.tag))
        else:
            outcome = "there"
    except UserError as error:
        outcome, problem = "failed", str(error)
    source = version.repository or OLD_SHELF
    return Move(
        version.company, version.model, version.version, source, f"{repository}:{version.version}", outcome, problem
    )


@contextmanager
def _fetched(version: Registered) -> Iterator[Path]:
    """A folder with the artifact, proved, from where the registry says that it is."""
    if version.repository is None:
        with open_old_shelf().fetched(version.uri, version.digest) as folder:
            yield folder
        return
    root, _, _ = version.repository.rpartition("/")
    store = store_at(root) if root else open_layouts()
    yield store.pull(version.repository, str(version.artifact_digest), version.digest)
