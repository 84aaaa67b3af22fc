"""How good the serving model's lists would have been on impressions whose outcome is final, beside simple baselines.

Per customer, the offers that were shown are put in the model's order and in that of their redemption rates. The model
is also held against what a sceptic would try: the customer's count of past redemptions, and the same chance for all,
each with an interval over customers. Not here:
the figures' formulas (`models/ranking_metrics.py`), their words and pictures (evaluation_pictures.py), and the lists
that the day recommends (list_figures.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models import ranking_metrics as metrics
from recs_platform.models.data import DaysArray
from recs_platform.models.features import Bools, Floats
from recs_platform.models.manifest import Manifest
from recs_platform.models.metrics import judge
from recs_platform.models.model import Model
from recs_platform.models.paired_lists import Examples, Metric, calibration_by_customer, paired
from recs_platform.models.ranking_metrics import Lists, Values, lists
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.offer_ranking_reports import OfflineEvaluation
from recs_platform.schemas.table import spec_of
from recs_platform.statistics.intervals import UNKNOWN, Interval, proportion
from recs_platform.statistics.ratio import Sums, ratio_interval
from recs_platform.strategies.offer_ranking.evaluation_pictures import show_evaluation
from recs_platform.strategies.offer_ranking.evaluation_rows import Row, average, figure
from recs_platform.strategies.offer_ranking.features import FEATURES, FINAL_DAYS, TASK
from recs_platform.strategies.offer_ranking.list_figures import list_figures
from recs_platform.warehouse.slices import Days

LENGTHS = (1, 3, 5, 10)
CURVE_POINTS = 50
RATE, PAST_REDEMPTIONS = "historical_redemption_rate", "redemptions"
AT = 10
"""The length of the lists that baselines are compared at."""


@table_asset(OfflineEvaluation, present=show_evaluation, after=("ranking_model",))
def offline_evaluation(
    days: Days,
    models: ModelShelf,
    training_set: pa.Table,
    offers: pa.Table,
    candidate_features: pa.Table,
    offer_recommendations: pa.Table,
) -> pa.Table:
    """Figures of the model and of popularity beside each other; of the lists alone when there is nothing to judge."""
    rows = [*list_figures(days.last, LENGTHS, offers, candidate_features, offer_recommendations)]
    serving = models.serving(TASK.model, days.last)
    closed = training_set.filter(pc.is_valid(training_set["label"]))
    if serving is not None and closed.num_rows:
        # What serves has learned from all of these days; its twin, which was judged, has not.
        model = models.load(serving, FEATURES).judged
        judged = Judged.of(model, closed)
        figures = [
            *overall(judged, model.manifest, days.last),
            *ranking(judged),
            *against_baselines(judged),
            *curves(judged),
        ]
        rows += [{**row, "digest": serving.digest} for row in figures]
    return spec_of(OfflineEvaluation).arrow_table({**row, "as_of": days.last} for row in rows)


@dataclass(frozen=True)
class Judged:
    """Impressions with final outcomes, what the model promised for each, and the offer's redemption rate before it."""

    shown_on: DaysArray
    customers: Values
    offers: Values
    labels: Bools
    chances: Floats
    rates: Floats
    past_redemptions: Floats
    """The customer's, in the look-back window."""
    margins: Floats
    """Left per unit; nothing where it is unknown."""

    @classmethod
    def of(cls, model: Model, closed: pa.Table) -> Judged:
        """Of the newest days those that the model has learned nothing from, or all when it has learned from each."""
        ordered = closed.sort_by([("shown_on", "ascending"), ("impression_id", "ascending")])
        days = ordered["shown_on"].cast(pa.date32()).to_numpy()
        newest = days > days[-1] - np.timedelta64(FINAL_DAYS, "D")
        unknown = newest & (days > np.datetime64(model.manifest.learned_until))
        chosen = unknown if unknown.any() else newest
        table = ordered.filter(pa.array(chosen))
        return cls(
            shown_on=days[chosen],
            customers=np.asarray(table["customer_id"].to_numpy()),
            offers=np.asarray(table["offer_id"].to_numpy()),
            labels=table["label"].to_numpy().astype(np.bool_),
            chances=model.probabilities(table),
            rates=table[RATE].to_numpy().astype(np.float64),
            past_redemptions=table[PAST_REDEMPTIONS].to_numpy().astype(np.float64),
            margins=np.nan_to_num(table["unit_margin"].cast(pa.float64()).to_numpy()),
        )

    def first_of_each_pair(self) -> Judged:
        """A list names an offer once: as it was first shown to the customer; redeemed if any showing was."""
        names = np.char.add(np.char.add(self.customers.astype(str), "\n"), self.offers.astype(str))
        _, first, of = np.unique(names, return_index=True, return_inverse=True)
        redeemed = np.bincount(of, self.labels) > 0
        kept = {name: getattr(self, name)[first] for name in self.__dataclass_fields__ if name != "labels"}
        return Judged(**kept, labels=redeemed)

    def ordered_by(self, scores: Floats) -> Lists:
        """Each customer's list, the highest first; equal scores share their places."""
        return lists(self.customers, metrics.ranks(scores), self.labels, items=self.offers)


