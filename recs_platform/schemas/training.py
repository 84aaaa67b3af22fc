"""The tables of every strategy that trains a model: whether a day trains, what came of it, and drift."""

from __future__ import annotations

import datetime

from recs_platform.schemas.field import Field
from recs_platform.schemas.table import Empty, Table, formerly, snapshot

OUTCOMES = ("activated", "active already", "not chosen", "worse", "refused", "failed")
"""What became of a model that a day trained; `refused`: nothing could be trained, or it ranks nothing; `failed`: an
error ended the training."""

KINDS_OF_MODEL = ("logistic", "boosted", "lambdarank", "blend", "none")


@snapshot(key=("kind",), empty=Empty.ALLOWED)
class RankingModel(Table):
    """One row per kind of model that the day trained, compared on what neither has seen; none if it did not train.

    When training was refused or failed, there is one row of kind `none` that says why.
    """

    as_of: datetime.date = Field(description="The day whose state this is.")
    kind: str = Field(isin=list(KINDS_OF_MODEL), description="Kind of model.")
    outcome: str = Field(isin=list(OUTCOMES), description="What became of it.")
    version: int = Field(nullable=True, ge=1, description="Its number in the registry; only the better one has one.")
    digest: str = Field(nullable=True, description="Names the artifact.")
    roc_auc: float = Field(nullable=True, ge=0, le=1, description="How well it sorts pairs in the test window.")
    pr_auc: float = Field(nullable=True, ge=0, le=1, description="Average precision there.")
    log_loss: float = Field(nullable=True, ge=0, description="Log loss there.")
    calibration_error: float = Field(nullable=True, ge=0, description="How far chances are from what happens there.")
    ndcg: float = Field(nullable=True, ge=0, le=1, description="Of a model that is judged by its lists, NDCG there.")
    recall: float = Field(nullable=True, ge=0, le=1, description="And the share of successes in the lists' places.")
    champion_digest: str = Field(nullable=True, description="The model that was active before.")
    champion_roc_auc: float = Field(nullable=True, ge=0, le=1, description="How well it sorts the same pairs.")
    champion_ndcg: float = Field(nullable=True, ge=0, le=1, description="How well it orders the same lists.")
    test_from: datetime.date = Field(nullable=True, description="First day of the test window.")
    test_to: datetime.date = Field(nullable=True, description="Its last day.")
    test_rows: int = Field(nullable=True, ge=0, description="Examples in it.")
    train_rows: int = Field(nullable=True, ge=0, description="Examples in the training window.")
    asked_by: str = Field(description="What asked for the training.")
    words: str = Field(description="What happened and why.")


@snapshot(key=("reason", "evidence"), empty=Empty.ALLOWED)
class TrainingPlan(Table):
    """One row per reason to train on the day; without a row the active model stays."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    reason: str = Field(description="What asks for it: no_artifact, weekday, age, drift, volume, new_categories.")
    words: str = Field(description="Why, in words.")
    evidence: str = Field(description="Names what was seen, so that it asks once.")


@snapshot(key=("name", "figure"), empty=Empty.ALLOWED)
class DriftReport(Table):
    """One row per feature (or `score`, `label`, `volume`) and figure: the newest examples against training."""

    as_of: datetime.date = Field(description="The day whose state this is.")
    name: str = Field(description="The feature, or `score`, `label`, `volume`.")
    figure: str = Field(description="psi, ks, missing_rate, label_rate, volume or new_categories.")
    value: float = Field(description="The figure; where it has none there is no row.")
    threshold: float = Field(description="The value from which on it counts as drifted.", metadata=formerly("limit"))
    chance: float = Field(nullable=True, description="What chance alone may make of it in samples of this size.")
    verdict: str = Field(isin=["ok", "watch", "drifted"], description="ok, watch or drifted.")
    words: str = Field(description="The same in words.")
    digest: str = Field(description="The model whose training is compared with.")
    trained_on: datetime.date = Field(description="The day that model was trained for.")
