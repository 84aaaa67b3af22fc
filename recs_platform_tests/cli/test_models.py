"""`recs models`: what is listed, and which version serves from now on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from recs_platform.model_registry.shelf import open_shelf
from recs_platform.models.challenge import ChallengeVerdict, challenge
from recs_platform.models.data import examples
from recs_platform.models.features import FeatureSpec
from recs_platform.models.list_quality import ListQuality
from recs_platform.models.model import Model
from recs_platform.models.provenance import Provenance
from recs_platform.models.retraining import Reason
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.training import Training, train
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.model_registry.artifacts import file_of
from recs_platform_tests.models.worlds import linear
from recs_platform_tests.models.worlds import trained as of_other_features

FIRST, SECOND = date(2025, 10, 6), date(2025, 10, 13)
_ROWS, _DAYS = 2_000, 40
_SETTINGS = TrainingSettings(validation_days=6, test_days=8, gap_days=2, most_trees=3, patience=2)


@lru_cache
def training() -> Training:
    """A quick one with the features of offer ranking: every impression with a deep discount is redeemed, nearly."""
    rng = np.random.default_rng(3)
    columns: dict[str, Any] = {spec.name: _values(spec, rng) for spec in TASK.features.specs}
    redeemed = (columns["discount_depth"] + rng.normal(scale=0.3, size=_ROWS)) > 1
    table = pa.table(
        {
            **columns,
            "impression_id": [f"I{number:05d}" for number in range(_ROWS)],
            "customer_id": [f"C{number % 90}" for number in range(_ROWS)],
            "offer_id": [f"F{number % 40}" for number in range(_ROWS)],
            "shown_on": pa.array([FIRST - timedelta(days=1 + number % _DAYS) for number in range(_ROWS)]),
            "label": pa.array(redeemed.astype(np.int64)),
        }
    )
    return train(examples(table, TASK.features, TASK.columns), _SETTINGS, Provenance({}, "1.0.0"))


def _values(spec: FeatureSpec, rng: np.random.Generator) -> npt.NDArray[Any]:
    if spec.kind == "category":
        return rng.choice(["bakery", "dairy", "fish"], _ROWS)
    return rng.normal(size=_ROWS) if spec.kind == "number" else rng.random(_ROWS) < 0.5


def verdict(activate: bool = True) -> ChallengeVerdict:
    return replace(challenge(training().candidate, None, training().test, 0.005), activate=activate)


def keep(terminal: Terminal, day: date, model: Model, *, activate: bool = True) -> Path:
    """Train for a day, as a run does; gives the file of the artifact's manifest."""
    with terminal.inside():
        shelf = open_shelf("metro", run_id="0123456789abcdef")
        shelf.begin(TASK.model, day, [Reason("weekday", "it is Monday", f"weekday:{day}")])
        kept = shelf.keep(TASK.model, model, day, verdict(activate))
        shelf.end(TASK.model, day, "trained", kept.words)
        shelf.database.dispose()
        return file_of(shelf, kept)


@pytest.fixture
def two(terminal: Terminal) -> Terminal:
    """Two versions, the second of which was not good enough."""
    poorer, better = training().models
    keep(terminal, FIRST, poorer)
    keep(terminal, SECOND, better, activate=False)
    return terminal


def listed(terminal: Terminal) -> dict[str, Any]:
    found: dict[str, Any] = terminal.recs("models", "metro", "--json").json
    return found


def statuses(terminal: Terminal) -> dict[int, str]:
    return {version["version"]: version["status"] for version in listed(terminal)["versions"]}


def refusal(ended: Ended) -> str:
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    return ended.told


