"""Gradient boosted trees by LightGBM, kept as its text: the trees alone, without the settings of the run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

import numpy as np

from recs_platform.models.features import Bools, Encoding, Floats
from recs_platform.models.ranker import FitData, FitReport, RankerKind, shares
from recs_platform.models.settings import FitSettings
from recs_platform.models.tree_planes import TreePlanes, UnknownTreesError

if TYPE_CHECKING:
    from lightgbm import Booster

MANY_ROWS = 20_000
"""From which on planes are faster than LightGBM, whose bits they give."""
_END = "end of trees\n"
Rows: TypeAlias = tuple[Floats, Bools]
Extra: TypeAlias = Mapping[str, Any]
"""What else LightGBM is told of the rows of a data set: weights, or how long each list is."""


@dataclass(frozen=True)
class BoostedRanker:
    kind: ClassVar[str] = "boosted"
    features: int
    text: str
    threads: int

    def raw_scores(self, matrix: Floats) -> Floats:
        if not len(matrix):
            return np.empty(0)  # LightGBM refuses an empty matrix
        if len(matrix) >= MANY_ROWS and self._planes is not None:
            return self._planes.raw_scores(matrix)
        return cast(Floats, self._booster.predict(matrix, raw_score=True, num_threads=self.threads))

    def contributions(self, matrix: Floats) -> Floats:
        """SHAP values of the trees; they add up exactly, whichever way features interact."""
        if not len(matrix):
            return np.empty((0, self.features + 1))
        return cast(Floats, self._booster.predict(matrix, pred_contrib=True, num_threads=self.threads))

    def importance(self) -> Floats:
        """By gain: how much of the training error the splits on a feature removed."""
        return shares(np.asarray(self._booster.feature_importance("gain"), dtype=np.float64))

    def content(self) -> bytes:
        return self.text.encode()

    @classmethod
    def read(cls, content: bytes, threads: int) -> BoostedRanker:
        """Raises ValueError for what is not whole: LightGBM ends the process on a text that breaks off."""
        text = content.decode()
        _require_whole(text)
        ranker = cls(int(_header(text, "max_feature_idx")) + 1, text, threads)
        if ranker._planes is None:  # LightGBM takes a second to import: only where trees cannot be read without it
            _ = ranker._booster
        return ranker

    @cached_property
    def _planes(self) -> TreePlanes | None:
        """None of trees that LightGBM alone reads."""
        try:
            return TreePlanes.read(self.text)
        except UnknownTreesError:
            return None

    @cached_property
    def _booster(self) -> Booster:
        return cast("Booster", _lightgbm().Booster(model_str=self.text))


def fit(
    encoding: Encoding,
    train: Rows,
    validation: Rows,
    kept: float,
    settings: FitSettings,
    threads: int,
    weights: tuple[Floats | None, Floats | None] = (None, None),
) -> tuple[BoostedRanker, FitReport]:
    """Trees until the log loss on the validation window has not improved for a while, cut back to the best.

    `validation` holds all failures, `train` a share `kept` of them. In the validation loss each failure weighs as much
    as that share, so that the trees are judged by the odds they learn, and no example is lost. `weights` are how much
    the examples themselves count, of both.
    """
    learned, held = weights
    told = {} if learned is None else {"weight": learned}
    judged = np.where(validation[1], 1.0, kept) * (1.0 if held is None else held)
    objective = {"objective": "binary", "metric": "binary_logloss"}
    text, report = grow(encoding, (train, told), (validation, {"weight": judged}), objective, settings, threads)
    return BoostedRanker(len(encoding.features.names), text, threads), report


def grow(
    encoding: Encoding,
    train: tuple[Rows, Extra],
    validation: tuple[Rows, Extra],
    objective: Mapping[str, Any],
    settings: FitSettings,
    threads: int,
) -> tuple[str, FitReport]:
    """The text of the trees for an objective: until the metric on the validation window has not improved for a while,
    cut back to the best. As many threads as there are, the same bytes."""
    lightgbm = _lightgbm()
    names = list(encoding.features.names)
    categorical = [spec.name for spec in encoding.features.specs if spec.kind == "category"]
    (matrix, labels), told = train
    (held, held_labels), held_told = validation
    data = lightgbm.Dataset(matrix, labels, feature_name=names, categorical_feature=categorical, **told)
    booster = lightgbm.train(
        {
            **objective,
            **settings.of_trees,
            # Of a share of the rows LightGBM could see no missing value, and would take the others' for zero.
            "bin_construct_sample_cnt": len(matrix),
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": threads,
            "verbosity": -1,
        },
        data,
        num_boost_round=settings.most_trees,
        valid_sets=[lightgbm.Dataset(held, held_labels, reference=data, **held_told)],
        callbacks=[lightgbm.early_stopping(settings.patience, verbose=False)],
    )
    whole = booster.model_to_string(num_iteration=booster.best_iteration)
    stopped = booster.current_iteration() < settings.most_trees
    return whole[: whole.index(_END) + len(_END)], {"trees": booster.best_iteration, "stopped_early": stopped}


def _lightgbm() -> Any:
    """Imported where a model is trained or loaded: it takes more than a second.

    Its threads sleep while they wait for one another. Where other work shares the cores, threads that spin take six
    times as long, and the work beside them too.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import lightgbm

    return lightgbm


def _require_whole(text: str) -> None:
    """The header says how long each tree is, and a line says where they end."""
    if not text.startswith("tree\n") or not text.endswith(_END):
        raise ValueError("the text of the trees is not whole")
    sizes = [int(size) for size in _header(text, "tree_sizes").split()]
    body = text[text.index("\n\n") + 2 : -len(_END)]
    at = 0
    for number, size in enumerate(sizes):
        if not body.startswith(f"Tree={number}\n", at):
            raise ValueError(f"tree {number} is not where the header says")
        at += size
    if at > len(body) or body[at:].strip():
        raise ValueError("the trees are shorter or longer than the header says")


def _header(text: str, key: str) -> str:
    head = text[: text.index("\n\n")] if "\n\n" in text else ""
    for line in head.split("\n"):
        if line.startswith(f"{key}="):
            return line.removeprefix(f"{key}=")
    raise ValueError(f"the header of the trees lacks {key}")


def _fit(data: FitData, settings: FitSettings, threads: int) -> tuple[BoostedRanker, FitReport]:
    weights = (data.train_weights, data.validation_weights)
    return fit(data.encoding, data.train, data.validation, data.kept, settings, threads, weights)


BOOSTED = RankerKind("boosted", "boosted trees", "model.txt", _fit, BoostedRanker.read)
