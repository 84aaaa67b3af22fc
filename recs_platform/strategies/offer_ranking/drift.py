"""Whether the newest impressions still look like those that the serving model was trained on.

Not here: the figures, their limits and what chance makes of them (`models/drift.py`), how many rows impressions are
worth (drift_sizes.py), and whether drift is a reason to train (`models/retraining.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.companies.model import Company
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.distribution import Distribution, of_numbers, weekdays_of
from recs_platform.models.drift import (
    CHANCE,
    LIMITS,
    Drift,
    Outcomes,
    Sample,
    Verdict,
    compare,
    compare_labels,
    rows_a_day,
)
from recs_platform.models.features import Column, FeatureSpec, Floats, numbers
from recs_platform.models.model import Model
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.offer_ranking_reports import DriftReport
from recs_platform.schemas.table import spec_of
from recs_platform.strategies.offer_ranking.drift_sizes import (
    BOTH,
    CUSTOMER,
    DAY,
    Sizes,
    indicators,
    rows_per_usual_day,
    sizes,
    sizes_of_feature,
)
from recs_platform.strategies.offer_ranking.drift_words import changed, show_drift
from recs_platform.strategies.offer_ranking.features import FINAL_DAYS, TASK
from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters, parameters_of
from recs_platform.warehouse.slices import Days


@table_asset(DriftReport, present=show_drift)
def drift_report(
    company: Company,
    days: Days,
    models: ModelShelf,
    ranking_model: pa.Table,  # noqa: ARG001  (the day's model is registered by then)
    training_set: pa.Table,
) -> pa.Table:
    """Every feature, the score, the rate of redemptions and the number of impressions against training. No rows without
    a model, or when nothing was shown."""
    day = days.last
    registered = models.serving(TASK.model, day)
    rows: list[dict[str, Any]] = []
    if registered is not None:
        known = {"as_of": day, "digest": registered.digest, "trained_on": registered.as_of}
        model = models.load(registered, TASK.features)
        rows = [{**known, **finding.row} for finding in findings(model, training_set, company, day)]
    return spec_of(DriftReport).arrow_table(rows)


@dataclass(frozen=True)
class Finding:
    name: str
    figure: str
    value: float
    limit: float
    chance: float | None
    verdict: Verdict
    words: str

    @property
    def row(self) -> dict[str, Any]:
        return vars(self)


def findings(model: Model, impressions: pa.Table, company: Company, day: date) -> list[Finding]:
    """All figures of a day. `impressions` may hold others than the newest, which are left out."""
    parameters = parameters_of(company)
    newest = _shown(impressions, day, parameters.drift_days)
    if not newest.num_rows:
        return []
    found = [
        *_features(model, newest, parameters),
        *_score(model, newest),
        *_label(model, impressions, day, parameters),
        _volume(model, newest, parameters),
    ]
    return [_mild(finding, company) for finding in found] if _filling(model, company) else found


def _features(model: Model, newest: pa.Table, parameters: OfferRankingParameters) -> Iterator[Finding]:
    encoding, training = model.manifest.encoding, model.manifest.training
    window, weekdays = model.manifest.windows["train"], weekdays_of(newest[DAY])
    for spec, column in zip(encoding.features.specs, encoding.features.columns(newest).columns, strict=True):
        then, now = training[spec.name], training[spec.name].like(column)
        values = numbers(spec.name, column) if spec.kind != "category" else np.empty((0,))
        size = sizes_of_feature(spec.name, window, newest, indicators(values, then))
        drift = compare(spec.name, Sample(then, size.then), Sample(now, size.now), then.on(weekdays))
        yield from _figures(drift, changed(spec, then, now))
        if spec.kind == "category":
            yield _new_categories(spec.name, column, then, now, parameters.new_category_share)


def _score(model: Model, newest: pa.Table) -> Iterator[Finding]:
    then, probabilities = model.manifest.scores, model.probabilities(newest)
    now = of_numbers(probabilities, then.edges or ())
    size = sizes(BOTH, model.manifest.windows["test"], newest, indicators(probabilities, then))
    spec = FeatureSpec("score", "number", "the model's chance of a redemption")
    drift = compare("score", Sample(then, size.then), Sample(now, size.now), then.on(weekdays_of(newest[DAY])))
    yield from _figures(drift, changed(spec, then, now))


def _label(model: Model, impressions: pa.Table, day: date, parameters: OfferRankingParameters) -> Iterator[Finding]:
    """Of the newest week whose outcomes are final."""
    final = _shown(impressions, day - timedelta(days=parameters.label_days), FINAL_DAYS)
    final = final.filter(pc.is_valid(final["label"]))
    window = model.manifest.windows["train"]
    if not final.num_rows or not window.positives:
        return
    labels: Floats = final["label"].to_numpy().astype(np.float64)
    size = sizes(BOTH, window, final, labels[:, None])
    then = Outcomes(window.positives, window.rows, size.then)
    drift = compare_labels(then, Outcomes(int(labels.sum()), len(labels), size.now))
    rates = f"{labels.mean():.1%} redeemed instead of {window.positives / window.rows:.1%}"
    yield from _figures(drift, rates)


def _volume(model: Model, newest: pa.Table, parameters: OfferRankingParameters) -> Finding:
    """Impressions a day, against all days of training or the same weekdays, whichever are nearer. Days on which nothing
    is shown are no days: they say nothing about customers."""
    window, limit = model.manifest.windows["train"], parameters.volume_change
    now = rows_a_day(newest[DAY])
    then = min(rows_per_usual_day(window, newest), key=lambda usual: abs(now / usual - 1))
    change = abs(now / then - 1)
    chance = _chance_of_volume(sizes((CUSTOMER,), window, newest))
    verdict: Verdict = "drifted" if change >= limit and change > chance else "ok"
    words = f"volume: {now:,.0f} impressions a day instead of {then:,.0f}"
    return Finding("volume", "volume", change, limit, chance, verdict, words)


def _chance_of_volume(size: Sizes) -> float:
    """Of a count to which each customer adds about the same or nothing."""
    return math.sqrt(2 * math.log(2 / CHANCE) * (1 / size.then + 1 / size.now))


def _new_categories(name: str, column: Column, then: Distribution, now: Distribution, limit: float) -> Finding:
    """One new category is a fact, so there is no chance about it."""
    value = max(0.0, now.shares[-1] - then.shares[-1])
    verdict: Verdict = "drifted" if value >= limit else "watch" if value else "ok"
    new = sorted({str(one) for one in pc.unique(column.drop_null()).to_pylist()} - set(then.categories or ()))
    words = f"{name}: no value that training never saw"
    if value:
        words = f"{name}: {value:.1%} of the impressions are {', '.join(new[:3])}, which training never saw"
    return Finding(name, "new_categories", value, limit, None, verdict, words)


def _figures(drift: Drift, words: str) -> Iterator[Finding]:
    """A row per figure, each with what changed, and what it could not have told from chance."""
    for figure in drift.figures:
        limit, said = LIMITS[figure.name].drifted, f"{drift.name}: {words}"
        if figure.blind and figure.verdict == "ok":
            said += f" (of so few independent rows, {figure.name} tells no less than {figure.chance:.2f} from chance)"
        yield Finding(drift.name, figure.name, figure.value, limit, figure.chance, figure.verdict, said)


def _shown(impressions: pa.Table, last: date, days: int) -> pa.Table:
    """In an order of its own: sums of floats depend on the order of rows, and a table has none."""
    shown = impressions[DAY]
    first = pa.scalar(last - timedelta(days=days - 1), shown.type)
    found = impressions.filter(
        pc.and_(pc.greater_equal(shown, first), pc.less_equal(shown, pa.scalar(last, shown.type)))
    )
    return found.sort_by([(DAY, "ascending"), (TASK.columns.example, "ascending")])


def _filling(model: Model, company: Company) -> bool:
    """Whether a look-back of the training window reaches before the company's first day: features then still grew, and
    they differ now because they are whole, not because customers do."""
    first_feature_day = model.manifest.windows["train"].first - timedelta(days=1)
    return first_feature_day - timedelta(days=parameters_of(company).feature_window_days - 1) < company.start_date


def _mild(finding: Finding, company: Company) -> Finding:
    if finding.verdict != "drifted":
        return finding
    words = f"{finding.words}; only to watch: in training, features looked back to before {company.start_date}"
    return Finding(**{**vars(finding), "verdict": "watch", "words": words})
