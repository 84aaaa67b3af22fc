"""What is known of a trained model: enough to load it safely, to judge it and to tell drift, without its training data.

No clock and no machine stands in it, so the same data, settings and code give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from recs_platform.models.calibration import Calibration
from recs_platform.models.distribution import Distribution
from recs_platform.models.features import Encoding, FeatureSet, FeatureSpec, Kind
from recs_platform.models.list_quality import ListQuality
from recs_platform.models.metrics import Quality
from recs_platform.models.settings import FitSettings, SampledSettings, TrainingSettings

GOLDEN = "golden.json"
"""The file of the golden rows (golden.py), in artifacts of this format and later ones:"""
GOLDEN_FORMAT = 6
ALL = "all"
"""A window of its own beside train, validation and test, where these share their days."""


@dataclass(frozen=True)
class StoredFeature:
    name: str
    kind: Kind
    description: str
    vocabulary: tuple[str, ...] | None = None
    """A category's values, in the order of their codes."""
    fill: float | None = None
    """What a missing value counts as, of a number or flag that training never missed."""


@dataclass(frozen=True)
class StoredWindow:
    first: date
    last: date
    rows: int
    positives: int
    independent: dict[str, float]
    """Rows that would tell as much if none were about the same customer, offer or day, by that column: what a sample's
    size is worth when drift is told from chance."""
    per_weekday: tuple[float, ...]
    """Rows on a Monday, a Tuesday and so on, of the days that had any; a busy one counts more than a quiet one."""


KeptShare: TypeAlias = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True)
class JudgedParts:
    """In what the judged model is another than the one that serves: all else in the manifest is of both."""

    features: tuple[StoredFeature, ...]
    kept_negatives: KeptShare
    calibration: Calibration | None
    importance: dict[str, float]
    fitted: dict[str, Any]


@dataclass(frozen=True)
class JudgedLists:
    """Of a model that is judged by the order inside lists."""

    length: int
    """The first places that are looked at."""
    quality: dict[str, ListQuality]
    """In the validation and the test window."""


class Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2, 3, 4, 5, 6] = 3
    """Another number with every new field or file: what is loaded must write the very bytes that were stored."""
    kind: str
    features: tuple[StoredFeature, ...]
    kept_negatives: KeptShare
    """Share of the failures that training kept; probabilities are corrected by it."""
    calibration: Calibration | None = None
    """What corrected log-odds are worth; None where too little was known, and in models of format 2."""
    judged: JudgedParts | None = None
    """Format 4: this model learned from all examples, and its twin, which had not seen those of the test window, was
    judged. None of a model that was judged itself."""
    label_rate: float
    """Share of successes in the training window, before any were left out."""
    training: dict[str, Distribution]
    """Of each feature in the training window, before any were left out."""
    scores: Distribution
    """In the test window, of the probabilities, or the raw scores of a model that is judged by lists: in the training
    window a model is surer than it may be."""
    importance: dict[str, float]
    windows: dict[str, StoredWindow]
    quality: dict[str, Quality]
    """In the validation and the test window; none of a model that is judged by lists."""
    lists: JudgedLists | None = None
    """Format 5: how good its lists are; None of a model that is judged by its chances."""
    split: dict[str, Any] | None = None
    """Format 5: the rule by which examples were shared out; None where it was by days."""
    fitted: dict[str, Any]
    """How the fit went: how many trees, or steps."""
    settings: FitSettings | TrainingSettings | SampledSettings
    snapshot: dict[str, Any]
    code_version: str
    files: dict[str, str]
    """SHA-256 of each other file of the folder."""

    @property
    def encoding(self) -> Encoding:
        specs = tuple(FeatureSpec(stored.name, stored.kind, stored.description) for stored in self.features)
        vocabularies = {stored.name: stored.vocabulary or () for stored in self.features if stored.kind == "category"}
        fills = {stored.name: stored.fill for stored in self.features if stored.fill is not None}
        return Encoding(FeatureSet(specs), vocabularies, fills)

    @property
    def judged_format(self) -> int:
        """That of a model that was judged itself, and has no golden rows."""
        return 3 if self.lists is None and self.split is None else 5

    @property
    def learned_until(self) -> date:
        """The last day whose outcomes had a say in the fit of the judged model."""
        return max(self.windows[name].last for name in ("train", "validation"))

    @property
    def all_examples(self) -> StoredWindow:
        """What the number of examples is compared with: where windows share their days, all of them together."""
        return self.windows.get(ALL, self.windows["train"])

    def canonical(self) -> bytes:
        newest = {"lists", "split"}
        unknown = {2: {"calibration", "judged"} | newest, 3: {"judged"} | newest, 4: newest}
        later = unknown.get(self.format, set())
        fields = self.model_dump(mode="json", exclude=later)
        text = json.dumps(fields, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
        return f"{text}\n".encode()

    @property
    def digest(self) -> str:
        """Names the whole model, because the manifest holds the hash of every other file."""
        return f"sha256:{sha256(self.canonical())}"


def judged_file(name: str) -> str:
    """The file of the judged model's ranker, beside that of the one that serves."""
    return f"judged_{name}"


def stored_features(encoding: Encoding) -> tuple[StoredFeature, ...]:
    return tuple(
        StoredFeature(
            spec.name, spec.kind, spec.description, encoding.vocabularies.get(spec.name), encoding.fills.get(spec.name)
        )
        for spec in encoding.features.specs
    )


def short(digest: str) -> str:
    """A digest as people read it.

    >>> short("sha256:8d39aabc0a0f5c3e")
    '8d39aabc0a0f'
    """
    return digest.removeprefix("sha256:")[:12]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
