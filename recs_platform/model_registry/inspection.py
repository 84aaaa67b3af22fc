"""What the artifact store says of a registered version, in one small answer: for `recs trace`, checks and the doctor.

Nothing here raises for what a store does or does not do, and nothing is changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recs_platform.errors import UnavailableError, UserError
from recs_platform.model_registry.artifact_store import ArtifactStore
from recs_platform.model_registry.registry import Registered
from recs_platform.models.artifact import ArtifactError

OLD_SHELF = "the shelf of an earlier version"


class ArtifactState(StrEnum):
    WHOLE = "whole"
    """The tag names the digest that the registry has, and its content was read and proved."""
    NOT_MOVED = "not moved"
    """It stands on the shelf of an earlier version, or in another store than today's: `recs models move`."""
    NO_TAG = "no tag"
    """The store answers and has no such tag: it was never pushed, or somebody deleted it."""
    TAG_MOVED = "tag moved"
    """The tag names other content than the registry has."""
    DAMAGED = "damaged"
    """The tag is right, but the content is missing, damaged or another one."""
    UNREACHABLE = "unreachable"
    """The store does not answer just now."""
    REFUSED = "refused"
    """The store answers, and lets nobody in or is not there: a person must act."""


@dataclass(frozen=True)
class ArtifactAnswer:
    state: ArtifactState
    repository: str | None
    """The registry's, as are the next two; None of a version that was not moved."""
    tag: str | None
    artifact_digest: str | None
    tagged: str | None
    """The digest that the tag names in the store; None where it has no such tag or could not be asked."""
    problem: str
    """In words, with what to do; empty when it is whole."""

    @property
    def reachable(self) -> bool:
        return self.state not in (ArtifactState.UNREACHABLE, ArtifactState.REFUSED)


class NotMovedError(UserError):
    """A version's artifact is not in today's store, but on the shelf of an earlier version or in another store. It is
    no damage: training does not make up for it, a person brings it over."""


def tag_of(artifacts: ArtifactStore, version: Registered) -> ArtifactAnswer:
    """Whether the store has the version's tag, and which digest it names. Content is not read: one short question."""
    return _answer(artifacts, version, content=False)


def artifact_of(artifacts: ArtifactStore, version: Registered) -> ArtifactAnswer:
    """The same, and whether all of the content can be pulled from the store and proved; copies do not count."""
    return _answer(artifacts, version, content=True)


def _answer(artifacts: ArtifactStore, version: Registered, *, content: bool) -> ArtifactAnswer:
    state, tagged, problem = _state(artifacts, version, content=content)
    return ArtifactAnswer(state, version.repository, version.tag, version.artifact_digest, tagged, problem)


def _state(artifacts: ArtifactStore, version: Registered, *, content: bool) -> tuple[ArtifactState, str | None, str]:
    if (problem := not_moved(artifacts, version)) is not None:
        return ArtifactState.NOT_MOVED, None, problem
    repository, tag, expected = str(version.repository), str(version.tag), str(version.artifact_digest)
    tagged = None
    try:
        tagged = artifacts.tagged(repository, tag)
        if tagged is None:
            return ArtifactState.NO_TAG, None, f"{repository} has no tag {tag}."
        if tagged != expected:
            return ArtifactState.TAG_MOVED, tagged, f"{repository}:{tag} is {tagged}, but the registry says {expected}."
        if content:
            artifacts.prove(repository, expected, version.digest)
    except ArtifactError as error:
        return ArtifactState.DAMAGED, tagged, str(error)
    except UnavailableError as error:
        return ArtifactState.UNREACHABLE, tagged, str(error)
    except UserError as error:
        return ArtifactState.REFUSED, tagged, str(error)
    return ArtifactState.WHOLE, tagged, ""


def not_moved(artifacts: ArtifactStore, version: Registered) -> str | None:
    """What to do about a version that is not in this store; None of one that is."""
    if version.repository == artifacts.repository(artifact_name(version.company, version.model)):
        return None
    where = f"in {version.repository}" if version.repository else f"on {OLD_SHELF}"
    return (
        f"{version.company}: version {version.version} of {version.model} is still {where}. "
        f"Bring it over: recs models move {version.company}"
    )


def require_moved(artifacts: ArtifactStore, version: Registered) -> tuple[str, str, str]:
    """Repository, artifact's digest and model's digest, as a store is asked for them; a NotMovedError of a version
    that is not in this store."""
    if (problem := not_moved(artifacts, version)) is not None:
        raise NotMovedError(problem)
    return str(version.repository), str(version.artifact_digest), version.digest


def artifact_name(company: str, model: str) -> str:
    """Neither has a hyphen in its name, so no two share one.

    >>> artifact_name("metro", "offer_ranking")
    'metro-offer_ranking'
    """
    return f"{company}-{model}"
