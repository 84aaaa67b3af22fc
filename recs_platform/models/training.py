"""From examples to a model of each kind, compared on days that none has seen; one becomes the candidate.

Not here: the model that serves, which is fitted again with the newest days (final.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.models.calibration import fit_calibration
from recs_platform.models.choice import ComparisonWindow, choose
from recs_platform.models.data import Examples, NotTrainableError, joined
from recs_platform.models.distribution import of_features, of_numbers, quantile_edges
from recs_platform.models.features import Bools, Encoding, Floats
from recs_platform.models.kinds import DEFAULT_KINDS
from recs_platform.models.manifest import Manifest, StoredWindow, sha256, stored_features
from recs_platform.models.metrics import judge
from recs_platform.models.model import Model
from recs_platform.models.paired import Judges
from recs_platform.models.provenance import Provenance
from recs_platform.models.ranker import FitData, FitReport, Ranker, RankerKind
from recs_platform.models.sample_size import independent_rows, rows_a_day, rows_of_each
from recs_platform.models.sampling import corrected, keep, kept_share, rate_for
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.windows import WANTED, WINDOWS, DayCounts, Split, Window, Windows
from recs_platform.models.yardsticks import Yardstick, measure

CALIBRATING_SHARE = 0.2


@dataclass(frozen=True)
class Training:
    windows: Windows
    models: tuple[Model, ...]
    """The simplest first."""
    test: ComparisonWindow
    """On which the candidate and the active model are compared, too."""

    @cached_property
    def candidate(self) -> Model:
        """Where no model serves."""
        return self.candidate_after(None)

    def candidate_after(self, incumbent: str | None) -> Model:
        """Where a model of this kind serves."""
        return self.models[choose(self.models, self.test, incumbent)]


def train(
    examples: Examples,
    settings: TrainingSettings,
    provenance: Provenance,
    *,
    kinds: Sequence[RankerKind] = DEFAULT_KINDS,
    yardsticks: Sequence[Yardstick] = (),
    threads: int = 1,
) -> Training:
    """Fit a model of each kind. Raises NotTrainableError when these examples cannot teach or judge one.

    Threads change the time and nothing else. One is the default, because LightGBM's wait for each other after every
    node: on cores that have other work, two of them were seen to take eight times as long as one.
    """
    windows = Windows.of(
        DayCounts.of(examples.days, examples.labels),
        validation_days=settings.validation_days,
        test_days=settings.test_days,
        gap_days=settings.gap_days,
    )
    split = windows.split(examples)
    shares = shared_out(split, settings.seed)
    data = fit_data(split.train, shares.fitting, shares.stopping, settings)
    common = {
        "label_rate": split.train.positives / len(split.train),
        "training": of_features(data.encoding, split.train.table, split.train.weekdays),
        "windows": {name: _stored(getattr(windows, name), getattr(split, name)) for name in WINDOWS},
        "settings": settings,
        "snapshot": provenance.snapshot,
        "code_version": provenance.code_version,
    }
    models = tuple(
        _judged(_calibrated(kind, data, kind.fit(data, settings, threads), shares.calibrating, common), split)
        for kind in kinds
    )
    judges = Judges.of(split.test.labels, split.test.groups)
    test = ComparisonWindow(split.test, judges, measure(yardsticks, split.validation, split.test))
    return Training(windows, models, test)


@dataclass(frozen=True)
class Shares:
    """Who does what of the days before the gap."""

    fitting: Bools
    """Of the rows of the training window."""
    stopping: Examples
    calibrating: Examples | None
    """None where the others would lack successes or failures."""


def shared_out(split: Split, seed: int) -> Shares:
    """A fifth of the customers say what a score is worth: by their rows of the validation window and, while those hold
    fewer than `WANTED` successes, by those of the days before it, which then teach nothing. Older mailers are of other
    kinds, so a handful of successes of the newest one would not do. All others of the validation window say when to
    stop.
    """
    is_held = [held_customers(part, seed) for part in (split.train, split.validation)]
    lacking = WANTED - int(split.validation.labels[is_held[1]].sum())
    apart = is_held[0] & (split.train.days >= _day_holding(lacking, split.train.where(is_held[0])))
    stopping = split.validation.where(~is_held[1])
    calibrating = joined(split.train.where(apart), split.validation.where(is_held[1]))
    if any(part.is_one_sided for part in (split.train.where(~apart), stopping, calibrating)):
        return Shares(np.ones(len(split.train), np.bool_), split.validation, None)
    return Shares(~apart, stopping, calibrating)


def held_customers(examples: Examples, seed: int) -> Bools:
    """The fifth of the customers whose rows teach nothing."""
    customers = pc.unique(examples.groups)
    held = keep(customers.to_pylist(), np.zeros(len(customers), np.bool_), CALIBRATING_SHARE, f"calibrate {seed}")
    is_held: Bools = held[pc.index_in(examples.groups, value_set=customers).to_numpy()]
    return is_held


def _day_holding(successes: int, examples: Examples) -> np.datetime64:
    """The day from which on examples hold so many successes, or their first day; the day after all when none are
    asked for."""
    if successes <= 0 or not len(examples):
        return np.datetime64("9999-12-31")
    from_there = np.cumsum(examples.labels[::-1])[::-1] >= successes
    first: np.datetime64 = examples.days[int(from_there.sum()) - 1 if from_there.any() else 0]
    return first


def fit_data(train: Examples, is_fitting: Bools, stopping: Examples, settings: TrainingSettings) -> FitData:
    """Of the rows that may teach, some failures left out; and what says when to stop, whole."""
    fitting = train.labels[is_fitting]
    positives, failures = int(fitting.sum()), int((~fitting).sum())
    rate = rate_for(positives, failures, settings.negatives_per_positive)
    learned = keep(train.ids.to_pylist(), train.labels, rate, str(settings.seed)) & is_fitting
    share = kept_share(learned[is_fitting], fitting)
    if not share:
        raise NotTrainableError(
            f"negatives_per_positive {settings.negatives_per_positive} leaves none of the {failures} failures of the "
            "train window to learn from. Raise it"
        )
    encoding = Encoding.fit(train.features, train.table, learned)
    return FitData(
        encoding,
        train=_matrix(encoding, train.where(learned)),
        validation=_matrix(encoding, stopping),
        kept=share,
    )


def _matrix(encoding: Encoding, examples: Examples) -> tuple[Floats, Bools]:
    return encoding.matrix(examples.table), examples.labels


def _calibrated(
    kind: RankerKind,
    data: FitData,
    fitted: tuple[Ranker, FitReport],
    calibrating: Examples | None,
    common: Mapping[str, Any],
) -> Model:
    ranker, report = fitted
    scores, of_ranker = of_numbers(np.empty(0), ()), fit_fields(kind, data, ranker, report)
    manifest = Manifest(**common, **of_ranker, kind=kind.name, quality={}, scores=scores)
    model = Model(manifest, ranker)
    if calibrating is None:
        return model
    raw = corrected(model.raw_scores(calibrating.table), manifest.kept_negatives)
    calibration = fit_calibration(raw, calibrating.labels)
    return replace(model, manifest=manifest.model_copy(update={"calibration": calibration}))


def fit_fields(kind: RankerKind, data: FitData, ranker: Ranker, report: FitReport) -> dict[str, Any]:
    """What a manifest says of one fit."""
    return {
        "features": stored_features(data.encoding),
        "kept_negatives": data.kept,
        "importance": dict(zip(data.encoding.features.names, ranker.importance().tolist(), strict=True)),
        "fitted": report,
        "files": {kind.file: sha256(ranker.content())},
    }


def _judged(model: Model, split: Split) -> Model:
    """The model with its figures: how good it is where it has not learned, and how its probabilities spread there."""
    on_validation, on_test = (model.probabilities(part.table) for part in (split.validation, split.test))
    scores = of_numbers(on_test, quantile_edges(on_test))
    judged = {
        "quality": {
            "validation": judge(split.validation.labels, on_validation),
            "test": judge(split.test.labels, on_test),
        },
        "scores": scores.with_weekdays(pa.chunked_array([on_test]), split.test.weekdays),
    }
    return replace(model, manifest=model.manifest.model_copy(update=judged))


def _stored(window: Window, examples: Examples) -> StoredWindow:
    independent = {name: independent_rows(rows_of_each(column)) for name, column in examples.subjects.items()}
    days, weekdays = pa.chunked_array([examples.days]), examples.weekdays
    per_weekday = tuple(rows_a_day(days.filter(pa.array(weekdays == weekday))) for weekday in range(7))
    return StoredWindow(window.first, window.last, len(examples), examples.positives, independent, per_weekday)
