"""Logistic regression on standardized features: scikit-learn fits it, and its JSON and numpy score it.

Each feature becomes one or more terms: a number or flag its value and, where training had missing ones, whether it is
missing: its value is the median then. (Where training had none, the encoding fills them.) A category becomes one term
per category, and none is true for a missing one. Terms are standardized, so a contribution is weight x (term - mean) /
scale, and the starting point is the average example's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import numpy as np

from recs_platform.models.features import Bools, Encoding, Floats, tamed
from recs_platform.models.ranker import FitData, FitReport, RankerKind, shares
from recs_platform.models.settings import FitSettings

MOST_STEPS = 500
FAR = 10.0
"""Standard deviations from the mean, beyond which a feature's values count by their order of magnitude."""


@dataclass(frozen=True)
class Term:
    """One column of the regression: a feature's value, its being missing, or its being one category."""

    feature: int
    fill: float | None
    """The value in place of a missing one; None for a term that is true or false."""
    code: float | None
    """The category for which the term is true; without it and without a fill, true for a missing value."""
    mean: float
    scale: float
    weight: float = 0.0
    tamed: bool = False
    """The value counts by its order of magnitude: training saw some that are very far from the others, which a straight
    line would follow out of sight."""

    def standardised(self, values: Floats) -> Floats:
        if self.fill is not None:
            plain = np.where(np.isnan(values), self.fill, values)
            plain = tamed(plain) if self.tamed else plain
        else:
            plain = (np.isnan(values) if self.code is None else values == self.code).astype(np.float64)
        result: Floats = (plain - self.mean) / self.scale
        return result


@dataclass(frozen=True)
class LogisticRanker:
    kind: ClassVar[str] = "logistic"
    features: int
    bias: float
    terms: tuple[Term, ...]

    def raw_scores(self, matrix: Floats) -> Floats:
        # Feature by feature, not as a matrix product: that sums in another order for another number of rows.
        raw = np.full(len(matrix), self.bias)
        for part in self._parts(matrix):
            raw += part
        return raw

    def contributions(self, matrix: Floats) -> Floats:
        return np.column_stack([*self._parts(matrix), np.full(len(matrix), self.bias)])

    def importance(self) -> Floats:
        weights = np.zeros(self.features)
        for term in self.terms:
            weights[term.feature] += abs(term.weight)
        return shares(weights)

    def content(self) -> bytes:
        content = {"bias": self.bias, "features": self.features, "terms": [asdict(term) for term in self.terms]}
        return json.dumps(content, sort_keys=True, indent=1, allow_nan=False).encode()

    @classmethod
    def read(cls, content: bytes) -> LogisticRanker:
        """Raises ValueError, TypeError or KeyError for what `content` did not write."""
        parsed = json.loads(content)
        terms = tuple(Term(**term) for term in parsed["terms"])
        if any(not 0 <= term.feature < parsed["features"] for term in terms):
            raise ValueError("a term belongs to no feature")
        return cls(int(parsed["features"]), float(parsed["bias"]), terms)

    def _parts(self, matrix: Floats) -> Iterator[Floats]:
        for feature in range(self.features):
            mine = [term for term in self.terms if term.feature == feature]
            # A copy where the matrix's columns are not contiguous.
            values = np.ascontiguousarray(matrix[:, feature])
            yield _points(mine, values) if any(term.code is not None for term in mine) else _sum(mine, values)


def fit(
    encoding: Encoding, matrix: Floats, labels: Bools, strength: float, weights: Floats | None = None
) -> tuple[LogisticRanker, FitReport]:
    """The regression with an L2 penalty (`strength` is scikit-learn's C), and how the fit went."""
    # Imported where a model is trained: it takes more than a second that scoring need not spend.
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    terms = _terms(encoding, matrix)
    design = np.empty((len(matrix), len(terms)))
    for place, term in enumerate(terms):
        design[:, place] = term.standardised(matrix[:, term.feature])
    regression = LogisticRegression(C=strength, tol=1e-6, max_iter=MOST_STEPS)
    # Another number of threads sums in another order, and the last digits of the weights would differ.
    with threadpool_limits(1):
        regression.fit(design, labels, sample_weight=weights)
    weighted = [
        Term(**{**asdict(term), "weight": float(weight)})
        for term, weight in zip(terms, regression.coef_[0], strict=True)
    ]
    steps = int(regression.n_iter_[0])
    ranker = LogisticRanker(len(encoding.features.specs), float(regression.intercept_[0]), tuple(weighted))
    return ranker, {"steps": steps, "converged": steps < MOST_STEPS}


def _terms(encoding: Encoding, matrix: Floats) -> list[Term]:
    terms = []
    for feature, spec in enumerate(encoding.features.specs):
        values = matrix[:, feature]
        if spec.kind == "category":
            codes = range(len(encoding.vocabularies[spec.name]))
            terms += [_measured(Term(feature, None, float(code), mean=0.0, scale=1.0), values) for code in codes]
            continue
        absent = np.isnan(values)
        # Never present: nothing to fill with, and nothing to learn; a constant has no weight.
        plain = Term(feature, 0.0 if absent.all() else float(np.nanmedian(values)), None, mean=0.0, scale=1.0)
        of_value = _measured(plain, values)
        is_far = len(values) > 0 and np.abs(of_value.standardised(values)).max() > FAR
        terms.append(_measured(replace(plain, tamed=True), values) if is_far else of_value)
        if absent.any():
            terms.append(_measured(Term(feature, None, None, mean=0.0, scale=1.0), values))
    return terms


def _measured(term: Term, values: Floats) -> Term:
    """The same term, standardised."""
    plain = term.standardised(values)
    mean, deviation = float(plain.mean()), float(plain.std())
    # Constant but for rounding: dividing by the rounding error would make noise of it.
    return replace(term, mean=mean, scale=deviation if deviation > 1e-12 * max(1.0, abs(mean)) else 1.0)


def _sum(terms: Sequence[Term], values: Floats) -> Floats:
    total = np.zeros(len(values))
    for term in terms:
        total += term.weight * term.standardised(values)
    return total


def _points(terms: Sequence[Term], values: Floats) -> Floats:
    """A category's terms, looked up: one sum per category instead of one pass over the rows per category."""
    codes = np.array([*(term.code for term in terms), np.nan], dtype=np.float64)
    of_code = _sum(terms, codes)
    absent = np.isnan(values)
    return np.where(absent, of_code[-1], of_code[np.where(absent, 0, values).astype(np.int64)])


def _fit(data: FitData, settings: FitSettings, _threads: int) -> tuple[LogisticRanker, FitReport]:
    return fit(data.encoding, *data.train, settings.logistic_strength, data.train_weights)


def _read(content: bytes, _threads: int) -> LogisticRanker:
    return LogisticRanker.read(content)


LOGISTIC = RankerKind("logistic", "logistic regression", "model.json", _fit, _read)
