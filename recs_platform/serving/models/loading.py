"""A version out of the artifact store, proved before anybody is answered by it: its bytes by their digest, its features
by those that the code declares, and what it says by its golden rows.

Not here: when it is loaded, and what becomes of a version that is refused (holder.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recs_platform.errors import StorageError, TransientError, UserError
from recs_platform.model_registry.registry import Registered
from recs_platform.models.artifact import ArtifactError
from recs_platform.models.features import FeatureSet
from recs_platform.models.golden import GoldenError, check, golden_text
from recs_platform.models.model import Model
from recs_platform.models.task import RankingTask

Fetch: TypeAlias = Callable[[Registered, FeatureSet], Model]
"""A version's model, every byte of it proved: `ModelShelf.load` of its company."""

LATER_SECONDS = 1.0, 60.0
"""A store that does not answer is asked again after a second, and each time after twice as long, up to a minute."""
MENDED_SECONDS = 30.0, 600.0
"""What the store holds may be mended under the same row of the registry."""


@dataclass(frozen=True)
class BadModelError(Exception):
    why: str
    wait: tuple[float, float] | None
    """How long until it may be another: at first, and at most. None: not before the registry's row is another."""

    def __str__(self) -> str:
        return self.why


def _check_values(model: Model) -> None:
    """That rows which come as JSON are the same to the model as a table's."""
    if model.golden is None:
        return
    encoding = model.manifest.encoding
    columns = dict(zip(model.golden.features, zip(*model.golden.values, strict=True), strict=True))
    table = model.golden.table(encoding.features)
    if not np.array_equal(encoding.matrix_of_values(columns), encoding.matrix(table), equal_nan=True):
        raise GoldenError("its golden rows are other numbers as JSON than as a table")


def proved(fetch: Fetch, row: Registered, task: RankingTask) -> tuple[Model, str]:
    """The model of a version, and what became of its golden rows. A BadModelError says why it must not serve, without
    paths, which are for the log of whoever keeps the store."""
    try:
        model = fetch(row, task.features)
        check(model)
        _check_values(model)
    except GoldenError as error:
        raise BadModelError(error.problem, None) from error
    except ArtifactError as error:
        raise BadModelError(f"{error.path.name}: {error.problem}", MENDED_SECONDS) from error
    except (TransientError, StorageError, OSError) as error:
        raise BadModelError(f"the artifact store cannot be read ({type(error).__name__})", LATER_SECONDS) from error
    except UserError as error:
        raise BadModelError(str(error), MENDED_SECONDS) from error
    except Exception as error:
        # Whatever else goes wrong in it, the service goes on with the model that it has.
        raise BadModelError(f"it cannot be loaded ({type(error).__name__}: {error})", MENDED_SECONDS) from error
    if not model.ranker.importance().any():
        raise BadModelError("it makes nothing of its features, and gives everybody the same score", None)
    return model, golden_text(model)
