"""A trained model as the rest of the platform uses it: a table in, probabilities and reasons out.

Training and serving score with this same code. Large tables are read in batches, so that memory does not grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from recs_platform.models.features import Floats
from recs_platform.models.golden_rows import GoldenRows
from recs_platform.models.kinds import kind_named
from recs_platform.models.manifest import GOLDEN, GOLDEN_FORMAT, Manifest, judged_file
from recs_platform.models.ranker import Ranker
from recs_platform.models.sampling import corrected, sigmoid

BATCH = 100_000


@dataclass(frozen=True)
class Model:
    manifest: Manifest
    ranker: Ranker
    judged_ranker: Ranker | None = None
    """Of a model that learned from all examples: that of its twin which was judged."""
    golden: GoldenRows | None = None
    """Of a model that was made to be served, if its code knew of them."""

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def judged(self) -> Model:
        """The model whose figures the manifest shows, which has not learned from the days that it is judged on. As
        training made it: without golden rows."""
        manifest, parts = self.manifest, self.manifest.judged
        file, ranker = kind_named(manifest.kind).file, self.ranker
        if parts is not None and self.judged_ranker is not None:
            ranker = self.judged_ranker
            own = {**vars(parts), "judged": None, "files": {file: manifest.files[judged_file(file)]}}
        elif manifest.format >= GOLDEN_FORMAT:
            own = {"files": {name: seal for name, seal in manifest.files.items() if name != GOLDEN}}
        else:
            return self
        return Model(manifest.model_copy(update={**own, "format": manifest.judged_format}), ranker)

    def raw_scores(self, table: pa.Table, batch: int = BATCH, threads: int = 1) -> Floats:
        """Log-odds in the sample that was trained on, or whatever an order was learned in: what contributions add up
        to. As many batches at a time as there are threads."""
        return np.concatenate([np.empty(0), *self._of_batches(self.ranker.raw_scores, table, batch, threads)])

    def probabilities(self, table: pa.Table, batch: int = BATCH) -> Floats:
        """The chance of a success; of a model that is judged by its lists only their order means anything."""
        return self.chances(self.raw_scores(table, batch))

    def chances(self, raw: Floats) -> Floats:
        """What raw scores are worth: corrected for the failures that training left out, then calibrated."""
        log_odds = corrected(raw, self.manifest.kept_negatives)
        calibration = self.manifest.calibration
        return sigmoid(log_odds if calibration is None else calibration.log_odds(log_odds))

    def contributions(self, table: pa.Table, batch: int = BATCH) -> Floats:
        """A row per row; a column per feature, in order, and the model's starting point last."""
        empty = np.empty((0, len(self.manifest.features) + 1))
        return np.concatenate([empty, *self._of_batches(self.ranker.contributions, table, batch, threads=1)])

    def importance(self) -> dict[str, float]:
        return self.manifest.importance

    def _of_batches(
        self, work: Callable[[Floats], Floats], table: pa.Table, batch: int, threads: int
    ) -> Iterator[Floats]:
        encoding = self.manifest.encoding
        # Before the first batch, so that a table without rows is refused like any other.
        chosen = encoding.features.columns(table)
        starts = range(0, chosen.num_rows, batch)

        def of_batch(start: int) -> Floats:
            return work(encoding.matrix(chosen.slice(start, batch)))

        if min(threads, len(starts)) < 2:
            yield from map(of_batch, starts)
            return
        with ThreadPoolExecutor(min(threads, len(starts))) as pool:
            yield from pool.map(of_batch, starts)
