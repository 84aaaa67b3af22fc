"""The chain of a model: a run trained it, its artifact is stored, its row is active, the service serves it, and answers
as it did at training.

Without a version the newest training is followed. A version that its own verdict kept from serving is no broken link
then, and the active one is followed; whoever names it hears that it does not serve. Not here: publications.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from recs_platform.errors import StorageError, TransientError
from recs_platform.model_registry import registry, training_log
from recs_platform.model_registry.artifact_store import ArtifactStore
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.training_log import Begun
from recs_platform.models.manifest import short
from recs_platform.platform_db import job_log
from recs_platform.platform_db.tables import ModelStatus
from recs_platform.serving.trace.artifact import missing_artifact, stored_artifact
from recs_platform.serving.trace.golden import golden_link
from recs_platform.serving.trace.link import Chain, Link, Name, broken, ok, unknown
from recs_platform.serving.trace.service import HttpService, NoAnswerError, NoService, Reported, ServedModel
from recs_platform.serving.trace.without_books import NOT_KNOWN, unjudged_service

_READS_THE_REGISTRY_EVERY = 10.0
"""Seconds, at the least often: it looks every second."""


@dataclass(frozen=True)
class Sources:
    """Where the links are looked at."""

    database: Callable[[], Engine]
    artifacts: Callable[[], ArtifactStore]
    service: HttpService | NoService


@dataclass(frozen=True)
class _Books:
    rows: Sequence[Registered]
    """The newest first."""
    trainings: Sequence[Begun]
    """The oldest first."""
    running: bool
    """Whether the run of the newest training still goes on, as far as the job log knows."""

    @property
    def active(self) -> Registered | None:
        return next((row for row in self.rows if row.status == ModelStatus.ACTIVE), None)

    def numbered(self, version: int) -> Registered | None:
        return next((row for row in self.rows if row.version == version), None)

    def of_training(self, training: Begun) -> Registered | None:
        """What a training registered: a row of its day, or the active model again, whose words it then repeats."""
        of_day = [row for row in self.rows if row.as_of == training.as_of]
        same_run = next((row for row in of_day if row.run_id == training.run_id), None)
        again = next((row for row in self.rows if row.words == training.words and row.activated_at), None)
        return same_run or (of_day[0] if of_day else again)

    def training_of(self, row: Registered) -> Begun | None:
        return next((training for training in self.trainings if training.as_of == row.as_of), None)


def trace_model(company: str, model: str, sources: Sources, version: int | None = None) -> Chain:
    """Look at every link. A link that cannot be looked at keeps no other from it."""
    try:
        database = sources.database()
        books = _read(database, company, model)
    except (TransientError, StorageError) as error:
        return Chain(company, "model", model, version, tuple(_without_books(company, model, sources, str(error))))
    training, row = _followed(books, version)
    number = row.version if row else version
    links: list[Link] = [_run(company, model, books, training, version)]
    followed = row or training
    day = str(followed.as_of) if followed else "DAY"
    if row is not None:
        stored, folder = stored_artifact(sources.artifacts, row, day)
    else:
        tag = number or max((one.version for one in books.rows), default=0) + 1
        stored, folder = missing_artifact(sources.artifacts, company, model, str(tag), day), None
    links += [stored, _registry(company, books, row, version)]
    serves, reported = _service(company, model, sources, books, row)
    links.append(serves)
    links.append(golden_link(company, model, sources.service, folder, row.digest if row else None, reported))
    return Chain(company, "model", model, number, tuple(links))


def _read(database: Engine, company: str, model: str) -> _Books:
    trainings = training_log.begun(database, company, model)
    running = bool(trainings) and any(run.run_id == trainings[-1].run_id for run in job_log.running(database, company))
    return _Books(registry.versions(database, company, model), trainings, running)


def _followed(books: _Books, version: int | None) -> tuple[Begun | None, Registered | None]:
    """The training and the row that are looked at."""
    if version is not None:
        row = books.numbered(version)
        return (books.training_of(row) if row else None), row
    training = books.trainings[-1] if books.trainings else None
    if training is None or training.outcome != "trained":
        return training, books.active or (books.rows[0] if books.rows else None)
    row = books.of_training(training)
    if row is not None and not _should_serve(row) and books.active:
        row = books.active
    return training, row


def _should_serve(row: Registered) -> bool:
    """As its own verdict said; a row that served once was also wanted."""
    return row.status == ModelStatus.ACTIVE or (row.status == ModelStatus.CANDIDATE and _wanted(row))


def _wanted(row: Registered) -> bool:
    return bool(row.metrics.get("activate"))


def _run(company: str, model: str, books: _Books, training: Begun | None, version: int | None) -> Link:
    again = f"recs run {company} --date {training.as_of if training else 'DAY'}"
    if training is None:
        if version is not None and books.numbered(version):
            return unknown(Name.RUN, "the training log does not know its training: it is older than the log")
        return broken(Name.RUN, f"no run ever trained {model}", "no day with enough examples was made yet", again)
    run = f"run {training.run_id[:8]} of {training.as_of}"
    match training.outcome:
        case "trained":
            row = books.of_training(training)
            if row is None:
                return ok(Name.RUN, f"{run} says that it trained and registered {model}")
            if row.as_of != training.as_of:
                return ok(Name.RUN, f"{run} trained the very model that is version {row.version}")
            stays = "" if row.activated_at or _wanted(row) else f", which stays a candidate: {row.words}"
            return ok(Name.RUN, f"{run} trained version {row.version}{stays}")
        case None if books.running:
            return unknown(Name.RUN, f"{run} is training just now", f"recs status {company}")
        case None:
            return broken(Name.RUN, f"{run} began to train and never ended", "its process was killed", again)
    return broken(Name.RUN, f"{run} {training.outcome}: nothing was registered", training.words, again)


def _registry(company: str, books: _Books, row: Registered | None, version: int | None) -> Link:
    newest = books.trainings[-1] if books.trainings else None
    active = books.active
    serving = f"version {active.version} is active" if active else "no version is active"
    if row is None:
        missing = (
            f"no row of version {version}"
            if version
            else f"no row of what was trained for {newest.as_of}"
            if newest and newest.outcome == "trained"
            else "no row"
        )
        return broken(
            Name.REGISTRY,
            f"{missing}: {serving}",
            "the row was never written, or the database was restored to an earlier state",
            f"recs run {company} --date {newest.as_of if newest else 'DAY'}",
        )
    if row.status == ModelStatus.ACTIVE:
        by = f" since {row.activated_at:%Y-%m-%d %H:%M}, by {row.by}" if row.activated_at else ""
        return ok(Name.REGISTRY, f"version {row.version} is active{by}")
    activate = f"recs models activate {company} {row.version}"
    if row.status == ModelStatus.CANDIDATE:
        verdict = f"its verdict lets it serve, and nobody activated it: {row.words}" if _wanted(row) else row.words
        seen = f"version {row.version} is a candidate, not active; {serving}"
        return broken(Name.REGISTRY, seen, verdict, activate)
    later = f"version {active.version} took its place, by {active.by}" if active else "its place is empty"
    return broken(Name.REGISTRY, f"version {row.version} is retired; {serving}", later, activate)


def _service(
    company: str, model: str, sources: Sources, books: _Books, row: Registered | None
) -> tuple[Link, ServedModel | None]:
    if isinstance(sources.service, NoService):
        return unknown(Name.SERVICE, sources.service.why), None
    try:
        served = sources.service.reported(company).models.get(model)
    except NoAnswerError as error:
        return broken(Name.SERVICE, error.seen, error.cause, error.command), None
    where = sources.service.url
    if served is None:
        return broken(
            Name.SERVICE,
            f"the service at {where} does not know {model} of {company}",
            "serving is off in the company's file, or the service was started with other company files",
            "recs doctor",
        ), None
    active = books.active
    if active is None or row is None or row.status != ModelStatus.ACTIVE:
        return unknown(Name.SERVICE, f"it serves {_named(served)}; what is not active is not served"), served
    if served.digest == row.digest:
        return ok(Name.SERVICE, f"{where} serves {_named(served)}"), served
    seen = f"{where} serves {_named(served)}, not version {row.version} ({short(row.digest)})"
    if served.refused and served.refused_digest in (None, row.digest):
        cause = f"it refused version {row.version}: {served.refused}"
        return broken(Name.SERVICE, seen, cause, f"recs models rollback {company}"), served
    return broken(Name.SERVICE, seen, _why_behind(served), "recs doctor"), served


def _why_behind(served: ServedModel) -> str:
    if served.registry_age is not None and served.registry_age > _READS_THE_REGISTRY_EVERY:
        return f"it has not been able to read the registry for {served.registry_age:.0f} s"
    return "it has not picked up the active version yet: it loads it, or reads another database"


def _named(served: ServedModel) -> str:
    if served.digest is None:
        return "no model"
    return f"version {served.version} ({short(served.digest)})"


def _without_books(company: str, model: str, sources: Sources, problem: str) -> Iterator[Link]:
    yield unknown(Name.RUN, NOT_KNOWN)
    yield unknown(Name.ARTIFACT, NOT_KNOWN)
    yield broken(Name.REGISTRY, "the platform database does not answer", problem, "recs doctor")

    def serves(reported: Reported) -> str:
        served = reported.models.get(model)
        return _named(served) if served else f"nothing of {model}"

    yield unjudged_service(sources.service, company, serves)
    yield unknown(Name.GOLDEN, NOT_KNOWN)
