"""What cannot train: whatever served goes on serving, and the day says why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from recs_platform.errors import StorageError
from recs_platform.models.features import FeatureError
from recs_platform.models.shelf import ModelShelf
from recs_platform.strategies.offer_ranking.features import FEATURES, TASK
from recs_platform_tests.strategies.offer_ranking.market import (
    DAY,
    impressions,
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


def manifests(models: ModelShelf) -> list[Path]:
    return sorted(models.folder.rglob("manifest.json"))


NOT_OVER = with_column(impressions(), "label", [None] * 5_000)
TOO_SHORT = impressions().filter(pc.field("shown_on") > DAY - timedelta(days=28))


@pytest.mark.parametrize("active", [True, False], ids=["active", "none"])
@pytest.mark.parametrize(
    ("table", "because"),
    [
        (impressions().slice(0, 0), "there are no examples"),
        (NOT_OVER, "there are no examples"),
        (one_class(), "no successes among the "),
        (TOO_SHORT, "the examples span 21 days, 2025-11-04 to 2025-11-24, but the windows need 22"),
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


@pytest.mark.parametrize("active", [True, False], ids=["active", "none"])
def test_a_model_that_ranks_nothing_never_goes_active(models: ModelShelf, active: bool) -> None:
    if active:
        train(models, impressions())
    table = impressions(2_500, day=NEXT)
    for spec in FEATURES.specs:
        table = with_column(table, spec.name, [table[spec.name][0].as_py()] * len(table))
    chosen, _ = train(models, table, day=NEXT)
    assert (chosen["outcome"], chosen["roc_auc"]) == ("refused", 0.5)
    assert chosen["words"].startswith("The new model gives every example the same probability")
    serving = models.serving(TASK.model, NEXT)
    assert (serving.version if serving else None) == (1 if active else None)


def test_a_missing_column_is_an_error_and_is_recorded(models: ModelShelf) -> None:
    train(models, impressions())
    with pytest.raises(
        FeatureError,
        match=rf"^metro: offer_ranking cannot be trained for {NEXT}: the table has no column for: monetary",
    ):
        train(models, impressions(day=NEXT).drop_columns("monetary"), day=NEXT)
    assert outcomes(models) == [(DAY, "trained"), (NEXT, "failed")]
    assert versions(models) == [(1, "active")]


def test_a_model_that_cannot_be_stored_fails_the_run_and_is_recorded(models: ModelShelf) -> None:
    models.folder.write_text("a file where the folder should be")
    with pytest.raises(StorageError):
        train(models, impressions(2_500))
    assert outcomes(models) == [(DAY, "failed")]
    assert versions(models) == []
