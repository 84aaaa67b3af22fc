"""A company's models as a run is handed them: real artifacts, a real registry, and every crash between the two."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import dagster as dg
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from sqlalchemy import Engine

from recs_platform.errors import ConfigError, StorageError, UserError
from recs_platform.file_store.bucket import Bucket
from recs_platform.model_registry import registry, scoring
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.oci_layout import Layouts
from recs_platform.model_registry.oci_store import OciStore
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.run_tags import REASONS_TAG, reasons_of, tags_of
from recs_platform.model_registry.scoring import score_for
from recs_platform.model_registry.shelf import ModelShelf, open_shelf
from recs_platform.models.artifact import ArtifactError
from recs_platform.models.challenge import ChallengeVerdict, challenge
from recs_platform.models.features import FeatureSet
from recs_platform.models.model import Model
from recs_platform.models.retraining import Reason, Run
from recs_platform.models.task import RankingTask
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.settings import settings
from recs_platform_tests.model_registry.artifacts import file_of, layouts_in, lose, root_of
from recs_platform_tests.models.worlds import COLUMNS, FEATURES, crossed, linear, rows, trained
from recs_platform_tests.stores.fixtures import Store

MODEL = "offer_ranking"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
REASONS = (
    Reason("weekday", "it is Monday", "weekday:2026-03-02"),
    Reason("drift", 'drifted: "Größe", [taste]', "metro:2026-03-01:sha256:aa"),
)


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    database = engine(f"sqlite:///{tmp_path / 'platform.db'}")
    upgrade(database)
    return ModelShelf("metro", database, layouts_in(tmp_path / "artifacts"), "0123456789abcdef")


def made() -> tuple[Model, ChallengeVerdict]:
    training = trained(linear)
    return training.candidate, challenge(training.candidate, None, training.test, 0.005)


def another(model: Model) -> Model:
    """The same model by its scores, and another one by its digest."""
    return replace(model, manifest=model.manifest.model_copy(update={"code_version": "1.0.1"}))


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def test_what_is_kept_can_be_loaded_and_is_what_was_trained(shelf: ModelShelf) -> None:
    model, verdict = made()
    kept = shelf.keep(MODEL, model, MONDAY, verdict)
    assert (kept.repository, kept.tag) == ("metro-offer_ranking", "1")
    assert file_of(shelf, kept).parent == root_of(shelf) / "metro-offer_ranking" / "blobs" / "sha256"
    assert shelf.artifacts.tagged("metro-offer_ranking", "1") == kept.artifact_digest
    assert (kept.company, kept.version, kept.status, kept.digest) == ("metro", 1, "active", model.digest)
    assert (kept.as_of, kept.run_id, kept.by, kept.code_version) == (MONDAY, shelf.run_id, "run 01234567", "1.0.0")
    assert kept.metrics["candidate"]["roc_auc"] == model.manifest.quality["test"].roc_auc
    assert kept.metrics["champion"] is None
    assert [feature["name"] for feature in kept.features] == list(FEATURES.names)
    test = trained(linear).test.examples.table
    assert (shelf.load(kept, FEATURES).raw_scores(test) == model.raw_scores(test)).all()


def test_what_a_killed_training_left_in_the_temporary_folder_is_swept(
    shelf: ModelShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("recs-artifact-killed", "recs-artifact-going", "somebody-elses"):
        (tmp_path / name / "artifact").mkdir(parents=True)
    for name in ("recs-artifact-killed", "somebody-elses"):
        os.utime(tmp_path / name, (0, 0))
    model, verdict = made()
    shelf.keep(MODEL, model, MONDAY, verdict)
    left = {path.name for path in tmp_path.iterdir()}
    assert "recs-artifact-killed" not in left
    assert {"recs-artifact-going", "somebody-elses"} <= left


@pytest.mark.parametrize("kind", ["logistic", "boosted"])
def test_threads_change_no_bit_of_a_score(shelf: ModelShelf, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scoring takes the cores that the process may use; whoever loads a model for something else gets one."""
    loaded: list[int] = []

    class Watched(ModelShelf):
        def load(self, registered: Registered, features: FeatureSet, *, threads: int = 1) -> Model:
            loaded.append(threads)
            return super().load(registered, features, threads=threads)

    training, (_, verdict) = trained(crossed), made()
    model = next(model for model in training.models if model.ranker.kind == kind)
    kept = shelf.keep(MODEL, model, MONDAY, verdict)
    task, pairs = RankingTask(MODEL, FEATURES, COLUMNS), rows(crossed, count=20_000, seed=3)
    alone = shelf.load(kept, FEATURES).raw_scores(pairs)
    watched = Watched(**vars(shelf))
    for cores in (1, 2, 5):
        monkeypatch.setattr(scoring, "cores", lambda cores=cores: cores)
        scored = score_for(task, pairs, watched, MONDAY)
        assert scored is not None
        assert np.array_equal(scored.raw, alone)
    assert loaded == [1, 2, 5]
    if kind == "boosted":
        assert [getattr(shelf.load(kept, FEATURES, threads=n).ranker, "threads", 0) for n in (1, 2)] == [1, 2]


