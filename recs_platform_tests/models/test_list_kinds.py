"""What all kinds promise of a task that is judged by its lists, and what a blend and trees of order are alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recs_platform.models import blend, lambdarank
from recs_platform.models.artifact import ArtifactError, load, save
from recs_platform.models.blend import BLEND, BlendedRanker, RankCurve, rank_curve
from recs_platform.models.features import Floats
from recs_platform.models.final import finals_of
from recs_platform.models.lambdarank import by_list
from recs_platform.models.manifest import sha256
from recs_platform.models.model import Model
from recs_platform.models.settings import SampledSettings
from recs_platform.models.training import train
from recs_platform_tests.models.list_worlds import FEATURES, PROVENANCE, TASK, habits, read, rows, train_on, trained
from recs_platform_tests.models.test_artifact import edit

KINDS = [kind.name for kind in TASK.kinds]
DIGESTS = """
from recs_platform_tests.models.list_worlds import habits, trained
print(*(model.digest for model in trained(habits).models))
"""


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> Model:
    return next(model for model in trained(habits).models if model.ranker.kind == request.param)


@pytest.fixture(scope="module")
def pairs() -> pa.Table:
    """Pairs that no model has seen, the last with nothing known."""
    table = rows(habits, clients=20, items=15, seed=9).select(list(FEATURES.names))
    blank = pa.table({field.name: pa.nulls(1, field.type) for field in table.schema})
    return pa.concat_tables([table, blank])


@pytest.mark.slow
def test_threads_and_the_order_of_rows_change_no_byte() -> None:
    table = rows(habits)
    mixed = table.take(np.random.default_rng(1).permutation(table.num_rows))
    again = train_on(mixed, threads=2)
    assert [model.ranker.content() for model in again.models] == [
        one.ranker.content() for one in trained(habits).models
    ]
    assert [model.digest for model in again.models] == [model.digest for model in trained(habits).models]
    finals = [finals_of(again.models, read(of), TASK.design, threads) for of, threads in ((table, 1), (mixed, 2))]
    assert [one.digest for one in finals[0]] == [one.digest for one in finals[1]]


@pytest.mark.slow
def test_another_process_gives_the_same_digests() -> None:
    """It differs in the seed of Python's hashes, and in how many threads numpy may use."""
    told = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        env={**os.environ, "PYTHONHASHSEED": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.split() == [model.digest for model in trained(habits).models]


def test_a_stored_model_scores_the_same_to_the_last_bit(model: Model, pairs: pa.Table, tmp_path: Path) -> None:
    save(model, tmp_path / "model")
    loaded = load(tmp_path / "model", FEATURES, digest=model.digest, threads=2)
    assert np.array_equal(loaded.raw_scores(pairs), model.raw_scores(pairs))
    assert np.array_equal(loaded.contributions(pairs), model.contributions(pairs))
    assert loaded.manifest == model.manifest
    assert (loaded.manifest.format, loaded.manifest.calibration) == (5, None)
    assert loaded.manifest.split == {"rule": "groups", "validation": 0.25, "test": 0.25, "salt": "parts"}


@pytest.mark.slow
def test_trees_that_see_a_part_of_rows_and_features_are_the_same_with_two_threads(
    pairs: pa.Table, tmp_path: Path
) -> None:
    settings = SampledSettings(negatives_per_positive=None, most_trees=40, patience=15, rows_per_leaf=20, leaves=7)
    once, again = (
        train(read(rows(habits)), settings, PROVENANCE, kinds=TASK.kinds, design=TASK.design, threads=threads).models
        for threads in (1, 2)
    )
    assert [model.digest for model in once] == [model.digest for model in again]
    for number, model in enumerate(once):
        assert model.ranker.content() != trained(habits).models[number].ranker.content()
        save(model, tmp_path / model.manifest.kind)
        loaded = load(tmp_path / model.manifest.kind, FEATURES, digest=model.digest)
        assert loaded.manifest.settings == settings
        assert np.array_equal(loaded.raw_scores(pairs), model.raw_scores(pairs))


def test_each_setting_of_the_sample_reaches_the_trees() -> None:
    usual = SampledSettings(negatives_per_positive=None, most_trees=5)
    others = ({"feature_share": 0.5}, {"row_share": 0.5}, {"leaf_penalty": 50.0})
    examples = read(rows(habits, clients=300))
    found = [
        train(examples, usual.model_copy(update=other), PROVENANCE, kinds=TASK.kinds[1:2], design=TASK.design)
        for other in ({}, *others)
    ]
    assert len({training.models[0].ranker.content() for training in found}) == 4


def test_what_serves_comes_back_with_its_twin(model: Model, pairs: pa.Table, tmp_path: Path) -> None:
    (final,) = finals_of([model], read(rows(habits)), TASK.design)
    save(final, tmp_path / "model")
    loaded = load(tmp_path / "model", FEATURES, digest=final.digest)
    assert loaded.judged.digest == model.digest != final.digest
    assert np.array_equal(loaded.raw_scores(pairs), final.raw_scores(pairs))
    assert np.array_equal(loaded.judged.raw_scores(pairs), model.raw_scores(pairs))
    assert not np.array_equal(loaded.raw_scores(pairs), loaded.judged.raw_scores(pairs))
    assert final.manifest.lists == model.manifest.lists


@pytest.mark.parametrize("batch", [1, 7])
def test_batches_score_as_the_whole(model: Model, pairs: pa.Table, batch: int) -> None:
    assert np.array_equal(model.raw_scores(pairs, batch), model.raw_scores(pairs))
    assert np.array_equal(model.contributions(pairs, batch), model.contributions(pairs))


def test_contributions_add_up(model: Model, pairs: pa.Table) -> None:
    parts = model.contributions(pairs)
    assert parts.shape == (len(pairs), len(FEATURES.names) + 1)
    assert np.abs(parts.sum(axis=1) - model.raw_scores(pairs)).max() < 1e-6
    assert np.ptp(parts[:, -1]) < 1e-12


def test_contributions_point_where_the_truth_does(model: Model) -> None:
    pairs = rows(habits, clients=20, seed=8)
    due = np.asarray(pairs["due"].to_numpy())
    said = model.contributions(pairs)[:, 0]
    assert said[due > 1].min() > 0 > said[due < -1].max()


def test_no_pairs_have_no_scores(model: Model, pairs: pa.Table) -> None:
    assert model.raw_scores(pairs.slice(0, 0)).shape == (0,)
    assert model.contributions(pairs.slice(0, 0)).shape == (0, 5)


def test_importance_names_what_decides(model: Model) -> None:
    assert sum(model.importance().values()) == pytest.approx(1)
    assert model.importance()["due"] + model.importance()["own_frequency"] > 0.6


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda parts: parts.reverse(), "it is not made of boosted and lambdarank"),
        (lambda parts: parts.pop(), "it is not made of boosted and lambdarank"),
        (lambda parts: parts[0]["scores"].reverse(), "a curve rises"),
        (lambda parts: parts[0]["heights"].pop(), "a curve has a height for each score"),
        (lambda parts: parts[1].update(content=parts[1]["content"][:-40]), "the text of the trees is not whole"),
        (lambda parts: parts[1].pop("content"), "content"),
    ],
)
def test_a_blend_of_another_make_is_refused(tmp_path: Path, spoil: object, message: str) -> None:
    blended = trained(habits).models[2]
    save(blended, tmp_path / "model")
    said = json.loads(blended.ranker.content())
    spoil(said["parts"])  # type: ignore[operator]
    content = json.dumps(said).encode()
    (tmp_path / "model" / BLEND.file).write_bytes(content)
    edit(tmp_path / "model", lambda manifest: manifest["files"].update({BLEND.file: sha256(content)}))
    with pytest.raises(ArtifactError, match=f"it is not a blend model .*{message}"):
        load(tmp_path / "model")


