"""What cannot train: whatever served goes on serving, and the day says why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from dagster import DagsterExecutionInterruptedError

from recs_platform.errors import LockBusyError, TransientError, UnavailableError
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.model_registry.training_log import begun
from recs_platform.models.challenge import ChallengeVerdict
from recs_platform.models.model import Model
from recs_platform.schemas.offer_ranking import BY_RATE
from recs_platform.strategies.offer_ranking.features import FEATURES, TASK
from recs_platform.strategies.training.summary import show_training
from recs_platform_tests.model_registry.artifacts import files_named, root_of
from recs_platform_tests.strategies.offer_ranking.market import (
    DAY,
    candidates,
    impressions,
    metro,
    one_class,
    outcomes,
    score,
    shelf,
    train,
    versions,
    with_column,
)

NEXT = DAY + timedelta(days=7)


@pytest.fixture
def models(tmp_path: Path) -> ModelShelf:
    return shelf(tmp_path)


def manifests(models: ModelShelf) -> list[Path]:
    return files_named(root_of(models), "manifest.json")


NOT_OVER = with_column(impressions(), "label", [None] * 5_000)
TOO_SHORT = impressions().filter(pc.field("shown_on") > DAY - timedelta(days=28))


@pytest.mark.parametrize("active", [True, False], ids=["active", "none"])
@pytest.mark.parametrize(
    ("table", "because"),
    [
        (impressions().slice(0, 0), "there are no examples"),
        (NOT_OVER, "there are no examples"),
        (one_class(), "the examples span 35 days, 2025-10-21 to 2025-11-24, with 0 successes among "),
        (TOO_SHORT, "the examples span 21 days, 2025-11-04 to 2025-11-24, with 715 successes among "),
    ],
    ids=["no impressions", "no outcome is final", "one class", "too few days"],
)
def test_what_cannot_train_leaves_the_active_model(
    models: ModelShelf, table: pa.Table, because: str, active: bool
) -> None:
    if active:
        train(models, impressions(2_500, day=DAY - timedelta(days=7)), day=DAY - timedelta(days=7))
    before = (versions(models), [path.read_bytes() for path in manifests(models)])
    rows = train(models, table)
    assert [(row["kind"], row["outcome"], row["version"], row["asked_by"]) for row in rows] == [
        ("none", "refused", None, "it is Monday")
    ]
    left = "version 1 goes on serving" if active else "no model serves"
    assert rows[0]["words"].startswith(f"Nothing was trained, and {left}: {because}")
    assert (versions(models), [path.read_bytes() for path in manifests(models)]) == before
    assert outcomes(models)[-1] == (DAY, "refused")
    assert train(models, table) == rows


def test_down_sampling_to_nothing_leaves_the_active_model(models: ModelShelf) -> None:
    train(models, impressions())
    rows = train(models, impressions(2_500, day=NEXT), day=NEXT, company=metro(negatives_per_positive=0.001))
    assert [(row["outcome"], row["version"]) for row in rows] == [("refused", None)]
    assert "version 1 goes on serving: negatives_per_positive 0.001 leaves none of the " in rows[0]["words"]
    assert outcomes(models) == [(DAY, "trained"), (NEXT, "refused")]
    assert versions(models) == [(1, "active")]


@pytest.mark.parametrize("active", [True, False], ids=["active", "none"])
def test_a_model_that_ranks_nothing_never_goes_active(models: ModelShelf, active: bool) -> None:
    if active:
        train(models, impressions())
    table = impressions(2_500, day=NEXT)
    for spec in FEATURES.specs:
        table = with_column(table, spec.name, [table[spec.name][0].as_py()] * len(table))
    chosen, _ = train(models, table, day=NEXT)
    assert (chosen["outcome"], chosen["roc_auc"]) == ("refused", 0.5)
    assert chosen["words"].startswith("The new model is not fit to serve: it gives every example the same probability")
    serving = models.serving(TASK.model, NEXT)
    assert (serving.version if serving else None) == (1 if active else None)


BEFORE = DAY - timedelta(days=7)
OF_DAY = impressions(2_500)


@pytest.fixture(params=[True, False], ids=["active", "none"])
def active(request: pytest.FixtureRequest, models: ModelShelf) -> bool:
    """Whether version 1 serves, trained a week before."""
    if request.param:
        train(models, impressions(2_500, day=BEFORE), day=BEFORE)
    return bool(request.param)


def of_text(day: str) -> pa.Table:
    """Impressions whose day is a text, as after a change of types in a feed."""
    place = OF_DAY.schema.get_field_index("shown_on")
    return OF_DAY.set_column(place, "shown_on", pa.array([day] * len(OF_DAY)))


@pytest.mark.parametrize(
    ("table", "because"),
    [
        (
            OF_DAY.drop_columns("monetary"),
            f"metro: offer_ranking cannot be trained for {DAY}: the table has no column for: monetary. "
            "Materialize the features with the code that trains and scores",
        ),
        (
            with_column(OF_DAY, "monetary", [float("inf")] * 2_500),
            f"metro: offer_ranking cannot be trained for {DAY}: monetary: the column holds an infinite number",
        ),
        (
            of_text("of ann@example.org"),
            "ArrowInvalid: Failed to parse string: 'of a***@***.org' as a scalar of type date32",
        ),
    ],
    ids=["no column", "infinite", "no sentence of ours"],
)
def test_a_training_that_fails_leaves_the_active_model_and_the_day_goes_on(
    models: ModelShelf, active: bool, table: pa.Table, because: str
) -> None:
    before = (versions(models), [path.read_bytes() for path in manifests(models)])
    rows = train(models, table)
    left = "version 1 goes on serving" if active else "no model serves"
    assert rows == [
        dict.fromkeys(rows[0])
        | {"as_of": DAY, "kind": "none", "outcome": "failed", "asked_by": "it is Monday", "words": rows[0]["words"]}
    ]
    assert rows[0]["words"].startswith(f"The training failed, and {left}: {because}")
    assert rows[0]["words"].endswith(".")
    assert not rows[0]["words"].endswith("..")
    assert (versions(models), [path.read_bytes() for path in manifests(models)]) == before
    recorded = begun(models.database, "metro", TASK.model)[-1]
    assert (recorded.as_of, recorded.outcome) == (DAY, "failed")
    assert recorded.words.startswith(because)
    serving = models.serving(TASK.model, DAY)
    assert set(score(models, candidates())["scored_by"].to_pylist()) == {serving.digest if serving else BY_RATE}
    assert train(models, table) == rows
    assert [row["outcome"] for row in train(models, OF_DAY)][1:] == ["not chosen"]
    assert outcomes(models)[-1] == (DAY, "trained")


def test_a_model_that_cannot_be_stored_leaves_the_active_model(
    models: ModelShelf, active: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A folder stands where a file of the artifact should."""
    chosen, _ = train(shelf(tmp_path_factory.mktemp("elsewhere")), OF_DAY)
    layout = root_of(models) / f"metro-{TASK.model}"
    in_the_way = layout / "blobs" / "sha256" / chosen["digest"].removeprefix("sha256:")
    in_the_way.mkdir(parents=True)
    (row,) = train(models, OF_DAY)
    left = "version 1 goes on serving" if active else "no model serves"
    assert (row["kind"], row["outcome"]) == ("none", "failed")
    assert row["words"].startswith(
        f"The training failed, and {left}: metro: the trained offer_ranking cannot be stored in {layout} (Is a "
    )
    assert row["words"].endswith("Make room or give access, and run the day again.")
    assert outcomes(models)[-1] == (DAY, "failed")
    assert versions(models) == ([(1, "active")] if active else [])
    serving = models.serving(TASK.model, DAY)
    assert set(score(models, candidates())["scored_by"].to_pylist()) == {serving.digest if serving else BY_RATE}
    in_the_way.rmdir()
    assert train(models, OF_DAY)[0]["digest"] == chosen["digest"]