def test_a_second_call_changes_nothing(shelf: ModelShelf) -> None:
    model, verdict = made()
    kept = shelf.keep(MODEL, model, MONDAY, verdict)
    later = replace(shelf, run_id="another run")
    assert later.keep(MODEL, model, MONDAY, replace(verdict, activate=False, words="otherwise")) == kept
    assert later.kept(MODEL, MONDAY, model.digest) == kept
    assert later.kept(MODEL, TUESDAY, model.digest) is None
    assert len(registry.versions(shelf.database, "metro")) == 1


def test_a_refused_model_takes_the_place_of_one_that_is_gone(shelf: ModelShelf) -> None:
    model, verdict = made()
    first = shelf.keep(MODEL, model, MONDAY, verdict)
    refused = shelf.keep(MODEL, another(model), TUESDAY, replace(verdict, activate=False, words="worse"))
    assert (refused.status, refused.champion) == ("candidate", first.version)
    taken = shelf.keep(MODEL, another(model), TUESDAY, replace(verdict, words="what it was worse than is gone"))
    assert (taken.version, taken.status, taken.words) == (2, "active", "what it was worse than is gone")
    assert taken.metrics["activate"]
    assert shelf.rollback(MODEL, FEATURES, by="ann").version == 1
    # What people made of it since stays.
    assert shelf.keep(MODEL, another(model), TUESDAY, verdict).status == "retired"


def test_artifacts_may_move(shelf: ModelShelf) -> None:
    model, verdict = made()
    kept = shelf.keep(MODEL, model, MONDAY, verdict)
    moved = root_of(shelf).rename(root_of(shelf).with_name("elsewhere"))
    assert replace(shelf, artifacts=layouts_in(moved)).load(kept, FEATURES).digest == model.digest


def test_the_active_version_needs_no_day(shelf: ModelShelf) -> None:
    model, verdict = made()
    assert shelf.active(MODEL) is None
    first = shelf.keep(MODEL, model, TUESDAY, verdict)
    assert shelf.active(MODEL) == first
    assert shelf.serving(MODEL, MONDAY) is None, "it was trained for a later day"
    shelf.keep(MODEL, another(model), TUESDAY, replace(verdict, activate=False))
    assert shelf.active(MODEL) == first
    shelf.activate(MODEL, 2, FEATURES, by="ann")
    assert shelf.active(MODEL) == shelf.serving(MODEL, TUESDAY)
    assert shelf.active("another model") is None


def test_the_model_before(shelf: ModelShelf) -> None:
    model, verdict = made()
    first = shelf.keep(MODEL, model, MONDAY, verdict)
    assert shelf.before(first) is None
    second = shelf.keep(MODEL, another(model), TUESDAY, verdict)
    assert shelf.before(second) == replace(first, status="retired")
    assert shelf.serving(MODEL, MONDAY) == replace(first, status="retired")
    assert shelf.serving(MODEL, TUESDAY) == second
    shelf.rollback(MODEL, FEATURES, by="ann")
    shelf.activate(MODEL, 2, FEATURES, by="ann")
    # What it was judged against does not change with what people do later: a day made twice gives the same.
    there = shelf.serving(MODEL, TUESDAY)
    assert there is not None
    assert (there.version, there.champion) == (2, 1)


def test_companies_share_nothing(shelf: ModelShelf) -> None:
    model, verdict = made()
    shelf.keep(MODEL, model, MONDAY, verdict)
    other = replace(shelf, company="other")
    assert other.serving(MODEL, MONDAY) is None
    assert other.kept(MODEL, MONDAY, model.digest) is None
    kept = other.keep(MODEL, model, MONDAY, verdict)
    assert file_of(other, kept).is_relative_to(root_of(shelf) / "other-offer_ranking")


