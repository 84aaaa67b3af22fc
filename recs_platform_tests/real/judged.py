"""What the scores of the last quarter's mailings are worth: the platform's, and those of whom it is compared with.

All score the same rows: an impression is a household, a coupon and the day it was mailed, with its features as of the
day before. An impression succeeded if the household redeemed the coupon within the label days, as far as the year goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache

import lightgbm
import numpy as np
import pandas as pd
import pyarrow as pa

from recs_platform.model_registry.scoring import score_for
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.models.features import Bools, Floats
from recs_platform.models.paired_lists import Examples, Metric, Paired, calibration_by_customer, paired
from recs_platform.models.ranking_metrics import CalibrationBin
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.strategies.offer_ranking.features import FEATURES, TASK
from recs_platform.strategies.offer_ranking.parameters import parameters_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.slices import Days
from recs_platform_tests.real.walk import LAST, MAILED, MONDAYS

PLATFORM, PAST, POPULARITY = "the platform's model", "past redemptions", "popularity"
BOOSTED, CAREFUL = "LightGBM as it comes", "LightGBM set with care"
OTHERS = (PAST, POPULARITY, BOOSTED, CAREFUL)
SETTINGS: Mapping[str, Mapping[str, float]] = {
    BOOSTED: {},
    CAREFUL: {"n_estimators": 200, "learning_rate": 0.02, "num_leaves": 15, "min_child_samples": 200},
}
COMPANY = "journey_offers"


def table(name: str, days: Days) -> pa.Table:
    company = company_named(COMPANY)
    with open_warehouse().read(pipeline_of(company).ref(name, company), days) as reader:
        return reader.read_all()


@dataclass(frozen=True, eq=False)
class Quarter:
    """The impressions of the quarter, each with its outcome and its scores."""

    rows: pd.DataFrame

    @cached_property
    def labels(self) -> Bools:
        return self.rows["redeemed"].to_numpy(bool)

    @cached_property
    def examples(self) -> Examples:
        """Each mailing of a household is a list; households are what is independent."""
        households = self.rows["customer_id"].to_numpy(str)
        mailings = (self.rows["customer_id"] + " " + self.rows["shown_on"].astype(str)).to_numpy(str)
        return Examples(self.labels, households, mailings)

    @property
    def rate(self) -> float:
        return float(self.labels.mean())

    @cached_property
    def final(self) -> Quarter:
        """The impressions whose label days are over by the end of the year."""
        return Quarter(self.rows[self.rows["label"].notna()].reset_index(drop=True))

    @lru_cache  # noqa: B019  (there is one quarter in a run)
    def beside(self, metric: Metric, other: str) -> Paired:
        """The platform's model and another, and how far it is above it, with a paired interval by household."""
        return paired(metric, self.examples, self._scores(PLATFORM), self._scores(other))

    def beside_base_rate(self) -> Paired:
        """Log loss of the platform's model, and of the same chance for everybody, which the quarter itself tells."""
        return paired("log_loss", self.examples, self._scores(PLATFORM), np.full(len(self.labels), self.rate))

    @lru_cache  # noqa: B019
    def calibration(self) -> tuple[CalibrationBin, ...]:
        return calibration_by_customer(self.labels, self._scores(PLATFORM), self.examples.customers)

    def _scores(self, of: str) -> Floats:
        return self.rows[of].to_numpy(float)


def quarter() -> Quarter:
    examples, past = table("training_set", Days.one(LAST)), redemptions()
    shown_on, trees = examples["shown_on"].to_numpy(), {monday: boosted(monday) for monday in MONDAYS}
    parts = [_mailing(examples.filter(pa.array(shown_on == np.datetime64(day))), day, trees, past) for day in MAILED]
    return Quarter(pd.concat(parts, ignore_index=True))


def _mailing(shown: pa.Table, day: date, trees: Mapping[date, Boosted], past: pd.DataFrame) -> pd.DataFrame:
    """One mailing's impressions, scored by what was known on the day before."""
    rows = shown.to_pandas()
    scored = score_for(TASK, shown, open_shelf(COMPANY, run_id=""), day - timedelta(days=1))
    assert scored is not None, f"no model serves {day - timedelta(days=1)}"
    trained = max(monday for monday in MONDAYS if monday < day)
    assert scored.by.as_of <= trained
    rows[PLATFORM] = scored.probabilities
    rows[POPULARITY] = rows["historical_redemption_rate"]
    for name in SETTINGS:
        rows[name] = trees[trained].chances(name, rows)
    before = past[past["day"] < pd.Timestamp(day)]
    rows[PAST] = rows["customer_id"].map(before.groupby("customer_id").size()).fillna(0.0)
    days_after = (past["day"] - pd.Timestamp(day)).dt.days
    within = days_after.between(0, parameters_of(company_named(COMPANY)).label_days - 1)
    taken = pd.MultiIndex.from_frame(past.loc[within, ["customer_id", "offer_id"]])
    rows["redeemed"] = pd.MultiIndex.from_frame(rows[["customer_id", "offer_id"]]).isin(taken)
    return rows


def redemptions() -> pd.DataFrame:
    rows = table("redemptions", Days(date(2017, 1, 1), LAST)).to_pandas()
    return rows.assign(day=pd.to_datetime(rows["redeemed_at"]).dt.tz_localize(None).dt.normalize())


@dataclass(frozen=True)
class Boosted:
    """LightGBM by each of the settings, trained on the rows that the platform's model of a day had."""

    categories: Mapping[str, list[str]]
    models: Mapping[str, lightgbm.LGBMClassifier]

    def chances(self, name: str, rows: pd.DataFrame) -> Floats:
        chances: Floats = self.models[name].predict_proba(_columns(rows, self.categories))[:, 1]
        return chances


def boosted(trained: date) -> Boosted:
    """Deterministic: left alone it times two ways of building histograms and takes the faster, and on a class this rare
    its figures then move by hundredths from machine to machine. So they do with the order of the rows."""
    known = table("training_set", Days.one(trained)).to_pandas().sort_values("impression_id", ignore_index=True)
    known = known[known["label"].notna()]
    named = [feature.name for feature in FEATURES.specs if feature.kind == "category"]
    categories = {name: sorted(known[name].dropna().unique()) for name in named}
    columns, labels = _columns(known, categories), known["label"].astype(int)
    steady = {"random_state": 1, "n_jobs": 2, "deterministic": True, "force_row_wise": True}
    models = {name: lightgbm.LGBMClassifier(verbose=-1, **steady, **given) for name, given in SETTINGS.items()}
    return Boosted(categories, {name: model.fit(columns, labels) for name, model in models.items()})


def _columns(rows: pd.DataFrame, categories: Mapping[str, list[str]]) -> pd.DataFrame:
    given = {}
    for feature in FEATURES.specs:
        values = rows[feature.name]
        if feature.kind == "category":
            given[feature.name] = pd.Categorical(values, categories=categories[feature.name])
        else:
            given[feature.name] = pd.to_numeric(values).astype(float)
    return pd.DataFrame(given)
