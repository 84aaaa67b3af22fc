"""A company's trained models: their artifacts in a store, and in the registry which of them serves.

What a run is handed when it trains or scores. Not here: the registry's tables and transactions (registry.py), where
artifacts are kept (artifact_store.py), and whether to train (`models/retraining.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from sqlalchemy import Engine

from recs_platform.errors import StorageError
from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.model_registry import registry, training_log
from recs_platform.model_registry.artifact_store import ArtifactStore, ArtifactStoreError, StoredArtifact
from recs_platform.model_registry.bucket_store import BucketStore
from recs_platform.model_registry.folder_store import FolderStore, sweep
from recs_platform.model_registry.registry import NewVersion, Registered
from recs_platform.model_registry.training_log import Begun
from recs_platform.models import artifact, golden
from recs_platform.models.challenge import ChallengeVerdict
from recs_platform.models.features import FeatureSet
from recs_platform.models.model import Model
from recs_platform.models.retraining import Reason, Run
from recs_platform.platform_db.engine import opened_database
from recs_platform.settings import settings

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
        folder = self.artifacts.pull(registered.uri, registered.digest)
        return artifact.load(folder, features, digest=registered.digest, threads=threads)

    def keep(self, model: str, trained: Model, as_of: date, verdict: ChallengeVerdict) -> Registered:
        """Store the artifact and register it as a candidate; active at once if the verdict says so, in one transaction.

        The same digest for the same day stands once: a second call returns the first's row and changes nothing, but
        mends an artifact that was damaged. A model of a past day does not take the place of one that was trained for a
        later day.
        """
        # The artifact first: one that nobody knows does no harm, but a row without one cannot be served.
        stored = self._store(model, trained)
        version = NewVersion(
            company=self.company,
            model=model,
            digest=stored.digest,
            uri=stored.uri,
            as_of=as_of,
            metrics=_metrics(verdict),
            features=[{"name": feature.name, "kind": feature.kind} for feature in trained.manifest.features],
            words=verdict.words,
            run_id=self.run_id,
            code_version=trained.manifest.code_version,
        )
        by = f"run {self.run_id[:8]}"
        return registry.register(self.database, version, activate=verdict.activate, by=by, at=datetime.now(UTC))

    def kept(self, model: str, as_of: date, digest: str) -> Registered | None:
        """What an earlier run of the same day registered."""
        return registry.version_of_day(self.database, self.company, model, as_of, digest)

    def activate(self, model: str, version: int, features: FeatureSet, *, by: str) -> Registered:
        """Make a version active, once its artifact has been proved and has answered its golden rows."""
        candidate = registry.inactive_version(self.database, self.company, model, version)
        golden.check(self.load(candidate, features))
        return registry.activate(self.database, self.company, model, version, by=by, at=datetime.now(UTC))

    def rollback(self, model: str, features: FeatureSet, *, to: int | None = None, by: str) -> Registered:
        """Make the version that served before active again, or a named one, once its artifact has been proved and has
        answered its golden rows."""
        target = registry.rollback_target(self.database, self.company, model, to)
        golden.check(self.load(target, features))
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
                return self.artifacts.push(folder, f"{self.company}/{model}")
        except ArtifactStoreError as error:
            raise self._not_stored(model, str(error.place), error.problem) from error
        except OSError as error:
            raise self._not_stored(model, gettempdir(), error.strerror or str(error)) from error

    def _not_stored(self, model: str, place: str, problem: str) -> StorageError:
        return StorageError(
            f"{self.company}: the trained {model} cannot be stored in {place} ({problem}); the active model stays. "
            "Make room or give access, and run the day again."
        )


def open_shelf(company: str, *, run_id: str, asked: tuple[Reason, ...] = ()) -> ModelShelf:
    """The environment's shelf of a company."""
    return ModelShelf(company, opened_database(), open_artifacts(), run_id, asked)


def open_artifacts() -> ArtifactStore:
    """The environment's store, of all companies."""
    chosen = settings()
    if is_bucket(chosen.files):
        bucket = Bucket(f"{chosen.files.rstrip('/')}/models", "RECS_FILES_URL")
        return BucketStore(bucket, chosen.home.absolute() / "scratch" / "copies" / "models")
    return FolderStore(Path(chosen.files).absolute() / "models")


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
