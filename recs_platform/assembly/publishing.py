"""Products in Dagster: their guardrails as blocking checks of their comparisons, and publishing each as an asset.

Publishing is not an output that an IO manager writes: it moves the live table, which the asset stands for.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster._core.storage.tags import PRIORITY_TAG

from recs_platform.automation.failures import MistakeFailure, guarded_step
from recs_platform.automation.figures import company_figures
from recs_platform.automation.partitions import company_and_days
from recs_platform.automation.run_summary import failed_tables
from recs_platform.clock import making
from recs_platform.companies.model import Company
from recs_platform.declarations.guardrails import Guardrail
from recs_platform.declarations.product import AnyProduct
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.proposal import TO_PUBLISH, Proposal, Standing, accept, propose
from recs_platform.publication.stage import outlet_of
from recs_platform.reporting.presentation import markdown_image, presented
from recs_platform.timings import Phase

RESOURCES = {"warehouse", "journal"}
_AFTER_EVERYTHING_ELSE = "-1"
"""The priority of publishing among the steps that are ready: it must know what else of the run failed."""


def guardrails_check(
    pipeline: Pipeline,
    product: AnyProduct,
    companies: Mapping[str, Company],
    partitions: dg.MultiPartitionsDefinition,
) -> dg.AssetChecksDefinition:
    """The guardrails on the comparison: what they refuse is published only when somebody approves it."""

    @dg.asset_check(
        asset=dg.AssetKey([pipeline.strategy.name, product.comparison]),
        name=product.guardrails,
        description=f"The {product.content} do not change more than the company allows: {product.limits}. "
        "A failure means that somebody must review the comparison and approve it.",
        blocking=True,
        partitions_def=partitions,
        required_resource_keys=RESOURCES,
    )
    @guarded_step
    @making(product.comparison, Phase.CHECK)
    def guardrails(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        proposal = _propose(context, pipeline, product, companies, run_checks=False)
        return dg.AssetCheckResult(
            passed=not proposal.refusals,
            # A failed run is an alert. What was told on the day before is a warning until something changes.
            severity=dg.AssetCheckSeverity.WARN if proposal.refused_since else dg.AssetCheckSeverity.ERROR,
            description=_what_to_do(proposal),
            metadata={
                **company_figures(proposal.company, {"violations": len(proposal.refusals)}),
                "comparison_id": proposal.comparison_id,
                **{guardrail.name: _metadata(guardrail) for guardrail in proposal.guardrails},
            },
        )

    return guardrails


def publication_asset(
    pipeline: Pipeline, product: AnyProduct, companies: Mapping[str, Company], common: Mapping[str, Any]
) -> dg.AssetsDefinition:
    """What is live of a product: the day's rows, once they are published. `common` is what all assets share."""

    @guarded_step
    @making(product.asset, Phase.SERVE)
    def publication(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        outlet, company = _outlet(context, pipeline, product, companies)
        failed = failed_tables(context.instance, context.run.run_id)
        proposal = _propose(context, pipeline, product, companies, failed_now=failed)
        by = f"run {context.run.run_id[:8]}"
        made = accept(proposal, outlet, by=by, at=datetime.now(UTC))
        told_before = proposal.refused_since is not None and not proposal.failed_checks and not proposal.holes
        if made is None and proposal.standing is Standing.NEW and not told_before:
            # A hole is a consequence of what failed before it; a guardrail waits for a person although all is well.
            failure = dg.Failure if proposal.refusals or proposal.failed_checks else MistakeFailure
            raise failure(
                _what_to_do(proposal),
                metadata=_comparison_metadata(pipeline, company, proposal),
                allow_retries=False,
            )
        if told_before:
            context.log.warning(_what_to_do(proposal))
        else:
            context.log.info(f"{proposal.summary(made)}{f' Published as version {made.version}.' if made else ''}")
        return dg.MaterializeResult(metadata=_about(proposal, made) | _comparison_metadata(pipeline, company, proposal))

    asset: dg.AssetsDefinition = dg.asset(
        **common,
        description=f"The live table, {product.live.name}: the day's {product.of.name} replace what was live in one "
        "atomic step and are read back. A day older than what is live is never published, and one with gaps in its "
        "windows or a failed part only when somebody approves it.",
        deps=[dg.AssetKey([pipeline.strategy.name, name]) for name in (product.comparison, product.of.name)],
        backfill_policy=dg.BackfillPolicy.multi_run(1),
        required_resource_keys=RESOURCES,
        op_tags={PRIORITY_TAG: _AFTER_EVERYTHING_ELSE},
    )(publication)
    return asset


def _about(proposal: Proposal, made: Publication | None) -> dict[str, Any]:
    """What is live after the run."""
    live = made or proposal.live
    summary = _what_to_do(proposal) if made is None and proposal.to_approve else proposal.summary(made)
    metadata: dict[str, Any] = {"summary": summary, "published": made is not None}
    if live is not None:
        figures = {"version": live.version}
        metadata |= {
            "live_as_of": str(live.as_of),
            "generated_at": live.generated_at.isoformat(),
            "published_by": live.published_by,
        }
        if live.customers is not None:
            figures["customers"] = live.customers
        if made is not None:
            figures["rows"] = made.rows
        metadata |= company_figures(live.company, figures)
    if made is not None:
        metadata |= {"comparison_id": made.comparison_id or "", "verified": True}
    return metadata


def _comparison_metadata(pipeline: Pipeline, company: Company, proposal: Proposal) -> dict[str, Any]:
    present = pipeline.tables[proposal.product.comparison].present
    if proposal.compared is None or present is None:
        return {}
    shown = presented(present, company, proposal.day, proposal.compared.rows)
    metadata: dict[str, Any] = {"comparison": dg.MetadataValue.md(shown.words)}
    if shown.picture:
        metadata["picture"] = dg.MetadataValue.md(markdown_image(shown.picture, proposal.product.comparison))
    return metadata


def _what_to_do(proposal: Proposal) -> str:
    if proposal.failed_checks:
        return f"{proposal.name} {proposal.day} is not published: {'; '.join(proposal.failed_checks)}."
    if not proposal.to_approve:
        return proposal.summary()
    why = "; ".join(proposal.to_approve)
    since = f" It has been refused for the same since {proposal.refused_since}." if proposal.refused_since else ""
    return f"{proposal.name} {proposal.day} is not published: {why}.{since}{TO_PUBLISH}{proposal.approval}"


def _metadata(guardrail: Guardrail) -> dg.MetadataValue[Any]:
    return dg.MetadataValue.json(
        {"passed": guardrail.passed, "value": guardrail.value, "limit": guardrail.limit, "rule": guardrail.words}
    )


def _propose(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
    pipeline: Pipeline,
    product: AnyProduct,
    companies: Mapping[str, Company],
    **how: Any,
) -> Proposal:
    outlet, company = _outlet(context, pipeline, product, companies)
    _, days = company_and_days(list(context.partition_keys))
    return propose(outlet, pipeline, company, days.last, **how)


def _outlet(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
    pipeline: Pipeline,
    product: AnyProduct,
    companies: Mapping[str, Company],
) -> tuple[Outlet, Company]:
    name, _ = company_and_days(list(context.partition_keys))
    company, warehouse = companies[name], context.resources.warehouse
    return outlet_of(pipeline, product.name, company, warehouse, opened_database()), company
