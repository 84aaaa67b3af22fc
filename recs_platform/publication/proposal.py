"""Whether a day of a product should go live: compared with what is live, judged, and published if nothing refuses.

Both the asset and the CLI come through here. Not here: how they go live (publish.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.declarations.comparison import Compared
from recs_platform.declarations.guardrails import Guardrail, refusals
from recs_platform.declarations.product import AnyProduct
from recs_platform.errors import MissingSliceError, UserError
from recs_platform.pipeline.due import command_to_make, is_due
from recs_platform.pipeline.failed_parts import failed_parts
from recs_platform.pipeline.left_out import nothing_to_judge
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.holes import holes
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import comparison_id, publish, reconcile
from recs_platform.publication.stored_comparison import stored_comparison
from recs_platform.schemas.table import Empty
from recs_platform.warehouse.check import Severity
from recs_platform.warehouse.slices import Days
from recs_platform.warehouse.verdicts import judge_unless_kept

TO_PUBLISH = " To publish it: "
"""Between what is said of a refusal and the command that approves it."""


class Standing(StrEnum):
    """How a day stands to what is live."""

    NEW = "new"
    LIVE = "live"
    """The same rows are live already."""
    OLDER = "older"
    """Of a day before the one that is live: a backfill, which never goes live."""
    EMPTY = "empty"
    """The day has no rows, which its table allows: there is nothing to go live, and what is live stays."""


@dataclass(frozen=True)
class Proposal:
    """A day of a product, ready to be decided on."""

    company: str
    product: AnyProduct
    day: date
    standing: Standing
    live: Publication | None
    comparison_id: str
    compared: Compared | None
    """Of an offer that could go live."""
    guardrails: tuple[Guardrail, ...]
    failed_checks: tuple[str, ...]
    """Checks of severity error that the day's tables do not pass, in words. Nobody can approve those."""
    holes: tuple[str, ...] = ()
    """Days that its windows lack, and parts of the day that failed, in words."""
    refused_since: date | None = None
    """The first of the days before it that the same guardrails refused, beside the same live version; None when this
    refusal is news."""

    @property
    def refusals(self) -> list[str]:
        """Of the guardrails."""
        return refusals(self.guardrails)

    @property
    def to_approve(self) -> list[str]:
        """Why it goes live only when a person approves it; nothing when it needs no approval."""
        return [*self.refusals, *self.holes]

    @property
    def name(self) -> str:
        """As messages name it."""
        return self.product.of_company(self.company)

    @property
    def approval(self) -> str:
        """The command that approves its comparison, and no other."""
        command = f"recs publish {self.company}{self.product.option}"
        return f"{command} --date {self.day} --approve {self.comparison_id}"

    def summary(self, made: Publication | None = None) -> str:
        """How it stands to what is live, in a sentence; or what became of it, once it is published."""
        if self.standing is Standing.EMPTY:
            return f"{self.name}: {self.day} has no {self.product.content}; nothing is published."
        if self.live is None:
            return f"{self.name}: {self.day} {'is' if made else 'would be'} the first publication."
        live = f"version {self.live.version}, of {self.live.as_of}"
        match self.standing:
            case Standing.LIVE:
                return f"{self.name}: the {self.product.content} of {self.day} are live already ({live})."
            case Standing.OLDER:
                return f"{self.name}: {self.day} is older than what is live ({live}); nothing is published."
        return f"{self.name}: {self.day} {'replaced' if made else 'would replace'} {live}."


def unpublished_day(outlet: Outlet, days: Days) -> date | None:
    """The one of these days that could go live and has not: what a backfill leaves unpublished."""
    made = outlet.warehouse.days(outlet.source)
    if not made or made[-1] not in days:
        return None
    content = outlet.warehouse.fingerprint(outlet.source, made[-1])
    return made[-1] if _standing(outlet, made[-1], content, reconcile(outlet)) is Standing.NEW else None


def newest_day(outlet: Outlet, pipeline: Pipeline, company: Company) -> date:
    """The newest day that could be published."""
    days = outlet.warehouse.days(outlet.source)
    if not days:
        make = command_to_make(pipeline, company, outlet.source.name)
        raise MissingSliceError(f"{outlet.source} was never made: `{make}` comes first.")
    return days[-1]


def propose(
    outlet: Outlet,
    pipeline: Pipeline,
    company: Company,
    day: date,
    *,
    failed_now: Iterable[str] | None = None,
    run_checks: bool = True,
) -> Proposal:
    """Compare a day with what is live, and judge it. Changes nothing of what is live. `failed_now` are the parts that
    failed in the run that makes the day, if it is one that asks.

    Without `run_checks` it is judged by the guardrails alone, and must not be accepted.
    """
    if day not in outlet.warehouse.days(outlet.source):
        raise MissingSliceError(_why_there_is_none(outlet, pipeline, company, day))
    live, product = reconcile(outlet), outlet.product
    content = outlet.warehouse.fingerprint(outlet.source, day)
    id_, stands = comparison_id(outlet, day, content, live), _standing(outlet, day, content, live)
    if stands is not Standing.NEW:
        return Proposal(company.name, product, day, stands, live, id_, None, (), ())
    compared = product.compared(_comparison(outlet, pipeline, company, Days.one(day)))
    guardrails = product.judge(compared, company.parameters)
    since = _refused_since(outlet, pipeline, company, day, live, guardrails)
    if not run_checks:
        return Proposal(company.name, product, day, stands, live, id_, compared, guardrails, (), refused_since=since)
    failed = tuple(_failed_checks(outlet, pipeline, company, day))
    lacks = holes(outlet, pipeline, company, day, failed_now)
    return Proposal(company.name, product, day, stands, live, id_, compared, guardrails, failed, lacks, since)