@pytest.mark.slow
def test_versions_are_listed_with_the_newest_first(two: Terminal) -> None:
    ended = two.recs("models", "metro")
    assert ended.code == 0
    _, newer, older = ended.rows
    digest = training().models[1].digest.removeprefix("sha256:")[:12]
    artifacts = [version["artifact_digest"].removeprefix("sha256:")[:12] for version in listed(two)["versions"]]
    auc = f"{verdict().candidate.roc_auc:.4f}"
    assert newer == ["2", "candidate", "2025-10-13", digest, auc, "weekday", "", "", artifacts[0]]
    assert older[:3] + older[5:6] + older[7:] == ["1", "active", "2025-10-06", "weekday", "run 01234567", artifacts[1]]
    assert "Artifacts are in the repository metro-offer_ranking, each under its version as tag." in ended.told
    assert "Version 1 serves. When it was trained: " in ended.told
    assert " base rate (ROC AUC " in ended.told, "which baselines it beat, with intervals"
    assert ended.out == two.recs("models", "list", "metro", "--model", "offer_ranking").out


@pytest.mark.slow
def test_a_version_that_was_judged_otherwise_has_no_such_figure(two: Terminal) -> None:
    """A strategy may come to judge by lists instead of chances, or the other way round."""
    third = date(2025, 10, 20)
    model = training().models[0]
    other = replace(model, manifest=model.manifest.model_copy(update={"code_version": "of lists"}))
    by_lists = ListQuality(rows=10, positives=2, lists=2, length=5, ndcg=0.75, recall=0.5, constant=False)
    with two.inside():
        shelf = open_shelf("metro", run_id="0123456789abcdef")
        shelf.keep(TASK.model, other, third, ChallengeVerdict(False, "By its lists.", by_lists, None))
        shelf.database.dispose()
    _, newest, newer, _ = two.recs("models", "metro").rows
    assert (newest[:3], newest[4]) == (["3", "candidate", "2025-10-20"], "")
    assert newer[4] == f"{verdict().candidate.roc_auc:.4f}"
    assert listed(two)["versions"][0]["metrics"]["candidate"]["ndcg"] == 0.75


def test_programs_read_everything(two: Terminal) -> None:
    found = listed(two)
    assert found.keys() == {"versions", "trainings"}
    newer, older = found["versions"]
    assert (newer["version"], newer["status"], newer["champion"], newer["activated_at"]) == (2, "candidate", 1, None)
    assert newer["digest"] == training().models[1].digest
    assert newer["metrics"]["candidate"]["rows"] == len(training().test.examples)
    assert [feature["name"] for feature in newer["features"]] == list(TASK.features.names)
    assert older["reasons"] == [{"kind": "weekday", "words": "it is Monday", "evidence_id": "weekday:2025-10-06"}]
    assert [(one["as_of"], one["outcome"], one["words"]) for one in found["trainings"]] == [
        ("2025-10-13", "trained", newer["words"]),
        ("2025-10-06", "trained", older["words"]),
    ]
    assert found["trainings"][1]["reasons"] == older["reasons"]


def test_activating_and_going_back(two: Terminal) -> None:
    ended = two.recs("models", "activate", "metro", "2", "--by", "ann")
    assert ended.code == 0
    assert "metro: version 2 of offer_ranking is active, trained for 2025-10-13" in ended.told
    assert statuses(two) == {1: "retired", 2: "active"}
    made = two.recs("models", "rollback", "metro", "--by", "bob", "--json").json
    assert (made["version"], made["status"], made["by"]) == (1, "active", "bob")
    assert statuses(two) == {1: "active", 2: "retired"}
    assert two.recs("models", "rollback", "metro", "--to", "2").code == 0
    assert statuses(two) == {1: "retired", 2: "active"}


def test_what_makes_no_sense_is_one_sentence(two: Terminal) -> None:
    for arguments, told in (
        (("activate", "metro", "1"), "version 1 of offer_ranking is active already"),
        (("activate", "metro", "7"), "offer_ranking has no version 7; it has 1, 2"),
        (("rollback", "metro"), "no version of offer_ranking served before version 1; name one"),
        (("rollback", "metro", "--to", "2"), "version 2 of offer_ranking was never active; it can go back to none"),
        (("metro", "--model", "churn"), "--model: metro trains offer_ranking, not churn"),
        (("acme",), "acme trains no models: its strategy, vehicle_fitment, ranks without one"),
        (("nobody",), 'no company "nobody"'),
    ):
        assert told in refusal(two.recs("models", *arguments))
    assert statuses(two) == {1: "active", 2: "candidate"}


