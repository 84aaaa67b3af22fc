"""Models of the strategies' own features out of made-up examples, and a registry and an artifact store to keep them in.

Each version adds its number to every raw score, so that an answer shows which version gave it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Engine

from recs_platform.model_registry import registry
from recs_platform.model_registry.artifact_store import ArtifactStore
from recs_platform.model_registry.environment import open_artifacts
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.boosted import BOOSTED
from recs_platform.models.challenge import ChallengeVerdict
from recs_platform.models.data import examples
from recs_platform.models.features import FeatureSet
from recs_platform.models.golden import with_golden
from recs_platform.models.kinds import DEFAULT_KINDS
from recs_platform.models.logistic import LogisticRanker
from recs_platform.models.manifest import sha256
from recs_platform.models.model import Model
from recs_platform.models.provenance import Provenance
from recs_platform.models.settings import FitSettings, TrainingSettings
from recs_platform.models.task import RankingTask
from recs_platform.models.training import train
from recs_platform.serving.companies import ServedCompanies
from recs_platform.serving.models.holder import RegistryModels
from recs_platform.strategies.offer_ranking.features import TASK as OFFERS
from recs_platform.strategies.replenishment.task import TASK as ITEMS

FIRST = date(2025, 7, 1)
AT = datetime(2025, 9, 3, 8, tzinfo=UTC)
_PROVENANCE = Provenance({"made_up": {"rows": 1}}, "1.0.0")


def feature_rows(features: FeatureSet, count: int, seed: int = 1) -> pa.Table:
    rng = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}  # type: ignore[type-arg]  # of any type
    for spec in features.specs:
        match spec.kind:
            case "number":
                columns[spec.name] = pa.array(rng.normal(size=count), mask=rng.random(count) < 0.05)
            case "flag":
                columns[spec.name] = pa.array(rng.random(count) < 0.4)
            case "category":
                columns[spec.name] = pa.array(np.array(["fish", "meat", "Gemüse"])[rng.integers(0, 3, count)])
    return pa.table(columns)


def _examples(task: RankingTask, count: int) -> pa.Table:
    rng, table = np.random.default_rng(7), feature_rows(task.features, count, seed=7)
    numbers = [spec.name for spec in task.features.specs if spec.kind == "number"]
    truth = sum(np.nan_to_num(np.asarray(table[name].to_numpy(), dtype=float)) for name in numbers[:4])
    bought = rng.random(count) < 1 / (1 + np.exp(1.0 - np.asarray(truth)))
    columns = task.columns
    clients = pa.array([f"c{n % 300}" for n in range(count)])
    extra: Mapping[str, object] = {
        columns.example: [f"e{n:06d}" for n in range(count)],
        columns.day: pa.array([FIRST + timedelta(days=int(day)) for day in rng.integers(0, 40, count)]),
        columns.label: pa.array(bought.astype(np.int8)),
        **{
            name: clients if name == columns.group else [f"i{n % 20}" for n in range(count)]
            for name in columns.subjects
        },
        **{name: pa.array(np.ones(count)) for what, name in columns.given.items() if what == "weights"},
        **{name: [f"l{n % 3}" for n in range(count)] for what, name in columns.given.items() if what == "listed"},
    }
    for name, values in extra.items():
        table = table.append_column(name, values if isinstance(values, pa.Array) else pa.array(values))
    return table


@lru_cache
def fitted(task_name: str = OFFERS.model, kind: str = "logistic") -> tuple[Model, pa.Table]:
    """A model of a strategy's features, without golden rows; and the examples' features."""
    task = {OFFERS.model: OFFERS, ITEMS.model: ITEMS}[task_name]
    columns = replace(task.columns, part=None)
    read = examples(_examples(task, 6_000), task.features, columns)
    if task is OFFERS:
        settings: FitSettings = TrainingSettings(
            validation_days=6, test_days=8, gap_days=1, most_trees=60, rows_per_leaf=20
        )
        models = train(read, settings, _PROVENANCE, kinds=DEFAULT_KINDS).models
    else:
        settings = FitSettings(most_trees=60, rows_per_leaf=20)
        models = train(read, settings, _PROVENANCE, kinds=(BOOSTED,), design=task.design).models
    return next(model for model in models if model.ranker.kind == kind), read.table


@lru_cache(maxsize=64)
def version(number: int) -> Model:
    """Of offer ranking: every raw score is 100 x number above that of version 0."""
    model, table = fitted()
    return with_golden(shifted(model, 100.0 * number), table)


def shifted(model: Model, by: float) -> Model:
    assert isinstance(model.ranker, LogisticRanker)
    return with_ranker(model, replace(model.ranker, bias=model.ranker.bias + by))


def with_ranker(model: Model, ranker: LogisticRanker) -> Model:
    """Stored as if training had given this ranker."""
    files = model.manifest.files | {"model.json": sha256(ranker.content())}
    return replace(model, manifest=model.manifest.model_copy(update={"files": files}), ranker=ranker)


def base_raw(table: pa.Table) -> np.ndarray:  # type: ignore[type-arg]  # of floats
    """What version 0 says."""
    return version(0).raw_scores(table)


def lying(number: int) -> Model:
    """Its golden rows say what another version says."""
    return with_ranker(version(number), shifted(version(number), 1.0).ranker)  # type: ignore[arg-type]  # logistic


def constant(number: int) -> Model:
    """It says the same of everybody, as its golden rows do."""
    model, table = fitted()
    ranker = shifted(model, float(number)).ranker
    assert isinstance(ranker, LogisticRanker)
    terms = tuple(replace(term, weight=0.0) for term in ranker.terms)
    return with_golden(with_ranker(model, replace(ranker, terms=terms)), table)


@dataclass
class SpoiledStore:
    """A store that gives other bytes than it was given, of some digests, or none at all."""

    store: ArtifactStore
    scratch: Path
    spoil: dict[str, Callable[[Path], None]] = field(default_factory=dict)
    trouble: Exception | None = None
    pulls: int = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def pull(self, *arguments, **named) -> Path:  # type: ignore[no-untyped-def]  # whatever a store takes
        self.pulls += 1
        if self.trouble:
            raise self.trouble
        folder = self.store.pull(*arguments, **named)
        digest = next((value for value in (*arguments, *named.values()) if value in self.spoil), None)
        if digest is None:
            return folder
        copied = Path(mkdtemp(dir=self.scratch)) / "artifact"
        shutil.copytree(folder, copied)
        self.spoil[digest](copied)
        return copied


def truncate(folder: Path) -> None:
    path = folder / "model.json"
    path.write_bytes(path.read_bytes()[:-100])


@dataclass
class House:
    """A registry and a store of real artifacts, and the models of the companies that a service holds."""

    database: Engine
    store: SpoiledStore
    now: float = 1_000.0

    def shelf(self, company: str) -> ModelShelf:
        return ModelShelf(company, self.database, self.store, "run-1")  # type: ignore[arg-type]  # it works like one

    def keep(
        self, model: Model, company: str = "metro", name: str = OFFERS.model, *, active: bool = True
    ) -> Registered:
        judged = model.manifest.lists or model.manifest
        verdict = ChallengeVerdict(active, "It goes active.", judged.quality["test"], None)
        count = len(registry.versions(self.database, company, name))
        return self.shelf(company).keep(name, model, FIRST + timedelta(days=count), verdict)

    def activate(self, number: int, company: str = "metro", name: str = OFFERS.model) -> None:
        """Without the proof that `recs models activate` asks for."""
        registry.activate(self.database, company, name, number, by="ann", at=AT)

    def holder(self, companies: ServedCompanies) -> RegistryModels:
        def tasks() -> dict[str, RankingTask]:
            strategies = {name: one.company.strategy for name, one in companies.by_name.items()}
            return {name: strategy.model.task for name, strategy in strategies.items() if strategy.model}

        return RegistryModels(
            tasks,
            lambda company, model: self.shelf(company).active(model),
            lambda row, features: self.shelf(row.company).load(row, features),
            clock=lambda: AT,
            monotonic=lambda: self.now,
        )


def house(database: Engine, scratch: Path) -> House:
    return House(database, SpoiledStore(open_artifacts(), scratch))
