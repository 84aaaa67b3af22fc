"""From examples to a model of each kind, compared on examples that none has seen; one becomes the candidate.

How examples are shared out, by what models are judged and how one is chosen is the design's to say (`design.py`). Not
here: the model that serves, which is fitted again with the newest examples (`final.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.models.choice import Choice, ComparisonWindow
from recs_platform.models.data import Examples, NotTrainableError
from recs_platform.models.design import CHANCES_BY_DAYS, Design
from recs_platform.models.distribution import of_features, of_numbers, quantile_edges
from recs_platform.models.features import Bools, Encoding, Floats
from recs_platform.models.kinds import DEFAULT_KINDS
from recs_platform.models.manifest import Manifest, sha256, stored_features
from recs_platform.models.measure import AnyMeasure
from recs_platform.models.model import BATCH, Model
from recs_platform.models.paired import Judges
from recs_platform.models.provenance import Provenance
from recs_platform.models.ranker import FitData, FitReport, Ranker, RankerKind
from recs_platform.models.sampling import corrected, keep, kept_share, rate_for
from recs_platform.models.settings import FitSettings
from recs_platform.models.windows import Windows
from recs_platform.models.yardsticks import Measured, Yardstick


@dataclass(frozen=True)
class Training:
    windows: Windows
    models: tuple[Model, ...]
    """The simplest first."""
    validation: ComparisonWindow
    test: ComparisonWindow
    """On which the candidate and the active model are compared, too."""
    choice: Choice

    @cached_property
    def candidate(self) -> Model:
        """Where no model serves."""
        return self.candidate_after(None)

    @property
    def possible(self) -> tuple[Model, ...]:
        """Those that may be the candidate, whatever serves."""
        return self.models if self.choice.minds_incumbent else (self.candidate,)

    def candidate_after(self, incumbent: str | None) -> Model:
        """Where a model of this kind serves."""
        return self.models[self.choice.pick(self.models, self.validation, self.test, incumbent)]


def train(
    examples: Examples,
    settings: FitSettings,
    provenance: Provenance,
    *,
    kinds: Sequence[RankerKind] = DEFAULT_KINDS,
    yardsticks: Sequence[Yardstick] = (),
    design: Design = CHANCES_BY_DAYS,
    threads: int = 1,
) -> Training:
    """Fit a model of each kind. Raises NotTrainableError when these examples cannot teach or judge one.

    Threads change the time and nothing else. One is the default, because LightGBM's wait for each other after every
    node: on cores that have other work, two of them were seen to take eight times as long as one.
    """
    measure, divided = design.measure, design.split.divide(examples, settings)
    split, shares = divided.split, divided.shares
    data = fit_data(split.train, shares.fitting, shares.stopping, settings, measure.length)
    common = {
        "format": design.manifest_format,
        "label_rate": split.train.positives / len(split.train),
        "training": of_features(data.encoding, split.train.table, split.train.weekdays),
        "windows": dict(divided.stored),
        "settings": settings,
        "split": design.split.stored,
        "snapshot": provenance.snapshot,
        "code_version": provenance.code_version,
    }
    fitted = [_fitted(kind, data, settings, threads, common) for kind in kinds]
    calibrated = (_calibrated(model, shares.calibrating, measure) for model in fitted)
    validation = _window(split.validation, {}, measure)
    test = _window(split.test, measure.of_yardsticks(yardsticks, split), measure)
    models = tuple(_judged(model, validation, test) for model in calibrated)
    return Training(divided.windows, models, validation, test, design.choice)


def _window(part: Examples, yardsticks: Mapping[str, Measured], measure: AnyMeasure) -> ComparisonWindow:
    return ComparisonWindow(part, Judges.of(part.labels, part.groups, part.list_codes), yardsticks, measure)


def fit_data(
    train: Examples, is_fitting: Bools, stopping: Examples, settings: FitSettings, length: int | None
) -> FitData:
    """Of the rows that may teach, some failures left out; and what says when to stop, whole."""
    fitting = train.labels[is_fitting]
    positives, failures = int(fitting.sum()), int((~fitting).sum())
    rate = rate_for(positives, failures, settings.negatives_per_positive)
    learned = keep(_names(train), train.labels, rate, str(settings.seed)) & is_fitting
    share = kept_share(learned[is_fitting], fitting)
    if not share:
        raise NotTrainableError(
            f"negatives_per_positive {settings.negatives_per_positive} leaves none of the {failures} failures of the "
            "train window to learn from. Raise it"
        )
    encoding, sample = Encoding.fit(train.features, train.table, learned), train.where(learned)
    return FitData(
        encoding,
        train=_matrix(encoding, sample),
        validation=_matrix(encoding, stopping),
        kept=share,
        train_lists=sample.list_codes,
        validation_lists=stopping.list_codes,
        length=length,
        train_weights=_weights(sample),
        validation_weights=_weights(stopping),
    )


def _names(examples: Examples) -> Iterator[str | None]:
    """In batches: a name is far larger as an object of Python."""
    for chunk in examples.ids.chunks:
        for start in range(0, len(chunk), BATCH):
            yield from chunk.slice(start, BATCH).to_pylist()


def _matrix(encoding: Encoding, examples: Examples) -> tuple[Floats, Bools]:
    return encoding.matrix(examples.table), examples.labels


def _weights(examples: Examples) -> Floats | None:
    return None if examples.weights is None else examples.weights.to_numpy()


def _fitted(kind: RankerKind, data: FitData, settings: FitSettings, threads: int, common: Mapping[str, Any]) -> Model:
    ranker, report = data.fitted(kind, settings, threads)
    scores, of_ranker = of_numbers(np.empty(0), ()), fit_fields(kind, data, ranker, report)
    return Model(Manifest(**common, **of_ranker, kind=kind.name, quality={}, scores=scores), ranker)


def _calibrated(model: Model, calibrating: Examples | None, measure: AnyMeasure) -> Model:
    if calibrating is None:
        return model
    kept = model.manifest.kept_negatives
    calibration = measure.calibration(lambda: corrected(model.raw_scores(calibrating.table), kept), calibrating.labels)
    return replace(model, manifest=model.manifest.model_copy(update={"calibration": calibration}))


def fit_fields(kind: RankerKind, data: FitData, ranker: Ranker, report: FitReport) -> dict[str, Any]:
    """What a manifest says of one fit."""
    return {
        "features": stored_features(data.encoding),
        "kept_negatives": data.kept,
        "importance": dict(zip(data.encoding.features.names, ranker.importance().tolist(), strict=True)),
        "fitted": report,
        "files": {kind.file: sha256(ranker.content())},
    }


def _judged(model: Model, validation: ComparisonWindow, test: ComparisonWindow) -> Model:
    """The model with its figures: how good it is where it has not learned, and how its scores spread there."""
    windows, measure = (validation, test), test.measure
    measured = [measure.of_model(model, window.examples.table) for window in windows]
    figures = [measure.figures(window.examples, one) for window, one in zip(windows, measured, strict=True)]
    on_test = measured[1].scores
    scores = of_numbers(on_test, quantile_edges(on_test))
    fields = {
        **measure.manifest_fields(*figures),
        "scores": scores.with_weekdays(pa.chunked_array([on_test]), test.examples.weekdays),
    }
    judged = replace(model, manifest=model.manifest.model_copy(update=fields))
    for window, one in zip(windows, measured, strict=True):
        window.remember(judged, one)
    return judged