def test_where_the_code_failed_is_logged_without_personal_data(
    models: ModelShelf, caplog: pytest.LogCaptureFixture
) -> None:
    train(models, OF_DAY.drop_columns("monetary"))
    assert caplog.messages == []
    train(models, of_text("ann@example.org"))
    (message,) = caplog.messages
    assert message.startswith("Traceback (most recent call last):")
    assert "in examples\n" in message
    assert "a***@***.org" in message
    assert "ann@example.org" not in message


@dataclass(frozen=True)
class Stopped(ModelShelf):
    """A run that is stopped while its model is being stored."""

    by: type[BaseException] = KeyboardInterrupt

    def keep(self, model: str, trained: Model, as_of: date, verdict: ChallengeVerdict) -> Registered:
        raise self.by


@dataclass(frozen=True)
class Failing(ModelShelf):
    """A run whose model cannot be kept."""

    by: Exception | None = None

    def keep(self, model: str, trained: Model, as_of: date, verdict: ChallengeVerdict) -> Registered:
        assert self.by
        raise self.by


@pytest.mark.parametrize("by", [KeyboardInterrupt, DagsterExecutionInterruptedError, SystemExit])
def test_an_interruption_is_no_failure_of_the_training(models: ModelShelf, by: type[BaseException]) -> None:
    stopped = Stopped(models.company, models.database, models.artifacts, models.run_id, by=by)
    with pytest.raises(by):
        train(stopped, OF_DAY)
    assert outcomes(models) == [(DAY, None)]
    assert versions(models) == []


class Away(TransientError): ...


@pytest.mark.parametrize("by", [Away("the store is away."), UnavailableError("no answer."), LockBusyError("busy.")])
def test_what_a_rerun_may_cure_makes_no_row(models: ModelShelf, active: bool, by: TransientError) -> None:
    away = Failing(models.company, models.database, models.artifacts, models.run_id, by=by)
    before = versions(models)
    with pytest.raises(type(by)) as raised:
        train(away, OF_DAY)
    assert raised.value is by
    assert outcomes(models)[-1] == (DAY, "failed")
    assert versions(models) == before
    chosen, _ = train(models, OF_DAY)
    assert (chosen["outcome"], outcomes(models)[-1]) == ("activated", (DAY, "trained"))


def test_what_a_failed_training_says(models: ModelShelf) -> None:
    shown = show_training(train(models, of_text("Monday")))
    assert shown.words.startswith(
        "Asked by: it is Monday. The training failed, and no model serves: ArrowInvalid: Failed to parse"
    )
    assert shown.picture is None
