"""Whether a day's recommendations should go live: compared with what is live, judged, and published if nothing refuses.

Both the asset and the CLI come through here. Not here: how they go live (publish.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from recs_platform.companies.model import Company
from recs_platform.errors import MissingSliceError, UserError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.comparison import Compared
from recs_platform.publication.guardrails import Guardrail, judge_comparison, refusals
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import comparison_id, publish, reconcile
from recs_platform.publication.stage import COMPARISON
from recs_platform.warehouse.check import Severity, judge
from recs_platform.warehouse.slices import Days


class Standing(StrEnum):
    """How a day's recommendations stand to what is live."""

    NEW = "new"
    LIVE = "live"
    """The same rows are live already."""
    OLDER = "older"
    """Of a day before the one that is live: a backfill, which never goes live."""


@dataclass(frozen=True)
class Offer:
    """A day's recommendations, ready to be decided on."""

    company: str
    day: date
    standing: Standing
    live: Publication | None
    comparison_id: str
    compared: Compared | None
    """Of an offer that could go live."""
    guardrails: tuple[Guardrail, ...]
    failed_checks: tuple[str, ...]
    """Checks of severity error that the day's tables do not pass, in words. Nobody can approve those."""

    @property
    def refusals(self) -> list[str]:
        return refusals(self.guardrails)

    def words(self) -> str:
        """How it stands to what is live, in a sentence."""
        if self.live is None:
            return f"{self.company}: {self.day} would be the first publication."
        live = f"version {self.live.version}, of {self.live.as_of}"
        match self.standing:
            case Standing.LIVE:
                return f"{self.company}: the recommendations of {self.day} are live already ({live})."
            case Standing.OLDER:
                return f"{self.company}: {self.day} is older than what is live ({live}); nothing is published."
        return f"{self.company}: {self.day} would replace {live}."


def newest_day(outlet: Outlet) -> date:
    """The newest day that could be published."""
    days = outlet.warehouse.days(outlet.source)
    if not days:
        raise MissingSliceError(f"{outlet.source} was never made: `recs run --company {outlet.company}` comes first.")
    return days[-1]


def offer(outlet: Outlet, pipeline: Pipeline, company: Company, day: date, *, run_checks: bool = True) -> Offer:
    """Compare a day's recommendations with what is live, and judge them. Changes nothing of what is live.

    Without `run_checks` it is judged by the guardrails alone, and must not be accepted.
    """
    if day not in outlet.warehouse.days(outlet.source):
        raise MissingSliceError(f"{outlet.source} has no slice for {day}. Make that day first.")
    live = reconcile(outlet)
    content = outlet.warehouse.fingerprint(outlet.source, day)
    id_, stands = comparison_id(outlet, day, content, live), _standing(outlet, day, content, live)
    if stands is not Standing.NEW:
        return Offer(company.name, day, stands, live, id_, None, (), ())
    with outlet.warehouse.run(pipeline.bind(COMPARISON, company, Days.one(day))) as reader:
        compared = Compared(reader.read_all().to_pylist())
    guardrails = judge_comparison(compared, company.parameters)
    failed = tuple(_failed_checks(outlet, pipeline, company, day)) if run_checks else ()
    return Offer(company.name, day, stands, live, id_, compared, guardrails, failed)


def accept(offered: Offer, outlet: Outlet, *, by: str, at: datetime, approve: str | None = None) -> Publication | None:
    """Publish what was offered; None when it is refused, is live already or is older than what is live.

    `approve` names the comparison that somebody approved; of any other one nothing is published.
    """
    if offered.standing is not Standing.NEW:
        return None
    if approve is not None and approve != offered.comparison_id:
        raise UserError(
            f"{offered.company} {offered.day}: {approve} was approved, but the comparison is {offered.comparison_id} "
            "now: the recommendations, or what is live, have changed since. Nothing was published; look at the new one."
        )
    if offered.failed_checks or (offered.refusals and approve is None):
        return None
    return publish(outlet, offered.day, offered.comparison_id, by=by, at=at, approved=approve is not None)


def _standing(outlet: Outlet, day: date, content: str, live: Publication | None) -> Standing:
    if live is None or day > live.as_of:
        return Standing.NEW
    if day < live.as_of:
        return Standing.OLDER
    return Standing.LIVE if outlet.warehouse.fingerprint(outlet.live, day) == content else Standing.NEW


def _failed_checks(outlet: Outlet, pipeline: Pipeline, company: Company, day: date) -> list[str]:
    """The error checks of the published table and of everything that it is made of, run on the day."""
    tables = _made_of(pipeline, outlet.source.name)
    personal = frozenset().union(*(spec.personal for spec in pipeline.specs.values()))
    failed = []
    for name, (check, _) in pipeline.checks.items():
        if check.severity is Severity.ERROR and check.table in tables:
            verdict = judge(outlet.warehouse, check, pipeline.bind_check(name, company, Days.one(day)), personal)
            if not verdict.passed:
                failed.append(f"{check.table}: {name}: {verdict.violations:,} of {verdict.rows:,} rows break the rule")
    return failed


def _made_of(pipeline: Pipeline, table: str) -> set[str]:
    found, left = set[str](), [table]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += pipeline.inputs(name) - found
    return found
