"""A kind of ranker that the platform has never heard of: it registers itself, and everything works with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from recs_platform.model_registry.scoring import score_for
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.model_registry.train_and_register import ExampleTable, TrainingOrder, train_and_register
from recs_platform.models import kinds
from recs_platform.models.artifact import ArtifactError, load, save
from recs_platform.models.features import Floats
from recs_platform.models.kinds import DEFAULT_KINDS, kind_named, register
from recs_platform.models.ranker import FitData, FitReport, RankerKind
from recs_platform.models.retraining import Reason
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.task import RankingTask
from recs_platform.models.training import train
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform_tests.model_registry.artifacts import layouts_in
from recs_platform_tests.models.worlds import COLUMNS, FEATURES, PROVENANCE, SETTINGS, linear, read, rows, trained

DAY = date(2026, 2, 9)


@dataclass(frozen=True)
class Line:
    """Log-odds along a straight line of the first feature; everything else is ignored."""

    kind: ClassVar[str] = "line"
    features: int
    start: float
    slope: float

    def raw_scores(self, matrix: Floats) -> Floats:
        return self.start + self.slope * np.nan_to_num(matrix[:, 0])

    def contributions(self, matrix: Floats) -> Floats:
        parts = np.zeros((len(matrix), self.features + 1))
        parts[:, 0], parts[:, -1] = self.slope * np.nan_to_num(matrix[:, 0]), self.start
        return parts

    def importance(self) -> Floats:
        return np.eye(self.features)[0]

    def content(self) -> bytes:
        return json.dumps(vars(self)).encode()


def fit_line(data: FitData, settings: TrainingSettings, threads: int) -> tuple[Line, FitReport]:
    """By least squares of the label, which is no good fit and a real one."""
    matrix, labels = data.train
    slope, start = np.polyfit(np.nan_to_num(matrix[:, 0]), labels.astype(float), 1)
    return Line(matrix.shape[1], float(start), float(slope)), {"rows": len(labels)}


LINE = RankerKind("line", "straight line", "line.json", fit_line, lambda content, threads: Line(**json.loads(content)))


@pytest.fixture(autouse=True)
def line_is_registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For one test: others must not find it."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    register(LINE)
    yield


def test_it_is_trained_saved_loaded_and_scores_alike(tmp_path: Path) -> None:
    (model,) = train(read(rows(linear)), SETTINGS, PROVENANCE, kinds=(LINE,)).models
    assert model.manifest.kind == "line"
    assert model.manifest.fitted["rows"] > 1_000
    save(model, tmp_path / "model")
    assert (tmp_path / "model" / "line.json").read_bytes() == model.ranker.content()
    loaded = load(tmp_path / "model", FEATURES, digest=model.digest)
    pairs = rows(linear, count=300, seed=5)
    assert np.array_equal(loaded.probabilities(pairs), model.probabilities(pairs))
    assert loaded.contributions(pairs).sum(axis=1) == pytest.approx(model.raw_scores(pairs))
    # Taste decides most in this world, so even the line is far from guessing.
    assert model.manifest.quality["test"].roc_auc > 0.65


def test_a_training_fits_the_kinds_that_are_asked_for_and_the_others_are_what_they_were() -> None:
    both = train(read(rows(linear)), SETTINGS, PROVENANCE, kinds=(LINE, *DEFAULT_KINDS)).models
    assert [model.manifest.kind for model in both] == ["line", "logistic", "boosted"]
    assert [model.digest for model in both[1:]] == [model.digest for model in trained(linear).models]


def test_a_strategy_trains_and_scores_with_it(tmp_path: Path) -> None:
    database = engine(f"sqlite:///{tmp_path / 'platform.db'}")
    upgrade(database)
    shelf = ModelShelf("metro", database, layouts_in(tmp_path / "artifacts"), "run-1")
    task = RankingTask("reorder", FEATURES, COLUMNS, kinds=(LINE,))
    order = TrainingOrder(DAY, (Reason("weekday", "it is Monday", "weekday:2026-02-09"),), SETTINGS, 0.005)
    outcome = train_and_register(task, ExampleTable("examples", rows(linear)), shelf, order)
    assert (outcome.registered.version, outcome.registered.status) == (1, "active")
    scored = score_for(task, rows(linear, count=50, seed=5), shelf, DAY)
    assert scored is not None
    serving = shelf.load(scored.by, FEATURES)
    assert serving.judged.digest == outcome.training.candidate.digest
    assert serving.ranker.kind == "line"


def test_where_its_code_is_not_loaded_its_models_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (model,) = train(read(rows(linear)), SETTINGS, PROVENANCE, kinds=(LINE,)).models
    save(model, tmp_path / "model")
    monkeypatch.setattr(kinds, "_kinds", {kind.name: kind for kind in DEFAULT_KINDS})
    with pytest.raises(ArtifactError, match=r"no code is loaded for models of the kind 'line'; there is boosted, logi"):
        load(tmp_path / "model")
    with pytest.raises(ValueError, match="no code is loaded for models of the kind 'line'"):
        RankingTask("reorder", FEATURES, COLUMNS, kinds=(LINE,))


def test_a_name_belongs_to_one_kind() -> None:
    assert register(LINE) is LINE
    other = replace(LINE, title="another line")
    with pytest.raises(ValueError, match="line is registered already"):
        register(other)
    assert kind_named("line") is LINE
    with pytest.raises(ValueError, match="another kind is registered as line"):
        RankingTask("reorder", FEATURES, COLUMNS, kinds=(other,))


@pytest.mark.parametrize("asked", [(), (LINE, LINE)])
def test_a_task_names_each_kind_once(asked: tuple[RankerKind, ...]) -> None:
    with pytest.raises(ValueError, match="a task needs a kind of ranker, and each once"):
        RankingTask("reorder", FEATURES, COLUMNS, kinds=asked)