def test_before_the_first_training(terminal: Terminal) -> None:
    with terminal.inside():
        open_shelf("metro", run_id="").database.dispose()
    for arguments in (("models", "metro"), ("models", "metro", "--json")):
        assert refusal(terminal.recs(*arguments)).endswith(
            "metro has no model offer_ranking yet. The first day that has enough impressions trains one: "
            "recs run metro --date DAY"
        )
    assert "offer_ranking has no version 1; it has none yet" in refusal(
        terminal.recs("models", "activate", "metro", "1")
    )
    assert "nothing to go back from" in refusal(terminal.recs("models", "rollback", "metro"))


def test_a_training_that_gave_no_version_is_told(terminal: Terminal) -> None:
    with terminal.inside():
        shelf = open_shelf("metro", run_id="run-1")
        shelf.begin(TASK.model, FIRST, [Reason("weekday", "it is Monday", "weekday:2025-10-06")])
        assert "has not ended" in refusal(terminal.recs("models", "metro"))
        shelf.end(TASK.model, FIRST, "refused", "nobody redeemed anything")
        shelf.database.dispose()
    told = refusal(terminal.recs("models", "metro"))
    assert "(asked by: it is Monday) ended refused: nobody redeemed anything" in told
    keep(terminal, FIRST, training().candidate)
    assert "refused" not in terminal.recs("models", "metro").told


def test_every_training_that_gave_no_version_is_told_to_people_and_programs(terminal: Terminal) -> None:
    """Of a day before the newest version's too: a backfill's."""
    days = [FIRST - timedelta(days=7), FIRST + timedelta(days=1), FIRST + timedelta(days=2)]
    with terminal.inside():
        shelf = open_shelf("metro", run_id="run-1")
        for day, outcome, words in zip(days, ("refused", "failed", None), ("too few days", "no room", ""), strict=True):
            shelf.begin(TASK.model, day, [Reason("drift", "drifted: recency", f"drift:metro:{day}")])
            if outcome:
                shelf.end(TASK.model, day, outcome, words)
        shelf.database.dispose()
    assert [one["outcome"] for one in listed(terminal)["trainings"]] == [None, "failed", "refused"]
    assert listed(terminal)["versions"] == []
    keep(terminal, FIRST, training().candidate)
    told = [line for line in terminal.recs("models", "metro").out.splitlines() if line.startswith("The training")]
    assert told == [
        "The training for 2025-10-08 (asked by: drifted: recency) has not ended; if nothing runs, it was killed.",
        "The training for 2025-10-07 (asked by: drifted: recency) ended failed: no room",
        "The training for 2025-09-29 (asked by: drifted: recency) ended refused: too few days",
    ]
    newest = listed(terminal)["trainings"][0]
    assert newest["reasons"] == [
        {"kind": "drift", "words": "drifted: recency", "evidence_id": "drift:metro:2025-10-08"}
    ]
    assert (newest["model"], newest["as_of"], newest["run_id"]) == ("offer_ranking", "2025-10-08", "run-1")
    assert [one["as_of"] for one in listed(terminal)["trainings"]] == [
        "2025-10-08",
        "2025-10-07",
        "2025-10-06",
        "2025-09-29",
    ]


def test_an_artifact_that_is_damaged_or_of_other_features_does_not_go_active(two: Terminal) -> None:
    damaged = keep(two, SECOND + timedelta(days=7), training().models[1], activate=False)
    keep(two, SECOND + timedelta(days=8), of_other_features(linear).candidate, activate=False)
    damaged.write_bytes(damaged.read_bytes()[:-9])
    assert "its bytes are not those that" in refusal(two.recs("models", "activate", "metro", "3"))
    told = refusal(two.recs("models", "activate", "metro", "4"))
    assert "feature 1 of the model is taste (number), but the code declares business_type (category)" in told
    assert statuses(two) == {1: "active", 2: "candidate", 3: "candidate", 4: "candidate"}
