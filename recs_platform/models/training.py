"""From examples to a model of each kind, compared on days that none has seen; the best one becomes the candidate.

The winner is not fitted again with the newest days: what was measured is what is served.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.models.data import Examples, NotTrainableError
from recs_platform.models.distribution import of_features, of_numbers, quantile_edges
from recs_platform.models.features import Bools, Encoding, Floats
from recs_platform.models.kinds import DEFAULT_KINDS
from recs_platform.models.manifest import Manifest, StoredWindow, sha256, stored_features
from recs_platform.models.metrics import judge
from recs_platform.models.model import Model
from recs_platform.models.provenance import Provenance
from recs_platform.models.ranker import FitData, FitReport, Ranker, RankerKind
from recs_platform.models.sample_size import independent_rows, rows_a_day, rows_of_each
from recs_platform.models.sampling import keep, kept_share, rate_for
from recs_platform.models.settings import TrainingSettings
from recs_platform.models.windows import WINDOWS, DayCounts, Split, Window, Windows


@dataclass(frozen=True)
class Training:
    windows: Windows
    models: tuple[Model, ...]
    """The simplest first."""
    test: Examples
    """On which the candidate and the active model are compared, too."""

    @property
    def candidate(self) -> Model:
        """The greatest ROC AUC in the test window; of equals the lower log loss, and then the simpler model."""
        quality = [model.manifest.quality["test"] for model in self.models]
        best = max(range(len(quality)), key=lambda place: (quality[place].roc_auc, -quality[place].log_loss, -place))
        return self.models[best]


def train(
    examples: Examples,
    settings: TrainingSettings,
    provenance: Provenance,
    *,
    kinds: Sequence[RankerKind] = DEFAULT_KINDS,
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
    data = _fit_data(split, settings)
    common = {
        "features": stored_features(data.encoding),
        "kept_negatives": data.kept,
        "label_rate": split.train.positives / len(split.train),
        "training": of_features(data.encoding, split.train.table, split.train.weekdays),
        "windows": {name: _stored(getattr(windows, name), getattr(split, name)) for name in WINDOWS},
        "settings": settings,
        "snapshot": provenance.snapshot,
        "code_version": provenance.code_version,
    }
    models = tuple(_judged(kind, *kind.fit(data, settings, threads), split, common) for kind in kinds)
    return Training(windows, models, split.test)


def _fit_data(split: Split, settings: TrainingSettings) -> FitData:
    train = split.train
    failures = len(train) - train.positives
    rate = rate_for(train.positives, failures, settings.negatives_per_positive)
    kept = keep(train.ids.to_pylist(), train.labels, rate, str(settings.seed))
    share = kept_share(kept, train.labels)
    if not share:
        raise NotTrainableError(
            f"negatives_per_positive {settings.negatives_per_positive} leaves none of the {failures} failures of the "
            "train window to learn from. Raise it"
        )
    encoding = Encoding.fit(train.features, train.table, kept)
    return FitData(
        encoding,
        train=_matrix(encoding, train.where(kept)),
        validation=_matrix(encoding, split.validation),
        kept=share,
    )


def _matrix(encoding: Encoding, examples: Examples) -> tuple[Floats, Bools]:
    return encoding.matrix(examples.table), examples.labels


def _judged(kind: RankerKind, ranker: Ranker, report: FitReport, split: Split, common: Mapping[str, Any]) -> Model:
    """The model with its manifest: how good it is where it has not learned, and how its probabilities spread there."""
    names = split.train.features.names
    unjudged = Manifest(
        **common,
        kind=kind.name,
        quality={},
        scores=of_numbers(np.empty(0), ()),
        importance=dict(zip(names, ranker.importance().tolist(), strict=True)),
        fitted=report,
        files={kind.file: sha256(ranker.content())},
    )
    model = Model(unjudged, ranker)
    on_validation, on_test = (model.probabilities(part.table) for part in (split.validation, split.test))
    scores = of_numbers(on_test, quantile_edges(on_test))
    judged = {
        "quality": {
            "validation": judge(split.validation.labels, on_validation),
            "test": judge(split.test.labels, on_test),
        },
        "scores": scores.with_weekdays(pa.chunked_array([on_test]), split.test.weekdays),
    }
    return replace(model, manifest=unjudged.model_copy(update=judged))


def _stored(window: Window, examples: Examples) -> StoredWindow:
    independent = {name: independent_rows(rows_of_each(column)) for name, column in examples.subjects.items()}
    days, weekdays = pa.chunked_array([examples.days]), examples.weekdays
    per_weekday = tuple(rows_a_day(days.filter(pa.array(weekdays == weekday))) for weekday in range(7))
    return StoredWindow(window.first, window.last, len(examples), examples.positives, independent, per_weekday)
