"""All figures of a day's drift report: every feature, the score, the rate of successes and the number of examples.

A strategy says what its examples are about (`WatchedExamples`), a company from where on it counts (`DriftSettings`).
Not here: the figures, their limits and what chance makes of them (drift.py), the words about features (drift_text.py),
and whether drift is a reason to train (retraining.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.models.design import measure_of
from recs_platform.models.distribution import Distribution, of_numbers, weekdays_of
from recs_platform.models.drift import (
    CHANCE,
    LIMITS,
    Drift,
    DriftVerdict,
    Outcomes,
    Sample,
    compare,
    compare_labels,
)
from recs_platform.models.drift_text import changed
from recs_platform.models.features import Column, FeatureSpec, Floats, numbers
from recs_platform.models.model import Model
from recs_platform.models.sample_size import (
    Sizes,
    indicators,
    rows_a_day,
    rows_per_usual_day,
    sizes,
    sizes_of_groups,
)
from recs_platform.models.task import RankingTask


@dataclass(frozen=True)
class WatchedExamples:
    """What a strategy's examples are about, and what people call them."""

    task: RankingTask
    subjects: tuple[str, ...]
    """Columns of what an example is about at once, such as the customer and the offer."""
    subjects_of: Mapping[str, tuple[str, ...]]
    """By feature that depends on some of the subjects alone: on which."""
    counted_by: tuple[str, ...]
    """The subjects each of which adds about the same to the number of examples."""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By feature that has one value for all rows with the same values in some columns: these columns."""
    plural: str = "examples"
    success: str = "succeeded"
    """What became of a share of them, as in "12.0% succeeded"."""


@dataclass(frozen=True)
class DriftSettings:
    """Of a company."""

    days: int
    """Newest days that are compared with training."""
    label_days: int
    """Days after which an outcome is final."""
    final_days: int
    """Newest days with final outcomes whose rate of successes is compared."""
    volume_change: float
    new_category_share: float
    look_back_days: int
    """Days before an example that its features look back on."""
    history_from: date
    """The first day that features can look back on."""


@dataclass(frozen=True)
class DriftRow:
    """One figure of a day's report."""

    name: str
    """The feature, or `score`, `label` or `volume`."""
    figure: str
    value: float
    threshold: float
    chance: float | None
    verdict: DriftVerdict
    words: str


def drift_rows(
    model: Model, examples: pa.Table, watched: WatchedExamples, settings: DriftSettings, day: date
) -> list[DriftRow]:
    """The day's report on a model. Of `examples` only the newest count; without any there is no row.

    It tells of the judged model, whose scores on days that it had not learned from are known.
    """
    model = model.judged
    newest = _of_days(examples, watched.task, day, settings.days)
    if not newest.num_rows:
        return []
    rows = [
        *_features(model, newest, watched, settings.new_category_share),
        *_score(model, newest, watched),
        *_label(model, examples, watched, settings, day),
        _volume(model, newest, watched, settings.volume_change),
    ]
    return [_milder(row, settings) for row in rows] if _were_features_filling(model, settings) else rows


def _features(
    model: Model, newest: pa.Table, watched: WatchedExamples, new_category_share: float
) -> Iterator[DriftRow]:
    encoding, training = model.manifest.encoding, model.manifest.training
    window, weekdays = model.manifest.windows["train"], weekdays_of(newest[watched.task.columns.day])
    for spec, column in zip(encoding.features.specs, encoding.features.columns(newest).columns, strict=True):
        then, now = training[spec.name], training[spec.name].like(column)
        if spec.name in watched.groups:
            size = sizes_of_groups(watched.groups[spec.name], newest)
        else:
            values = numbers(spec.name, column) if spec.kind != "category" else np.empty((0,))
            subjects = watched.subjects_of.get(spec.name, watched.subjects)
            size = sizes(subjects, window, newest, indicators(values, then))
        drift = compare(spec.name, Sample(then, size.then), Sample(now, size.now), then.on(weekdays))
        yield from _figures(drift, changed(spec, then, now))
        if spec.kind == "category":
            yield _new_categories(spec.name, column, then, now, watched.plural, new_category_share)


def _score(model: Model, newest: pa.Table, watched: WatchedExamples) -> Iterator[DriftRow]:
    then, scores = model.manifest.scores, measure_of(model.manifest).of_model(model, newest).scores
    now = of_numbers(scores, then.edges or ())
    size = sizes(watched.subjects, model.manifest.windows["test"], newest, indicators(scores, then))
    usual = then.on(weekdays_of(newest[watched.task.columns.day]))
    spec = FeatureSpec("score", "number", "what the model orders by")
    drift = compare("score", Sample(then, size.then), Sample(now, size.now), usual)
    yield from _figures(drift, changed(spec, then, now))