def test_killed_before_the_commit_leaves_the_former_one_active(
    shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, verdict = made()
    first = shelf.keep(MODEL, model, MONDAY, verdict)

    def break_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        # The former one has left its place by then.
        patch.setattr(registry, "_activate", break_off)
        shelf.keep(MODEL, another(model), TUESDAY, verdict)
    assert registry.versions(shelf.database, "metro") == (first,)
    assert shelf.keep(MODEL, another(model), TUESDAY, verdict).status == "active"


def test_a_damaged_artifact_is_told_and_mended_by_training_again(shelf: ModelShelf) -> None:
    model, verdict = made()
    kept = shelf.keep(MODEL, model, MONDAY, verdict)
    assert shelf.load(kept, FEATURES).digest == model.digest, "and its copy hides nothing"
    damage(file_of(shelf, kept))
    with pytest.raises(ArtifactError, match="its bytes are not those that"):
        shelf.load(kept, FEATURES)
    assert shelf.keep(MODEL, model, MONDAY, verdict) == kept
    assert shelf.load(kept, FEATURES).digest == model.digest
    lose(shelf, kept)
    shelf.keep(MODEL, model, MONDAY, verdict)
    assert shelf.load(kept, FEATURES).digest == model.digest


def test_an_artifact_in_the_place_of_another_is_told(shelf: ModelShelf) -> None:
    model, verdict = made()
    kept = shelf.keep(MODEL, model, MONDAY, verdict)
    other = shelf.keep(MODEL, another(model), TUESDAY, verdict)
    with pytest.raises(ArtifactError, match=f"its digest is not {model.digest}"):
        shelf.load(replace(kept, artifact_digest=other.artifact_digest), FEATURES)


def test_where_nothing_can_be_stored_nothing_is_registered(shelf: ModelShelf) -> None:
    model, verdict = made()
    root_of(shelf).touch()
    with pytest.raises(StorageError) as error:
        shelf.keep(MODEL, model, MONDAY, verdict)
    assert "metro: the trained offer_ranking cannot be stored in" in str(error.value)
    assert "the active model stays" in str(error.value)
    assert registry.versions(shelf.database, "metro") == ()


@pytest.mark.parametrize("broken", ["damaged", "gone", "other features"])
def test_a_version_that_could_not_score_is_not_activated(shelf: ModelShelf, broken: str) -> None:
    model, verdict = made()
    first = shelf.keep(MODEL, model, MONDAY, verdict)
    second = shelf.keep(MODEL, another(model), TUESDAY, verdict)
    features = FEATURES
    if broken == "damaged":
        damage(file_of(shelf, first))
    elif broken == "gone":
        lose(shelf, first)
    else:
        features = FeatureSet(FEATURES.specs[::-1])
    with pytest.raises(ArtifactError):
        shelf.activate(MODEL, 1, features, by="ann")
    with pytest.raises(ArtifactError):
        shelf.rollback(MODEL, features, by="ann")
    assert shelf.serving(MODEL, TUESDAY) == second


def test_a_copy_on_this_machine_is_not_enough_to_go_active(shelf: ModelShelf, tmp_path: Path) -> None:
    """Other machines have none. What is active already goes on by it."""
    layouts = Layouts(Bucket(f"file://{tmp_path / 'bucket'}", "RECS_FILES_URL"))
    far = replace(shelf, artifacts=OciStore(layouts, Copies(tmp_path / "copies")))
    model, verdict = made()
    first = far.keep(MODEL, model, MONDAY, verdict)
    second = far.keep(MODEL, another(model), TUESDAY, verdict)
    for version in (first, second):
        far.load(version, FEATURES)
    layouts.files.remove(list(layouts.files.listed("metro-offer_ranking/blobs")))
    assert far.load(second, FEATURES).digest == second.digest
    for ask in (lambda: far.activate(MODEL, 1, FEATURES, by="ann"), lambda: far.rollback(MODEL, FEATURES, by="ann")):
        with pytest.raises(ArtifactError, match="it is not there"):
            ask()
    assert far.active(MODEL) == second


def test_a_person_activates_and_goes_back(shelf: ModelShelf) -> None:
    model, verdict = made()
    shelf.keep(MODEL, model, MONDAY, verdict)
    shelf.keep(MODEL, another(model), TUESDAY, replace(verdict, activate=False))
    assert (shelf.activate(MODEL, 2, FEATURES, by="ann").by, shelf.serving(MODEL, TUESDAY).version) == ("ann", 2)  # type: ignore[union-attr]
    assert shelf.rollback(MODEL, FEATURES, by="bob").version == 1
    with pytest.raises(UserError, match="version 1 of offer_ranking is active already"):
        shelf.rollback(MODEL, FEATURES, to=1, by="bob")


def test_going_back_from_an_older_version_comes_round_to_it(shelf: ModelShelf) -> None:
    model, verdict = made()
    shelf.keep(MODEL, model, MONDAY, verdict)
    shelf.keep(MODEL, another(model), TUESDAY, verdict)
    shelf.activate(MODEL, 1, FEATURES, by="ann")
    assert [shelf.rollback(MODEL, FEATURES, by="bob").version for _ in range(3)] == [2, 1, 2]


def test_trainings_are_told_as_the_decision_to_train_wants_them(shelf: ModelShelf) -> None:
    shelf.begin(MODEL, TUESDAY, REASONS[1:])
    shelf.begin(MODEL, MONDAY, REASONS[:1])
    shelf.end(MODEL, MONDAY, "trained", "It goes active.")
    shelf.begin(MODEL, MONDAY, REASONS[1:])
    assert shelf.trainings(MODEL) == (Run(MONDAY, REASONS), Run(TUESDAY, REASONS[1:]))


def test_the_shelf_of_the_environment(own_home: Path) -> None:
    opened = open_shelf("metro", run_id="run-1", asked=REASONS)
    assert (opened.company, opened.run_id, opened.asked) == ("metro", "run-1", REASONS)
    assert root_of(opened) == own_home / "artifacts"
    assert opened.serving(MODEL, MONDAY) is None
    opened.database.dispose()


@pytest.mark.slow
def test_the_shelf_of_an_environment_whose_files_are_in_a_bucket(
    store: Store, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one machine has trained is scored, and given up, on another."""
    monkeypatch.setenv("RECS_FILES_URL", store.new_folder())
    settings.cache_clear()
    model, verdict = made()
    trained_here = open_shelf("metro", run_id="run-1")
    kept = trained_here.keep(MODEL, model, MONDAY, verdict)
    assert not (own_home / "artifacts").exists()
    shutil.rmtree(own_home / "scratch", ignore_errors=True)
    elsewhere = open_shelf("metro", run_id="run-2")
    serving = elsewhere.serving(MODEL, TUESDAY)
    assert serving == kept
    assert elsewhere.load(serving, FEATURES).digest == model.digest
    assert trained_here.keep(MODEL, model, MONDAY, verdict) == kept
    trained_here.database.dispose()
    elsewhere.database.dispose()


def test_the_registry_is_the_same_on_every_engine(platform_db: Engine, tmp_path: Path) -> None:
    model, verdict = made()
    opened = ModelShelf("metro", platform_db, layouts_in(tmp_path / "artifacts"), "run-1")
    kept = opened.keep(MODEL, model, MONDAY, verdict)
    assert opened.serving(MODEL, TUESDAY) == opened.kept(MODEL, MONDAY, model.digest) == kept


def test_reasons_travel_with_a_run() -> None:
    @dg.op
    def nothing() -> None: ...

    @dg.job
    def training() -> None:
        nothing()

    result = training.execute_in_process(tags=tags_of(REASONS))
    assert reasons_of(result.dagster_run.tags) == REASONS


def test_a_run_that_nobody_reasons_of() -> None:
    assert reasons_of({}) == reasons_of({"dagster/partition": "2026-03-02|metro"}) == ()


_WORDS = st.text(st.characters(codec="utf-8"), max_size=30)


@given(st.lists(st.builds(Reason, st.sampled_from(["drift", "volume"]), _WORDS, _WORDS), max_size=3).map(tuple))
def test_any_words_come_back(reasons: tuple[Reason, ...]) -> None:
    assert reasons_of(tags_of(reasons)) == reasons


def test_a_tag_that_somebody_typed_wrong() -> None:
    with pytest.raises(ConfigError, match="recs/training_reasons is not a list of reasons"):
        reasons_of({REASONS_TAG: "drift"})
