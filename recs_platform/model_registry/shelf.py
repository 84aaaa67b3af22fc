"""A company's trained models: their artifacts in a store, and in the registry which of them serves.

What a run is handed when it trains or scores. Not here: the registry's tables and transactions (registry.py), where
artifacts are kept (artifact_store.py), and whether to train (`models/retraining.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from sqlalchemy import Engine

from recs_platform.errors import StorageError
from recs_platform.model_registry import registry, training_log
from recs_platform.model_registry.artifact_store import (
    ArtifactStore,
    ArtifactStoreError,
    StoredArtifact,
    TagTakenError,
)
from recs_platform.model_registry.copies import sweep
from recs_platform.model_registry.environment import open_artifacts
from recs_platform.model_registry.inspection import artifact_name, require_moved
from recs_platform.model_registry.registry import NewVersion, Registered
from recs_platform.model_registry.training_log import Begun
from recs_platform.models import artifact, golden
from recs_platform.models.challenge import ChallengeVerdict
from recs_platform.models.features import FeatureSet
from recs_platform.models.model import Model
from recs_platform.models.retraining import Reason, Run
from recs_platform.platform_db.engine import opened_database

_SCRATCH = "recs-artifact-"


@dataclass(frozen=True)
class ModelShelf:
    company: str
    database: Engine
    artifacts: ArtifactStore
    """Of all companies."""
    run_id: str
    asked: tuple[Reason, ...] = ()
    """What the run was started for, when a sensor started it."""

    def serving(self, model: str, day: date) -> Registered | None:
        """The version that scores a day: the active one; for a day before it was trained, the last one activated that
        was trained for that day or earlier, so that a backfill knows nothing of the future."""
        return registry.serving(self.database, self.company, model, day)

    def active(self, model: str) -> Registered | None:
        """The version that serves from now on, whatever the day. Whoever scores for long holds its model, and loads
        anew when this one's digest is another."""
        return registry.active(self.database, self.company, model)

    def versions(self, model: str) -> tuple[Registered, ...]:
        """All versions, the newest first."""
        return registry.versions(self.database, self.company, model)

    def before(self, registered: Registered) -> Registered | None:
        """The version that served before this one: what it was judged against, if that could be loaded."""
        if registered.champion is None:
            return None
        return registry.version_numbered(self.database, self.company, registered.model, registered.champion)

    def load(self, registered: Registered, features: FeatureSet, *, threads: int = 1) -> Model:
        """Read and prove its artifact; an ArtifactError says what is wrong and what to do.

        More threads score sooner, and the same: each row by itself.
        """
        folder = self.artifacts.pull(*require_moved(self.artifacts, registered))
        return artifact.load(folder, features, digest=registered.digest, threads=threads)

    def keep(self, model: str, trained: Model, as_of: date, verdict: ChallengeVerdict) -> Registered:
        """Store the artifact and register it as a candidate; active at once if the verdict says so, in one transaction.

        The same digest for the same day stands once: a second call returns the first's row and changes nothing, but
        mends an artifact that was damaged. A model of a past day does not take the place of one that was trained for a
        later day.
        """
        # The artifact first, then its tag, then the row: what nobody knows does no harm, but a row without an artifact
        # cannot be served.
        stored = self._store(model, trained)
        version = NewVersion(
            company=self.company,
            model=model,
            digest=stored.digest,
            repository=stored.repository,
            artifact_digest=stored.artifact_digest,
            as_of=as_of,
            metrics=_metrics(verdict),
            features=[{"name": feature.name, "kind": feature.kind} for feature in trained.manifest.features],
            words=verdict.words,
            run_id=self.run_id,
            code_version=trained.manifest.code_version,
        )
        by = f"run {self.run_id[:8]}"
        at, claim = datetime.now(UTC), self._claim(model, stored)
        return registry.register(self.database, version, activate=verdict.activate, by=by, at=at, claim=claim)

    def kept(self, model: str, as_of: date, digest: str) -> Registered | None:
        """What an earlier run of the same day registered."""
        return registry.version_of_day(self.database, self.company, model, as_of, digest)

    def activate(self, model: str, version: int, features: FeatureSet, *, by: str) -> Registered:
        """Make a version active, once its artifact has been proved and has answered its golden rows."""
        candidate = registry.inactive_version(self.database, self.company, model, version)
        self._prove(candidate, features)
        return registry.activate(self.database, self.company, model, version, by=by, at=datetime.now(UTC))

    def rollback(self, model: str, features: FeatureSet, *, to: int | None = None, by: str) -> Registered:
        """Make the version that served before active again, or a named one, once its artifact has been proved and has
        answered its golden rows."""
        target = registry.rollback_target(self.database, self.company, model, to)
        self._prove(target, features)
        return registry.rollback(self.database, self.company, model, target.version, by=by, at=datetime.now(UTC))

    def begin(self, model: str, as_of: date, reasons: Sequence[Reason]) -> None:
        """Record a training before it starts, so that its evidence does not ask again even if it is killed.

        A second run of the same day adds its reasons to the first's.
        """
        at = datetime.now(UTC)
        training_log.begin(self.database, self.company, model, as_of, reasons, run_id=self.run_id, at=at)

    def end(self, model: str, as_of: date, outcome: str, words: str) -> None:
        """Record how the day's training ended."""
        training_log.end(self.database, self.company, model, as_of, outcome=outcome, words=words)

    def begun_trainings(self, model: str) -> tuple[Begun, ...]:
        """All trainings that were begun, the oldest day first, with what became of them."""
        return training_log.begun(self.database, self.company, model)

    def trainings(self, model: str) -> tuple[Run, ...]:
        """The same as the decision to train wants them."""
        return tuple(Run(training.as_of, training.reasons) for training in self.begun_trainings(model))

    def _store(self, model: str, trained: Model) -> StoredArtifact:
        try:
            sweep(Path(gettempdir()), f"{_SCRATCH}*")
            with TemporaryDirectory(prefix=_SCRATCH) as scratch:
                folder = Path(scratch) / "artifact"
                artifact.save(trained, folder)
                return self.artifacts.push(folder, artifact_name(self.company, model))
        except ArtifactStoreError as error:
            raise self._not_stored(model, str(error.place), error.problem, error.remedy) from error
        except OSError as error:
            raise self._not_stored(model, gettempdir(), error.strerror or str(error), "Make room") from error

    def _claim(self, model: str, stored: StoredArtifact) -> Callable[[str], bool]:
        def claim(tag: str) -> bool:
            try:
                self.artifacts.tag(stored.repository, stored.artifact_digest, tag)
            except TagTakenError:
                return False
            except ArtifactStoreError as error:
                raise self._not_stored(model, str(error.place), error.problem, error.remedy) from error
            return True

        return claim

    def _prove(self, version: Registered, features: FeatureSet) -> None:
        """That it can be had from the store, whatever copies this machine has, scores by these features, and answers
        its golden rows."""
        self.artifacts.prove(*require_moved(self.artifacts, version))
        golden.check(self.load(version, features))

    def _not_stored(self, model: str, place: str, problem: str, remedy: str) -> StorageError:
        return StorageError(
            f"{self.company}: the trained {model} cannot be stored in {place} ({problem}); the active model stays. "
            f"{remedy}, and run the day again."
        )


def open_shelf(company: str, *, run_id: str, asked: tuple[Reason, ...] = ()) -> ModelShelf:
    """The environment's shelf of a company."""
    return ModelShelf(company, opened_database(), open_artifacts(), run_id, asked)


def _metrics(verdict: ChallengeVerdict) -> dict[str, Any]:
    """Both models' figures on the same examples, and what was made of them, whatever people make of it later."""
    champion = asdict(verdict.champion) if verdict.champion else None
    comparisons = {name: asdict(comparison) for name, comparison in verdict.comparisons.items()}
    if verdict.against_champion is not None:
        comparisons["active model"] = asdict(verdict.against_champion)
    return {
        "candidate": asdict(verdict.candidate),
        "champion": champion,
        "activate": verdict.activate,
        "fit": verdict.fit,
        "comparisons": comparisons,
    }
