"""The link of a model's artifact: its tag names the digest that the registry has, and every byte is proved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from recs_platform.errors import PlatformError
from recs_platform.model_registry.artifact_store import ArtifactStore
from recs_platform.model_registry.inspection import ArtifactAnswer, ArtifactState, artifact_name, artifact_of
from recs_platform.model_registry.registry import Registered
from recs_platform.models.manifest import short
from recs_platform.serving.trace.link import Link, Name, broken, ok

OpenStore = Callable[[], ArtifactStore]
DOCTOR = "recs doctor"


def stored_artifact(open_store: OpenStore, row: Registered, day: str) -> tuple[Link, Path | None]:
    """Of a version that the registry has; and its folder, where its bytes are those that were trained."""
    try:
        store = open_store()
        answer = artifact_of(store, row)
    except PlatformError as error:
        return _unusable(str(error)), None
    link = _link(answer, row, f"recs run {row.company} --date {day}")
    if answer.state not in (ArtifactState.WHOLE, ArtifactState.TAG_MOVED, ArtifactState.NO_TAG):
        return link, None
    try:
        folder = store.pull(str(row.repository), str(row.artifact_digest), row.digest)
    except PlatformError as error:
        return (link if answer.state is not ArtifactState.WHOLE else _unusable(str(error))), None
    if answer.state is ArtifactState.NO_TAG:
        cause = "somebody deleted the tag; the bytes are there by their digest"
        return broken(Name.ARTIFACT, link.seen, cause, link.command), folder
    return link, folder


def missing_artifact(open_store: OpenStore, company: str, model: str, tag: str, day: str) -> Link:
    """Of a version that the registry does not have: whether the run pushed anything."""
    try:
        store = open_store()
        repository = store.repository(artifact_name(company, model))
        there = store.tagged(repository, tag)
    except PlatformError as error:
        return _unusable(str(error))
    if there is None:
        again = f"recs run {company} --date {day}"
        return broken(Name.ARTIFACT, f"{repository}:{tag} is not there", "the run pushed nothing", again)
    return ok(Name.ARTIFACT, f"{repository}:{tag} is there, {short(there)}")


def _link(answer: ArtifactAnswer, row: Registered, again: str) -> Link:
    name, wanted = f"{answer.repository}:{answer.tag}", answer.artifact_digest or ""
    match answer.state:
        case ArtifactState.WHOLE:
            return ok(Name.ARTIFACT, f"{name} is there, {short(wanted)}, every byte proved")
        case ArtifactState.NOT_MOVED:
            seen = f"version {row.version} is not in this artifact store"
            return broken(Name.ARTIFACT, seen, answer.problem, f"recs models move {row.company}")
        case ArtifactState.NO_TAG:
            return broken(Name.ARTIFACT, f"{name} is not there", "it was deleted, or the run pushed nothing", again)
        case ArtifactState.TAG_MOVED:
            return broken(
                Name.ARTIFACT,
                f"the tag {name} has moved: it names {short(answer.tagged or '')}, version {row.version} is "
                f"{short(wanted)}",
                "somebody pushed other content under it; the service goes by the digest, and is not misled",
                _put_back(answer, row.company),
            )
        case ArtifactState.DAMAGED:
            seen = f"{name} does not hold the model of version {row.version}, {short(row.digest)}"
            return broken(Name.ARTIFACT, seen, answer.problem, again)
        case ArtifactState.UNREACHABLE | ArtifactState.REFUSED:
            return _unusable(answer.problem)


def _put_back(answer: ArtifactAnswer, company: str) -> str:
    """In a registry a tool moves it back. A layout in files has no address that a tool would take."""
    in_registry = "/" in (answer.repository or "")
    moves = f"oras tag {answer.repository}@{answer.artifact_digest} {answer.tag}"
    return moves if in_registry else f"recs verify {company}"


def _unusable(problem: str) -> Link:
    return broken(Name.ARTIFACT, "the artifact store cannot be asked", problem, DOCTOR)
