"""A company with a model that was trained, pushed, registered and is served: whole until a test breaks a link."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import Session

from recs_platform.model_registry.artifact_store import ArtifactStore
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.challenge import ChallengeVerdict
from recs_platform.models.model import Model
from recs_platform.models.retraining import Reason
from recs_platform.platform_db.tables import ModelVersion
from recs_platform.serving.trace.link import Chain, State
from recs_platform.serving.trace.model import Sources, trace_model
from recs_platform.serving.trace.service import HttpService
from recs_platform_tests.models.test_golden import golden_of
from recs_platform_tests.serving.trace.stand_in import StandIn

COMPANY, MODEL = "metro", "offer_ranking"
FIRST, SECOND = date(2025, 10, 1), date(2025, 10, 8)
VERDICT = "It ranks better than the active model."
REFUSED = "It is worse than the active model by 0.04."


@dataclass
class House:
    database: Engine
    artifacts: ArtifactStore
    service: StandIn
    key: str | None = None
    opened: Callable[[], Engine] | None = None
    stored: dict[str, Model] = field(default_factory=dict)

    def shelf(self, run: str = "run-1") -> ModelShelf:
        return ModelShelf(COMPANY, self.database, self.artifacts, run)

    def train(
        self, day: date, model: Model, *, activate: bool = True, run: str = "run-1", register: bool = True
    ) -> Registered | None:
        """A whole training, as the run's log has it; `register`: whether its row comes to be."""
        shelf = self.shelf(run)
        shelf.begin(MODEL, day, [Reason("weekday", "it is Monday", "2025-W40")])
        words = VERDICT if activate else REFUSED
        kept = shelf.keep(MODEL, model, day, ChallengeVerdict(activate, words, model.manifest.quality["test"], None))
        shelf.end(MODEL, day, "trained", kept.words)
        self.stored[kept.digest] = model
        if register:
            return kept
        self.forget(kept.version)
        return None

    def push(self, model: Model) -> str:
        """Under no tag, and in no registry; the artifact's digest."""
        return self.shelf()._store(MODEL, model).artifact_digest

    def forget(self, version: int) -> None:
        """As if the row had never been written."""
        with Session(self.database) as session, session.begin():
            session.execute(delete(ModelVersion).where(ModelVersion.version == version))

    def change(self, version: int, **values: Any) -> None:
        with Session(self.database) as session, session.begin():
            session.execute(update(ModelVersion).where(ModelVersion.version == version).values(**values))

    def serve(self, version: Registered) -> None:
        """The service serves it, and scores as it does."""
        model = self.stored[version.digest]
        self.service.serves(COMPANY, MODEL, version.version, version.digest)
        self.service.score = lambda asked: (version.digest, scores(model, asked))

    def chain(self, version: int | None = None) -> Chain:
        service = HttpService(self.service.url, self.key, timeout=60)
        sources = Sources(self.opened or (lambda: self.database), lambda: self.artifacts, service)
        return trace_model(COMPANY, MODEL, sources, version)


def scores(model: Model, asked: Sequence[dict[str, Any]]) -> list[float]:
    """As the service works it out: from features in JSON."""
    assert model.golden is not None
    columns = model.golden.features
    again = replace(model.golden, values=tuple(tuple(row[name] for name in columns) for row in asked))
    table: pa.Table = again.table(model.manifest.encoding.features)
    raw: list[float] = model.raw_scores(table).tolist()
    return raw


def boosted() -> Model:
    return golden_of("boosted")


def logistic() -> Model:
    return golden_of("logistic")


def states(chain: Chain) -> dict[str, str]:
    return {link.name: str(link.state) for link in chain.links}


def first_broken(chain: Chain) -> tuple[str, str, str, str]:
    """Name, what was seen, cause and command."""
    link = chain.broken[0]
    return str(link.name), link.seen, link.cause, link.command


def all_ok(chain: Chain) -> bool:
    return bool(chain.links) and all(link.state is State.OK for link in chain.links)