def _label(
    model: Model, examples: pa.Table, watched: WatchedExamples, settings: DriftSettings, day: date
) -> Iterator[DriftRow]:
    """Of the newest days whose outcomes are final."""
    columns, window = watched.task.columns, model.manifest.windows["train"]
    final = _of_days(examples, watched.task, day - timedelta(days=settings.label_days), settings.final_days)
    final = final.filter(pc.is_valid(final[columns.label]))
    if not final.num_rows or not window.positives:
        return
    labels: Floats = final[columns.label].to_numpy().astype(np.float64)
    size = sizes(watched.subjects, window, final, labels[:, None])
    then = Outcomes(window.positives, window.rows, size.then)
    drift = compare_labels(then, Outcomes(int(labels.sum()), len(labels), size.now))
    rates = f"{labels.mean():.1%} {watched.success} instead of {window.positives / window.rows:.1%}"
    yield from _figures(drift, rates)


def _volume(model: Model, newest: pa.Table, watched: WatchedExamples, limit: float) -> DriftRow:
    """Examples a day, against all days of training or the same weekdays, whichever are nearer. Days without examples
    are no days: they say nothing about the subjects."""
    window, day = model.manifest.all_examples, watched.task.columns.day
    now = rows_a_day(newest[day])
    then = min(rows_per_usual_day(window, newest, day), key=lambda usual: abs(now / usual - 1))
    change = abs(now / then - 1)
    chance = _chance_of_volume(sizes(watched.counted_by, window, newest))
    verdict: DriftVerdict = "drifted" if change >= limit and change > chance else "ok"
    words = f"volume: {now:,.0f} {watched.plural} a day instead of {then:,.0f}"
    return DriftRow("volume", "volume", change, limit, chance, verdict, words)


def _chance_of_volume(size: Sizes) -> float:
    """Of a count to which each subject adds about the same or nothing."""
    return math.sqrt(2 * math.log(2 / CHANCE) * (1 / size.then + 1 / size.now))


def _new_categories(
    name: str, column: Column, then: Distribution, now: Distribution, plural: str, limit: float
) -> DriftRow:
    """One new category is a fact, so there is no chance about it."""
    value = max(0.0, now.shares[-1] - then.shares[-1])
    verdict: DriftVerdict = "drifted" if value >= limit else "watch" if value else "ok"
    new = sorted({str(one) for one in pc.unique(column.drop_null()).to_pylist()} - set(then.categories or ()))
    words = f"{name}: no value that training never saw"
    if value:
        words = f"{name}: {value:.1%} of the {plural} are {', '.join(new[:3])}, which training never saw"
    return DriftRow(name, "new_categories", value, limit, None, verdict, words)


def _figures(drift: Drift, change: str) -> Iterator[DriftRow]:
    """A row per figure, each with what changed, and what it could not have told from chance."""
    for figure in drift.figures:
        limit, words = LIMITS[figure.name].drifted, f"{drift.name}: {change}"
        if figure.blind and figure.verdict == "ok":
            words += f" (of so few independent rows, {figure.name} tells no less than {figure.chance:.2f} from chance)"
        yield DriftRow(drift.name, figure.name, figure.value, limit, figure.chance, figure.verdict, words)


def _of_days(examples: pa.Table, task: RankingTask, last: date, days: int) -> pa.Table:
    """In an order of its own: sums of floats depend on the order of rows, and a table has none."""
    day = examples[task.columns.day]
    first = pa.scalar(last - timedelta(days=days - 1), day.type)
    chosen = examples.filter(pc.and_(pc.greater_equal(day, first), pc.less_equal(day, pa.scalar(last, day.type))))
    return chosen.sort_by([(task.columns.day, "ascending"), (task.columns.example, "ascending")])


def _were_features_filling(model: Model, settings: DriftSettings) -> bool:
    """Whether a look-back of the training window reaches before the first day that is known: features then still grew,
    and they differ now because they are whole, not because customers do."""
    return model.manifest.windows["train"].first - timedelta(days=settings.look_back_days) < settings.history_from


def _milder(row: DriftRow, settings: DriftSettings) -> DriftRow:
    if row.verdict != "drifted":
        return row
    words = f"{row.words}; only to watch: in training, features looked back to before {settings.history_from}"
    return replace(row, verdict="watch", words=words)
