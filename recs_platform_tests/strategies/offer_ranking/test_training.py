"""The day's training on a real shelf: what goes active, what does not, and what is left untouched."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recs_platform import __version__
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.data import examples
from recs_platform.models.provenance import content_hash
from recs_platform.models.retraining import Reason
from recs_platform.strategies.offer_ranking.features import FEATURES, TASK
from recs_platform.strategies.training.summary import show_training
from recs_platform_tests.model_registry.artifacts import file_of, files_named, root_of
from recs_platform_tests.strategies.offer_ranking.market import (
    ASKED,
    CLOSED_FROM,
    CLOSED_TO,
    DAY,
    impressions,
    metro,
    one_class,
    outcomes,
    shelf,
    train,
    versions,
    with_column,
)

NEXT = DAY + timedelta(days=7)


@pytest.fixture
def models(tmp_path: Path) -> ModelShelf:
    return shelf(tmp_path)


def deaf(table: pa.Table) -> pa.Table:
    """Of the days before the test window most outcomes are drawn by lot, so little can be learned from them; the test
    window is as it was."""
    late = np.asarray(table["shown_on"]) >= np.datetime64(pc.max(table["shown_on"]).as_py() - timedelta(days=13))
    labels = table["label"].to_pylist()
    rng = np.random.default_rng(1)
    true, noise = rng.random(len(labels)) < 0.3, rng.random(len(labels)) < np.mean([label or 0 for label in labels])
    return with_column(
        table,
        "label",
        [
            label if ends or was_true else int(chance)
            for label, ends, was_true, chance in zip(labels, late, true, noise, strict=True)
        ],
    )


def test_a_day_that_nothing_asks_to_train_touches_nothing(models: ModelShelf) -> None:
    assert train(models, impressions(), asked=()) == []
    assert versions(models) == []
    assert outcomes(models) == []
    assert not root_of(models).exists()


def test_the_first_model_goes_active(models: ModelShelf) -> None:
    chosen, other = train(models, impressions())
    assert (chosen["kind"], chosen["outcome"], chosen["version"]) == ("boosted", "activated", 1)
    assert (other["kind"], other["outcome"], other["version"], other["digest"]) == (
        "logistic",
        "not chosen",
        None,
        None,
    )
    assert other["words"].startswith(
        f"Not chosen: ROC AUC {other['roc_auc']:.4f}, against {chosen['roc_auc']:.4f} of the boosted trees. It is "
        "worse than the boosted trees, ROC AUC -0."
    )
    assert chosen["roc_auc"] > other["roc_auc"] + 0.1
    assert chosen["champion_digest"] is None
    assert chosen["words"].startswith("No model is active, so the new one goes active: ROC AUC 0.")
    assert {row["asked_by"] for row in (chosen, other)} == {"it is Monday"}
    assert outcomes(models) == [(DAY, "trained")]
    serving = models.serving(TASK.model, DAY)
    assert serving is not None
    assert serving.digest == chosen["digest"]


def test_the_manifest_says_what_was_read(models: ModelShelf) -> None:
    """Only impressions whose seven days are over, in windows that leave a gap as long as a label takes."""
    table = impressions()
    chosen, _ = train(models, table, company=metro(negatives_per_positive=1.0))
    serving = models.serving(TASK.model, DAY)
    assert serving is not None
    manifest = models.load(serving, FEATURES).manifest
    read = manifest.snapshot["training_set"]
    closed = table.filter(pc.is_valid(table["label"]))
    assert read["days"] == [CLOSED_FROM.isoformat(), CLOSED_TO.isoformat()]
    assert read["rows"] == closed.num_rows < table.num_rows
    assert read["positives"] == pc.sum(closed["label"]).as_py()
    assert manifest.code_version == __version__
    days = {name: (window.first, window.last) for name, window in manifest.windows.items()}
    assert days == {
        "train": (CLOSED_FROM, CLOSED_TO - timedelta(days=21)),
        "validation": (CLOSED_TO - timedelta(days=20), CLOSED_TO - timedelta(days=14)),
        "test": (CLOSED_TO - timedelta(days=6), CLOSED_TO),
    }
    assert (chosen["test_from"], chosen["test_to"]) == days["test"]
    assert (chosen["train_rows"], chosen["test_rows"]) == (
        manifest.windows["train"].rows,
        manifest.windows["test"].rows,
    )
    quality = manifest.quality["test"]
    assert manifest.kept_negatives < 0.6
    assert quality.mean_probability == pytest.approx(quality.base_rate, abs=0.03), "corrected for what was left out"


def test_a_day_that_is_made_again_says_the_same(models: ModelShelf) -> None:
    first = train(models, impressions())
    worse = train(models, deaf(impressions(day=NEXT)), day=NEXT)
    train(models, impressions(day=NEXT + timedelta(days=7), seed=9), day=NEXT + timedelta(days=7))
    assert train(models, impressions()) == first
    assert train(models, deaf(impressions(day=NEXT)), day=NEXT) == worse
    assert versions(models) == [(3, "active"), (2, "candidate"), (1, "retired")]


@pytest.mark.slow
def test_the_same_data_give_the_same_digest_in_another_process(models: ModelShelf, tmp_path: Path) -> None:
    """There the rows come in another order and in other chunks."""
    program = """
