"""What somebody should know: one thing that is wrong, for whom, how bad, and what to do. Personal data is masked here.

A finding is data: who looks for them and how they are told is decided elsewhere (record.py, deliver.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from recs_platform.masking import mask_text
from recs_platform.platform_db.tables import shortened
from recs_platform.warehouse.slices import Days

PLATFORM = ""
"""In the place of a company: what concerns all of them."""
MOST_EXAMPLES = 3


class Severity(StrEnum):
    """How bad it is, the mildest first."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class Kind(StrEnum):
    """What a finding is about; each has a paragraph in docs/runbook.md."""

    CHECK = "check"
    RUN = "run"
    KILLED = "killed"
    STUCK = "stuck"
    PUBLICATION = "publication"
    FRESHNESS = "freshness"
    DRIFT = "drift"
    TRAINING = "training"
    SERVING = "serving"
    FEED = "feed"
    STORE = "store"
    HOUSEKEEPING = "housekeeping"
    TEST = "test"


@dataclass(frozen=True, order=True)
class Trouble:
    """What is wrong, across time: two findings of the same trouble are one trouble seen twice."""

    company: str
    kind: Kind
    subject: str


@dataclass(frozen=True)
class Finding:
    trouble: Trouble
    severity: Severity
    says: str
    """One sentence."""
    remedy: str
    """What to do, with the command."""
    days: Days | None = None
    asset: str | None = None
    check: str | None = None
    rows: int | None = None
    """How many are concerned."""
    examples: tuple[str, ...] = ()
    run_id: str | None = None

    def masked(self) -> Finding:
        """As it may leave the platform, whoever wrote it."""
        examples = tuple(shortened(mask_text(one)) for one in self.examples[:MOST_EXAMPLES])
        says, remedy = (shortened(mask_text(text)) for text in (self.says, self.remedy))
        asset, check, run_id = (text and shortened(mask_text(text)) for text in (self.asset, self.check, self.run_id))
        return replace(self, says=says, remedy=remedy, examples=examples, asset=asset, check=check, run_id=run_id)


@dataclass(frozen=True)
class Observation:
    """What one look at one company saw. The same name again is the same look, and changes nothing."""

    name: str
    """Such as a run's id."""
    company: str
    at: datetime
    findings: tuple[Finding, ...] = ()
    settled: frozenset[Trouble] = frozenset()
    """What the look saw to be well, whether or not it ever was otherwise."""

    @cached_property
    def by_trouble(self) -> dict[Trouble, Finding]:
        """The worst of each trouble; of those the first."""
        return worst_of_each(self.findings)


def worst_of_each(findings: Iterable[Finding]) -> dict[Trouble, Finding]:
    worst: dict[Trouble, Finding] = {}
    for finding in findings:
        known = worst.get(finding.trouble)
        if known is None or finding.severity.rank > known.severity.rank:
            worst[finding.trouble] = finding
    return worst