def _refused_since(
    outlet: Outlet,
    pipeline: Pipeline,
    company: Company,
    day: date,
    live: Publication | None,
    guardrails: tuple[Guardrail, ...],
) -> date | None:
    """Every day is compared with what is live, so what one refuses the next one may refuse again: that is one piece of
    news. The days before are judged by their comparisons as they are stored, those that were made since the live
    version went live."""
    names = {guardrail.name for guardrail in guardrails if not guardrail.passed}
    if live is None or not names:
        return None
    comparisons = pipeline.ref(outlet.product.comparison, company)
    before = [made for made in outlet.warehouse.slices(comparisons) if live.as_of < made.day < day]
    since = None
    for made in sorted(before, key=lambda made: made.day, reverse=True):
        with outlet.warehouse.read(comparisons, Days.one(made.day)) as reader:
            compared = outlet.product.compared(reader.read_all().to_pylist())
        refused = {rail.name for rail in outlet.product.judge(compared, company.parameters) if not rail.passed}
        if made.made_at < live.published_at or refused != names:
            break
        since = made.day
    return since


def _why_there_is_none(outlet: Outlet, pipeline: Pipeline, company: Company, day: date) -> str:
    """A day that failed and a day that nobody made are told apart."""
    failed = failed_parts(company, pipeline, outlet.warehouse, outlet.database, day)
    causes = sorted(failed.keys() & pipeline.made_of(outlet.source.name))
    why = f"were not made: {causes[0]} failed ({failed[causes[0]].message})" if causes else "were never made"
    table = outlet.source.name
    first = "Make that day first" if is_due(pipeline, company, table, day) else "They are made once a week"
    make = command_to_make(pipeline, company, table, day)
    return f"{outlet.name}: the {outlet.product.content} of {day} {why}. {first}: {make}"


def _comparison(outlet: Outlet, pipeline: Pipeline, company: Company, day: Days) -> list[dict[str, Any]]:
    """As it is stored, if it is of what is stored and live now; otherwise computed."""
    product, warehouse = outlet.product, outlet.warehouse
    bound = pipeline.bind(product.comparison, company, day)
    rows = stored_comparison(pipeline.ref(product.comparison, company), product.live, warehouse, bound, day)
    if rows is not None:
        return rows
    with warehouse.run(bound) as reader:
        computed: list[dict[str, Any]] = reader.read_all().to_pylist()
    return computed


def accept(
    proposal: Proposal, outlet: Outlet, *, by: str, at: datetime, approve: str | None = None
) -> Publication | None:
    """Publish what was proposed; None when it is refused, empty, live already or older than what is live.

    `approve` names the comparison that somebody approved; of any other one nothing is published.
    """
    if proposal.standing is not Standing.NEW:
        return None
    if approve is not None and approve != proposal.comparison_id:
        raise UserError(
            f"{proposal.name} {proposal.day}: {approve} was approved, but the comparison is {proposal.comparison_id} "
            f"now: the {proposal.product.content}, or what is live, have changed since. Nothing was published; look at "
            "the new one."
        )
    if proposal.failed_checks or (proposal.to_approve and approve is None):
        return None
    return publish(outlet, proposal.day, proposal.comparison_id, by=by, at=at, approved=approve is not None)


def _standing(outlet: Outlet, day: date, content: str, live: Publication | None) -> Standing:
    if outlet.product.of.empty is Empty.ALLOWED and _is_empty(outlet, day):
        return Standing.EMPTY
    if live is None or day > live.as_of:
        return Standing.NEW
    if day < live.as_of:
        return Standing.OLDER
    return Standing.LIVE if outlet.warehouse.fingerprint(outlet.live, day) == content else Standing.NEW


def _is_empty(outlet: Outlet, day: date) -> bool:
    with outlet.warehouse.read(outlet.source, Days.one(day)) as reader:
        return not any(batch.num_rows for batch in reader)


def _failed_checks(outlet: Outlet, pipeline: Pipeline, company: Company, day: date) -> list[str]:
    """The error checks of the published table and of everything that it is made of, on the day. What
    the run that makes it has judged of the same slices is not judged again."""
    tables = pipeline.made_of(outlet.source.name)
    failed = []
    for name, (check, _) in pipeline.checks.items():
        if check.severity is Severity.ERROR and check.table in tables and not nothing_to_judge(pipeline, company, name):
            verdict = judge_unless_kept(outlet.warehouse, check, pipeline.bind_check(name, company, Days.one(day)))
            if not verdict.passed:
                remedy = f" ({check.remedy.removesuffix('.')})" if check.remedy else ""
                failed.append(f"{check.table}: {name}: {verdict.finding}{remedy}")
    return failed
