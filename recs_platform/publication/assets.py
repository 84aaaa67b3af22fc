"""The publication stage in Dagster: the guardrails as a blocking check of the comparison, and publishing as an asset.

Publishing is not an output that an IO manager writes: it moves the live table, which the asset stands for.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from recs_platform.companies.model import Company
from recs_platform.partitions import company_and_days
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.guardrails import Guardrail
from recs_platform.publication.offer import Offer, Standing, accept, offer
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.pictures import show_comparison
from recs_platform.publication.stage import COMPARISON, outlet_of
from recs_platform.reporting.presentation import markdown_image

RESOURCES = {"warehouse", "journal"}


def guardrails_check(
    pipeline: Pipeline, companies: Mapping[str, Company], partitions: dg.MultiPartitionsDefinition
) -> dg.AssetChecksDefinition:
    """The guardrails on the comparison: what they refuse is published only when somebody approves it."""

    @dg.asset_check(
        asset=dg.AssetKey([pipeline.strategy.name, COMPARISON]),
        name="guardrails",
        description="The recommendations do not change more than the company allows: stability, customers lost, "
        "average prices. A failure means that somebody must look at the comparison and approve it.",
        blocking=True,
        partitions_def=partitions,
        required_resource_keys=RESOURCES,
    )
    def guardrails(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        offered = _offer(context, pipeline, companies, run_checks=False)
        return dg.AssetCheckResult(
            passed=not offered.refusals,
            severity=dg.AssetCheckSeverity.ERROR,
            description=_what_to_do(offered),
            metadata={
                "violations": len(offered.refusals),
                "comparison_id": offered.comparison_id,
                **{guardrail.name: _metadata(guardrail) for guardrail in offered.guardrails},
            },
        )

    return guardrails


def publication_asset(
    pipeline: Pipeline, companies: Mapping[str, Company], common: Mapping[str, Any]
) -> dg.AssetsDefinition:
    """What is live: the day's recommendations, once they are published. `common` is what all assets share."""
    assert pipeline.live is not None  # noqa: S101  (wiring asks for it only where there is a live table)
    source, live = pipeline.live.of.name, pipeline.live.spec.name

    def publication(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        outlet, company = _outlet(context, pipeline, companies)
        offered = _offer(context, pipeline, companies)
        by = f"run {context.run.run_id[:8]}"
        made = accept(offered, outlet, by=by, at=datetime.now(UTC))
        if made is None and offered.standing is Standing.NEW:
            raise dg.Failure(_what_to_do(offered), metadata=_comparison_metadata(company, offered))
        context.log.info(f"{offered.words()}{f' Published as version {made.version}.' if made else ''}")
        return dg.MaterializeResult(metadata=_about(offered, made) | _comparison_metadata(company, offered))

    asset: dg.AssetsDefinition = dg.asset(
        **common,
        description=f"The live table, {live}: the day's {source} replace what was live in one atomic step and are read "
        "back. A day older than what is live is never published.",
        kinds={"python"},
        deps=[dg.AssetKey([pipeline.strategy.name, name]) for name in (COMPARISON, source)],
        backfill_policy=dg.BackfillPolicy.multi_run(1),
        required_resource_keys=RESOURCES,
    )(publication)
    return asset


def _about(offered: Offer, made: Publication | None) -> dict[str, Any]:
    """What is live after the run."""
    live = made or offered.live
    said: dict[str, Any] = {"summary": offered.words(), "published": made is not None}
    if live is not None:
        said |= {
            "version": live.version,
            "live_as_of": str(live.as_of),
            "customers": live.customers,
            "generated_at": live.generated_at.isoformat(),
            "published_by": live.published_by,
        }
    if made is not None:
        said |= {"rows": made.rows, "comparison_id": made.comparison_id or "", "verified": True}
    return said


def _comparison_metadata(company: Company, offered: Offer) -> dict[str, Any]:
    if offered.compared is None:
        return {}
    shown = show_comparison(company, offered.day, offered.compared.rows)
    metadata: dict[str, Any] = {"comparison": dg.MetadataValue.md(shown.words)}
    if shown.picture:
        metadata["picture"] = dg.MetadataValue.md(markdown_image(shown.picture, COMPARISON))
    return metadata


def _what_to_do(offered: Offer) -> str:
    if offered.failed_checks:
        return f"{offered.company} {offered.day} is not published: {'; '.join(offered.failed_checks)}."
    if not offered.refusals:
        return offered.words()
    approve = f"recs publish {offered.company} --date {offered.day} --approve {offered.comparison_id}"
    return f"{offered.company} {offered.day} is not published: {'; '.join(offered.refusals)}. To publish it: {approve}"


def _metadata(guardrail: Guardrail) -> dg.MetadataValue[Any]:
    return dg.MetadataValue.json(
        {"passed": guardrail.passed, "value": guardrail.value, "limit": guardrail.limit, "rule": guardrail.words}
    )


def _offer(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
    pipeline: Pipeline,
    companies: Mapping[str, Company],
    *,
    run_checks: bool = True,
) -> Offer:
    outlet, company = _outlet(context, pipeline, companies)
    _, days = company_and_days(list(context.partition_keys))
    return offer(outlet, pipeline, company, days.last, run_checks=run_checks)


def _outlet(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
    pipeline: Pipeline,
    companies: Mapping[str, Company],
) -> tuple[Outlet, Company]:
    name, _ = company_and_days(list(context.partition_keys))
    database = engine()
    upgrade(database)
    return outlet_of(pipeline, companies[name], context.resources.warehouse, database), companies[name]