def overall(judged: Judged, manifest: Manifest, day: date) -> Iterator[Row]:
    """What was judged, and figures over all impressions whoever saw them."""
    days = np.unique(judged.shown_on)
    test = manifest.windows["test"]
    chosen_on = (days >= np.datetime64(test.first)) & (days <= np.datetime64(test.last))
    counts = {
        "days": len(days),
        "days_before": (day - days[-1].item()) / timedelta(days=1),
        "days_learned_from": int((days <= np.datetime64(manifest.learned_until)).sum()),
        "days_chosen_on": int(chosen_on.sum()),
        "customers": len(np.unique(judged.customers.astype(str))),
        "mean_chance": float(judged.chances.mean()),
    }
    yield from (figure("overall", name, value=value, sample_size=len(judged.labels)) for name, value in counts.items())
    rate = proportion(int(judged.labels.sum()), len(judged.labels))
    yield figure("overall", "redeemed", interval=rate, sample_size=len(judged.labels))
    if judged.labels.all() or not judged.labels.any():
        return  # with one outcome alone there is nothing to tell apart
    ours, popular = judge(judged.labels, judged.chances), judge(judged.labels, judged.rates)
    for name in ("roc_auc", "pr_auc", "log_loss", "calibration_error"):
        value, baseline = getattr(ours, name), getattr(popular, name)
        yield figure("overall", name, value=value, baseline=baseline, sample_size=len(judged.labels))


def ranking(judged: Judged) -> Iterator[Row]:
    """Figures of the customers' lists at each length, and how far they are above popularity's."""
    pairs = judged.first_of_each_pair()
    ours, popular = pairs.ordered_by(pairs.chances), pairs.ordered_by(pairs.rates)
    makers = (metrics.precision, metrics.recall, metrics.ndcg, metrics.average_precision)
    expected, realised = pairs.chances * pairs.margins, np.where(pairs.labels, pairs.margins, 0.0)
    for k in LENGTHS:
        for maker in makers:
            yield from _beside(maker.__name__, k, maker(ours, k), maker(popular, k))
        for name, margins in (("expected_margin", expected), ("realised_margin", realised)):
            yield from _margin(name, k, (ours, popular), margins)


def _beside(name: str, k: int, ours: Floats, popular: Floats) -> Iterator[Row]:
    """Both figures over the same customers, and the mean difference: a customer is his own comparison."""
    has_value = ~np.isnan(ours)
    customers = int(has_value.sum())
    yield figure("ranking", name, k, interval=average(ours), baseline=metrics.mean(popular), sample_size=customers)
    yield figure("ranking", f"{name}_gain", k, interval=average(ours - popular), sample_size=customers)


def _margin(name: str, k: int, both: tuple[Lists, Lists], margins: Floats) -> Iterator[Row]:
    """Per customer, and the lift over popularity's. Its interval, by the delta method over customers, needs a baseline
    that is told from nothing: offers may be sold at a loss, and what is divided by next to nothing says nothing."""
    ours, popular = (metrics.earned(listed, margins, k) for listed in both)
    yield from _beside(name, k, ours, popular)
    lift = metrics.lift(ours, popular)
    if lift is not None:
        sure = (average(popular).low or 0.0) > 0
        ratio = ratio_interval(Sums.of(n=popular, y=ours)) if sure else UNKNOWN
        ends = (None if end is None else end - 1 for end in (ratio.low, ratio.high))
        yield figure("ranking", f"{name}_lift", k, interval=Interval(lift, *ends), sample_size=len(ours))


def against_baselines(judged: Judged) -> Iterator[Row]:
    """How far the model is above each baseline, over the same impressions, with an interval over customers: above 0 is
    better in ROC AUC and NDCG, below 0 in log loss. The base rate is that of these very impressions, which no forecast
    could know."""
    examples = Examples(judged.labels, judged.customers)
    same = np.full(len(judged.labels), judged.labels.mean())
    compared: tuple[tuple[str, Metric, Floats], ...] = (
        ("popularity", "roc_auc", judged.rates),
        ("popularity", "ndcg", judged.rates),
        ("past_redemptions", "roc_auc", judged.past_redemptions),
        ("past_redemptions", "ndcg", judged.past_redemptions),
        ("base_rate", "log_loss", same),
    )
    for baseline, metric, scores in compared:
        found = paired(metric, examples, judged.chances, scores, k=AT)
        if found.ours is None:
            continue
        k, rows = (AT if metric == "ndcg" else 0), len(judged.labels)
        yield figure("baselines", f"{baseline}_{metric}", k, value=found.ours, baseline=found.theirs, sample_size=rows)
        yield figure("baselines", f"{baseline}_{metric}_gain", k, interval=found.difference, sample_size=rows)


def curves(judged: Judged) -> Iterator[Row]:
    """Points of the pictures, in their order along the curve."""
    for number, bin in enumerate(calibration_by_customer(judged.labels, judged.chances, judged.customers), start=1):
        yield figure("calibration", f"{number}", interval=bin.happened, baseline=bin.promised, sample_size=bin.rows)
    if not judged.labels.any():
        return
    lifts = metrics.lift_by_decile(judged.labels, judged.chances)
    for number, lift in enumerate(lifts.tolist(), start=1):
        yield figure("lift", f"{number}", value=lift, baseline=number / len(lifts))
    _, precise, recalled = metrics.precision_recall(judged.labels, judged.chances, CURVE_POINTS)
    for number, (height, place) in enumerate(zip(precise.tolist(), recalled.tolist(), strict=True), start=1):
        yield figure("precision_recall", f"{number}", value=height, baseline=place)
