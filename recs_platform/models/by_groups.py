"""Examples shared out by whom they are about: every list is whole in one part, and all parts may be of one day.

A client's part is drawn from the client's name alone, so it stays the same whoever else is there, next week, and
whatever the seed: a model that served before has never learned from a client of the test. Or the parts are given, as
those of a published log are.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.models.data import Examples, NotTrainableError
from recs_platform.models.features import Bools
from recs_platform.models.manifest import ALL, Manifest
from recs_platform.models.sampling import draws
from recs_platform.models.settings import FitSettings
from recs_platform.models.splits import Divided, Shares, stored_window
from recs_platform.models.windows import LEAST, WINDOWS, Split, Window, Windows
from recs_platform.plurals import counted


class _ByWhom:
    """What both rules do with their parts."""

    @property
    def stored(self) -> dict[str, Any]:
        raise NotImplementedError

    def parts(self, examples: Examples) -> dict[str, Bools]:
        """The rows of train, validation and test."""
        raise NotImplementedError

    def divide(self, examples: Examples, _settings: FitSettings) -> Divided:
        return _divided(examples, self.parts(examples))

    def apart(self, examples: Examples, _settings: FitSettings) -> Bools:
        return self.parts(examples)["validation"]

    def head_start(self, champion: Manifest, _test: Examples) -> str:
        """Where its clients were shared out by another rule."""
        if champion.split == self.stored:
            return ""
        return " The active model may have learned from some of these lists, so it may have had an advantage."


@dataclass(frozen=True)
class ByGroups(_ByWhom):
    validation: float = 0.15
    test: float = 0.15
    """Shares of the groups; all others teach."""
    salt: str = "parts"

    def __post_init__(self) -> None:
        if min(self.validation, self.test) <= 0 or self.validation + self.test >= 1:
            raise ValueError("validation and test are shares above 0, and something is left to learn from")

    @property
    def stored(self) -> dict[str, Any]:
        return {"rule": "groups", **asdict(self)}

    def parts(self, examples: Examples) -> dict[str, Bools]:
        groups = pc.unique(examples.groups)
        drawn = draws(groups.to_pylist(), self.salt)[pc.index_in(examples.groups, value_set=groups).to_numpy()]
        # The test is below, validation above: if one share is changed, the other part stays as it is.
        is_test, is_validation = drawn < self.test, drawn >= 1 - self.validation
        return {"train": ~is_test & ~is_validation, "validation": is_validation, "test": is_test}


@dataclass(frozen=True)
class GivenGroups(_ByWhom):
    """By a column of the examples (`Columns.part`) that says `train`, `validation` or `test`."""

    @property
    def stored(self) -> dict[str, Any]:
        return {"rule": "given"}

    def parts(self, examples: Examples) -> dict[str, Bools]:
        if examples.parts is None:
            raise NotTrainableError("the examples do not say who learns: no column is named as their part")
        both = pa.Table.from_arrays([examples.groups, examples.parts], ["group", "part"])
        named = both.group_by(["group", "part"]).aggregate([])
        strange = sorted({str(part) for part in pc.unique(named["part"]).to_pylist()} - set(WINDOWS))
        if strange:
            raise NotTrainableError(f"a part is train, validation or test, and not {', '.join(strange[:3])}")
        twice = int((pc.value_counts(named["group"]).field("counts").to_numpy() > 1).sum())
        if twice:
            raise NotTrainableError(f"{twice} groups stand in more than one part. Give each group one part")
        place = pc.index_in(examples.parts, value_set=pa.array(WINDOWS)).to_numpy()
        return {name: place == number for number, name in enumerate(WINDOWS)}


def _divided(examples: Examples, parts: dict[str, Bools]) -> Divided:
    split = Split(**{name: examples.where(chosen) for name, chosen in parts.items()})
    _require_enough(examples, split)
    days = Window(examples.first, examples.last)
    each = {name: stored_window(days, getattr(split, name)) for name in WINDOWS}
    shares = Shares(np.ones(len(split.train), np.bool_), split.validation, None)
    return Divided(split, shares, Windows(days, days, days), {**each, ALL: stored_window(days, examples)})


def _require_enough(examples: Examples, split: Split) -> None:
    """Lists with a success are what an order is learned from and judged by."""
    counts = {name: _with_success(getattr(split, name)) for name in WINDOWS}
    if min(counts.values()) >= LEAST and not any(getattr(split, name).is_one_sided for name in WINDOWS):
        return
    each = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    raise NotTrainableError(
        f"the {counted(len(examples), 'example')} of {examples.first} to {examples.last} hold "
        f"{counted(sum(counts.values()), 'list')} with a success ({each}); each part "
        f"needs {LEAST}, and a failure. Wait until more have ordered again"
    )


def _with_success(examples: Examples) -> int:
    return len(pc.unique(examples.groups.filter(pa.array(examples.labels))))