import sys
from pathlib import Path
import pyarrow as pa
from recs_platform_tests.strategies.offer_ranking.market import impressions, shelf, train
rows = impressions()
rows = pa.concat_tables([rows.slice(3000), rows.slice(0, 1000), rows.slice(1000, 2000)])
print(train(shelf(Path(sys.argv[1])), rows)[0]["digest"])
"""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, str(elsewhere)], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == train(models, impressions())[0]["digest"]


@pytest.mark.parametrize(
    "change",
    [
        lambda table: with_column(table, "monetary", [v + 1e-9 for v in table["monetary"].to_pylist()]),
        lambda table: with_column(table, "category", [None, *table["category"].to_pylist()[1:]]),
        lambda table: with_column(table, "impression_id", ["J", *table["impression_id"].to_pylist()[1:]]),
        lambda table: with_column(table, "customer_id", ["C", *table["customer_id"].to_pylist()[1:]]),
    ],
    ids=["number", "category", "id", "customer"],
)
def test_another_value_is_another_hash(change: Callable[[pa.Table], pa.Table]) -> None:
    """Of a number, a category, or whom an example is about: even where the models would be the same."""
    closed = impressions(500).filter(pc.is_valid(impressions(500)["label"]))
    first, other = (content_hash(examples(table, FEATURES, TASK.columns)) for table in (closed, change(closed)))
    assert first != other


def test_a_worse_model_does_not_take_the_place_of_a_better_one(models: ModelShelf) -> None:
    (first, _), (chosen, _) = train(models, impressions()), train(models, deaf(impressions(day=NEXT)), day=NEXT)
    assert (chosen["outcome"], chosen["version"]) == ("worse", 2)
    assert chosen["champion_digest"] == first["digest"]
    assert chosen["champion_roc_auc"] > chosen["roc_auc"] + 0.1
    assert "beyond the tolerance of 0.005, so the active model stays" in chosen["words"]
    serving = models.serving(TASK.model, NEXT)
    assert serving is not None
    assert serving.version == 1
    assert versions(models) == [(2, "candidate"), (1, "active")]


def test_within_the_tolerance_it_does(models: ModelShelf) -> None:
    train(models, impressions())
    chosen, _ = train(models, deaf(impressions(day=NEXT)), day=NEXT, company=metro(model_tolerance=0.5))
    assert chosen["outcome"] == "activated"
    assert "within the tolerance of 0.5" in chosen["words"]
    assert versions(models) == [(2, "active"), (1, "retired")]


def test_a_training_that_gives_the_active_model_again_adds_no_version(models: ModelShelf) -> None:
    """Days without offers have no new impressions; those that are there are the same the day after."""
    first, _ = train(models, impressions())
    again = train(models, impressions(), day=DAY + timedelta(days=1))
    assert (again[0]["outcome"], again[0]["version"], again[0]["digest"]) == ("active already", 1, first["digest"])
    assert again[0]["champion_roc_auc"] == again[0]["roc_auc"] == first["roc_auc"]
    assert again[0]["words"] == "It is the model that is active already, version 1."
    assert train(models, impressions(), day=DAY + timedelta(days=1)) == again
    assert versions(models) == [(1, "active")]


def test_an_active_model_that_cannot_be_loaded_counts_as_none(models: ModelShelf) -> None:
    train(models, impressions())
    (stored,) = files_named(root_of(models), "model.txt")
    stored.write_text(stored.read_text().replace("leaf_value=", "leaf_value=9", 1))
    rows = train(models, impressions(day=NEXT), day=NEXT)
    assert (rows[0]["outcome"], rows[0]["version"], rows[0]["champion_digest"]) == ("activated", 2, None)
    assert rows[0]["words"].startswith(
        "Version 1 cannot be used (its bytes are not those that the manifest names), so it counts as none."
    )
    assert train(models, impressions(day=NEXT), day=NEXT) == rows


def test_a_model_that_was_worse_serves_when_the_better_one_is_damaged(models: ModelShelf) -> None:
    train(models, impressions())
    assert train(models, deaf(impressions(day=NEXT)), day=NEXT)[0]["outcome"] == "worse"
    better = models.serving(TASK.model, NEXT)
    assert better is not None
    file_of(models, better).unlink()
    rows = train(models, deaf(impressions(day=NEXT)), day=NEXT)
    assert (rows[0]["outcome"], rows[0]["version"]) == ("activated", 2)
    assert rows[0]["words"].startswith("Version 1 cannot be used")
    assert versions(models) == [(2, "active"), (1, "retired")]
    assert train(models, deaf(impressions(day=NEXT)), day=NEXT) == rows


def test_a_damaged_artifact_is_mended_by_its_own_day(models: ModelShelf) -> None:
    first = train(models, impressions())
    (stored,) = files_named(root_of(models), "model.txt")
    stored.unlink()
    assert train(models, impressions()) == first
    serving = models.serving(TASK.model, DAY)
    assert serving is not None
    assert models.load(serving, FEATURES).digest == first[0]["digest"]


def test_all_that_asked_is_recorded(models: ModelShelf) -> None:
    drift = Reason("drift", "drifted: discount_depth", "drift:metro:2025-11-30")
    chosen, _ = train(models, impressions(), asked=(*ASKED, drift))
    assert chosen["asked_by"] == "drifted: discount_depth; it is Monday"
    assert [set(run.reasons) for run in models.trainings(TASK.model)] == [{*ASKED, drift}]


def test_what_a_training_says(models: ModelShelf) -> None:
    assert show_training([]).words == "No training was asked for: the serving model stays."
    refused = show_training(train(models, one_class()))
    assert refused.words.startswith("Asked by: it is Monday. Nothing was trained, and no model serves: the examples")
    assert refused.picture is None
    train(models, impressions())
    rows = train(models, impressions(day=NEXT), day=NEXT)
    shown = show_training(rows)
    assert "ROC AUC says how well pairs are sorted, not whether the offers shown are good" in shown.words
    assert shown.picture is not None
    for label in ("boosted trees", "logistic regression", "active before"):
        assert label.encode() in shown.picture