def test_a_blend_is_made_of_the_very_rankers_that_stand_beside_it() -> None:
    boosted, ranking, blended = (model.ranker for model in trained(habits).models)
    assert isinstance(blended, BlendedRanker)
    assert [id(part) for part in blended.parts] == [id(boosted), id(ranking)], "each is fitted once"


scores = arrays(np.float64, st.integers(1, 60), elements=st.integers(-20, 20).map(lambda number: number / 4))


@given(reference=scores, asked=scores)
def test_ranks_keep_the_order_also_of_what_they_never_saw(reference: Floats, asked: Floats) -> None:
    curve = rank_curve(reference)
    heights = curve(asked)
    assert np.array_equal(curve(asked[:1]), heights[:1])
    if len(curve.scores) > 1:
        assert np.array_equal(np.unique(asked, return_inverse=True)[1], np.unique(heights, return_inverse=True)[1])
    else:
        assert np.ptp(heights) == 0


def test_a_rank_is_the_share_that_is_placed_above() -> None:
    reference = np.random.default_rng(2).normal(size=5_000)
    curve = rank_curve(reference)
    assert len(curve.scores) < 120
    for share in (0.5, 0.1, 0.01, 0.002):
        at = np.quantile(reference, 1 - share)
        assert np.exp(-curve(np.array([at])))[0] == pytest.approx(share, rel=0.07)


def test_some_of_many_examples_say_enough_of_ranks(pairs: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blend, "MOST_RANKED", 800)
    every, some = trained(habits).models[2], train_on(rows(habits)).models[2]
    assert isinstance(every.ranker, BlendedRanker) and isinstance(some.ranker, BlendedRanker)
    assert [len(curve.scores) for curve in some.ranker.curves] < [len(curve.scores) for curve in every.ranker.curves]
    assert np.corrcoef(every.raw_scores(pairs), some.raw_scores(pairs))[0, 1] > 0.98


def test_half_a_curve_is_none() -> None:
    with pytest.raises(ValueError, match="a height for each score"):
        RankCurve((), ())


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(1, 9))
def test_rows_are_brought_together_by_list_and_long_lists_are_cut(lists: list[int], longest: int) -> None:
    of = np.array(lists)
    matrix, labels = np.arange(len(of), dtype=float)[:, None], np.zeros(len(of), bool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lambdarank, "LONGEST", longest)
        (brought, _), told = by_list((matrix, labels), of)
    order, sizes = brought[:, 0].astype(int), np.array(told["group"])
    assert sorted(order) == list(range(len(of)))
    assert sizes.sum() == len(of) and 0 < sizes.min() <= sizes.max() <= longest
    ends = np.cumsum(sizes)
    for start, end in zip(ends - sizes, ends, strict=True):
        assert len(set(of[order[start:end]])) == 1
        assert (np.diff(order[start:end]) > 0).all()
    assert len(sizes) == sum(-(-lists.count(one) // longest) for one in set(lists))
