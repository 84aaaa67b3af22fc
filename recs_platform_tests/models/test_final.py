"""What serves has learned from the newest days, too; what was judged is kept beside it, as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.models.artifact import ArtifactError, load, prove, save
from recs_platform.models.by_days import held_customers
from recs_platform.models.data import Examples
from recs_platform.models.final import finals_of
from recs_platform.models.metrics import judge
from recs_platform.models.model import Model
from recs_platform.models.training import train
from recs_platform_tests.models.test_artifact import edit
from recs_platform_tests.models.worlds import DAYS, FEATURES, FIRST, PROVENANCE, SETTINGS, linear, read, rows, trained

KINDS = {"logistic": "model.json", "boosted": "model.txt"}
NEW_FROM = FIRST + timedelta(days=DAYS - SETTINGS.test_days)
"""The first day of the test window."""


@pytest.fixture(params=KINDS)
def judged(request: pytest.FixtureRequest) -> Model:
    return next(model for model in trained(linear).models if model.ranker.kind == request.param)


@pytest.fixture
def final(judged: Model) -> Model:
    return final_of(judged, read(rows(linear)))


def final_of(judged: Model, examples: Examples) -> Model:
    (final,) = finals_of([judged], examples)
    return final


@lru_cache(maxsize=1)
def turned() -> pa.Table:
    """From the test window on, successes and failures change places."""
    table = rows(linear)
    new = np.asarray(table["as_of"].to_numpy()) >= np.datetime64(NEW_FROM)
    labels = np.where(new, 1 - table["redeemed"].to_numpy(), table["redeemed"].to_numpy()).astype(np.int8)
    return table.set_column(table.column_names.index("redeemed"), "redeemed", pa.array(labels))


@pytest.mark.parametrize("place", [0, 1], ids=list(KINDS))
def test_it_learns_from_the_days_of_its_judgement(place: int) -> None:
    """Where the world turns round in the test window, the judged model cannot know, and the other one can."""
    examples = read(turned())
    judged = train(examples, SETTINGS, PROVENANCE).models[place]
    assert judged.digest != trained(linear).models[place].digest
    assert judged.ranker.content() == trained(linear).models[place].ranker.content()
    final = final_of(judged, examples)
    new = examples.where(held_customers(examples, SETTINGS.seed) & (examples.days >= np.datetime64(NEW_FROM)))
    of_judged, of_final = (judge(new.labels, model.probabilities(new.table)) for model in (judged, final))
    assert of_final.log_loss < of_judged.log_loss - 0.1


def test_it_is_no_worse_where_nothing_changes(judged: Model, final: Model) -> None:
    fresh = read(rows(linear, count=20_000, seed=8))
    before, now = (judge(fresh.labels, model.probabilities(fresh.table)) for model in (judged, final))
    assert now.log_loss < before.log_loss + 0.002
    assert abs(final.probabilities(fresh.table).mean() - fresh.labels.mean()) < 0.02


def test_customers_apart_do_not_teach(judged: Model, final: Model) -> None:
    """Their labels decide when to stop and what scores are worth, and no weight of a regression."""
    examples = read(rows(linear))
    held = held_customers(examples, SETTINGS.seed)
    others = Examples(**{**vars(examples), "labels": np.where(held, ~examples.labels, examples.labels)})
    same = final_of(judged, others)
    if judged.ranker.kind == "logistic":
        assert same.ranker.content() == final.ranker.content()
    assert same.manifest.calibration != final.manifest.calibration


def test_figures_are_of_the_judged_model_and_it_comes_back_to_the_last_byte(
    judged: Model, final: Model, tmp_path: Path
) -> None:
    assert final.digest != judged.digest
    assert final.manifest.quality == judged.manifest.quality
    save(final, tmp_path / "model")
    loaded = load(tmp_path / "model", FEATURES, digest=final.digest)
    table = rows(linear, count=200, seed=9)
    assert np.array_equal(loaded.probabilities(table), final.probabilities(table))
    assert loaded.judged.digest == judged.digest
    assert np.array_equal(loaded.judged.probabilities(table), judged.probabilities(table))
    assert loaded.contributions(table).sum(axis=1) == pytest.approx(loaded.raw_scores(table))


def test_both_files_are_proved(final: Model, tmp_path: Path) -> None:
    name = KINDS[final.ranker.kind]
    save(final, tmp_path / "model")
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == sorted(
        ["manifest.json", "manifest.json.sha256", name, f"judged_{name}"]
    )
    (tmp_path / "model" / f"judged_{name}").write_bytes(b"x")
    for look in (load, prove):
        with pytest.raises(ArtifactError, match=f"judged_{name}: its bytes are not those"):
            look(tmp_path / "model")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: said.update(judged=None), "it lists the files"),
        (lambda said: said.update(format=3), "laid out in another way"),
        (lambda said: said["judged"].update(kept_negatives=0), "judged.kept_negatives: Input should be greater than 0"),
        (lambda said: said["judged"]["features"].reverse(), "the model that was judged has other features"),
        (lambda said: said["judged"]["features"].pop(), "the model that was judged has other features"),
        (lambda said: said["files"].pop(f"judged_{KINDS[said['kind']]}"), "it lists the files"),
        (lambda said: said["files"].update({"judged_/../model.txt": "0"}), "it lists the files"),
    ],
)
def test_a_twin_of_another_make_is_refused(
    final: Model, tmp_path: Path, change: Callable[[object], None], message: str
) -> None:
    save(final, tmp_path / "model")
    edit(tmp_path / "model", change)
    with pytest.raises(ArtifactError, match=message):
        load(tmp_path / "model", FEATURES)


def test_both_kinds_of_a_training_are_fitted_as_each_alone() -> None:
    examples, models = read(rows(linear)), trained(linear).models
    assert [one.digest for one in finals_of(models, examples)] == [final_of(one, examples).digest for one in models]


def test_the_same_again_gives_the_same(judged: Model, final: Model) -> None:
    assert final_of(judged, read(rows(linear))).digest == final.digest


def test_without_successes_of_customers_apart_the_judged_model_serves(judged: Model) -> None:
    examples = read(rows(linear))
    held = held_customers(examples, SETTINGS.seed)
    none = Examples(**{**vars(examples), "labels": examples.labels & ~held})
    assert final_of(judged, none) is judged


def test_a_judged_model_is_its_own(judged: Model) -> None:
    assert judged.judged is judged
    assert judged.manifest.learned_until < NEW_FROM <= date(2026, 2, 9)
