"""The checks that what was trained and published truly reached the prediction service.

A failure is a warning of Dagster's: the day's tables are as good as before, and nothing of them must be held back by
it. The alert that comes of it is an error (automation/looks/run_findings.py). Not here: looking (`serving/trace/`).
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import dagster as dg

from recs_platform.automation.failures import guarded_step
from recs_platform.automation.figures import company_figures
from recs_platform.automation.markdown import markdown_table
from recs_platform.automation.partitions import company_and_days
from recs_platform.clock import making
from recs_platform.companies.model import Company
from recs_platform.declarations.product import AnyProduct
from recs_platform.declarations.strategy import TrainedModel
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.serving.trace.link import Chain
from recs_platform.serving.trace.open import asked_service, model_chain, publication_chain
from recs_platform.serving.trace.served import MODEL_CHECK, NOT_CHECKED, PUBLICATION_CHECK, Arrival, arrived
from recs_platform.serving.trace.service import NoService
from recs_platform.timings import Phase
from recs_platform.warehouse.protocol import Warehouse


def served_model_check(
    pipeline: Pipeline, model: TrainedModel, companies: Mapping[str, Company], partitions: dg.MultiPartitionsDefinition
) -> dg.AssetChecksDefinition:
    """On the table that says what the day's training came to."""
    check = dg.asset_check(
        asset=dg.AssetKey([pipeline.strategy.name, model.trained]),
        name=MODEL_CHECK,
        description="The prediction service serves the version that the registry says is active, and scores its golden "
        "rows as training did.",
        partitions_def=partitions,
        required_resource_keys=_RESOURCES,
    )
    return check(_looked(model.trained, companies, lambda company, _: model_chain(company, model.task.model)))


def served_publication_check(
    pipeline: Pipeline, product: AnyProduct, companies: Mapping[str, Company], partitions: dg.MultiPartitionsDefinition
) -> dg.AssetChecksDefinition:
    """On what is live of a product."""
    check = dg.asset_check(
        asset=dg.AssetKey([pipeline.strategy.name, product.asset]),
        name=PUBLICATION_CHECK,
        description="The serving stores and the prediction service serve the version that is live, and a real customer "
        "is answered with it.",
        partitions_def=partitions,
        required_resource_keys=_RESOURCES,
    )
    return check(
        _looked(
            product.asset,
            companies,
            lambda company, warehouse: publication_chain(company, pipeline, product.name, warehouse),
        )
    )


_RESOURCES = {"warehouse", "journal"}
OpenWarehouse: TypeAlias = Callable[[], Warehouse]
MakeChain: TypeAlias = Callable[[Company, OpenWarehouse], Chain]


def _looked(
    asset: str, companies: Mapping[str, Company], chain: MakeChain
) -> Callable[[dg.AssetCheckExecutionContext], dg.AssetCheckResult]:
    """The check of a company whose service there is; of another it says that nothing was checked."""

    @guarded_step
    @making(asset, Phase.CHECK)
    def looked(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        company = companies[company_and_days(list(context.partition_keys))[0]]
        if isinstance(service := asked_service(company), NoService):
            return _not_checked(service)
        return _result(arrived(lambda: chain(company, lambda: context.resources.warehouse)))

    return looked


def _not_checked(service: NoService) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=True, severity=dg.AssetCheckSeverity.WARN, description=f"{NOT_CHECKED}{service.why}."
    )


def _result(arrival: Arrival) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=arrival.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=arrival.says,
        metadata={
            **company_figures(arrival.chain.company, {"violations": len(arrival.chain.broken)}),
            "chain": dg.MetadataValue.md(_table(arrival.chain)),
        },
    )


def _table(chain: Chain) -> str:
    return markdown_table(
        [
            {"link": x.name, "state": str(x.state), "seen": x.seen, "cause": x.cause, "next": x.command}
            for x in chain.links
        ]
    )
