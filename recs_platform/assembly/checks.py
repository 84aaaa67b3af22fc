"""The checks of `sql/validation/` in Dagster: each an asset check of its own, several judged in one step.

One that cannot be judged ends its step, after the verdicts of the others are told.
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from recs_platform.assembly.check_results import check_result, not_judged
from recs_platform.automation import failures
from recs_platform.automation.partitions import company_and_days
from recs_platform.automation.run_summary import step_of_checks
from recs_platform.clock import making, tallied
from recs_platform.companies.model import Company
from recs_platform.errors import TransientError
from recs_platform.pipeline.check_steps import CheckStep, check_steps, tables_read
from recs_platform.pipeline.left_out import nothing_to_judge
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.timings import Phase
from recs_platform.warehouse.check import Severity
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import Days
from recs_platform.warehouse.verdicts import judge_and_keep


def checks_of(
    pipeline: Pipeline, companies: Mapping[str, Company], partitions: dg.MultiPartitionsDefinition
) -> list[dg.AssetChecksDefinition]:
    return [_checks(step, pipeline, companies, partitions) for step in check_steps(pipeline)]


def _checks(
    step: CheckStep,
    pipeline: Pipeline,
    companies: Mapping[str, Company],
    partitions: dg.MultiPartitionsDefinition,
) -> dg.AssetChecksDefinition:
    strategy = pipeline.strategy.name
    guarded = dg.AssetKey([strategy, step.table])

    @dg.multi_asset_check(
        name=step_of_checks(guarded, step.name),
        specs=[
            dg.AssetCheckSpec(
                name,
                asset=guarded,
                description=pipeline.checks[name][0].query.description,
                blocking=step.severity is Severity.ERROR,
                additional_deps=[dg.AssetKey([strategy, table]) for table in sorted(tables_read(pipeline, name))],
                partitions_def=partitions,
            )
            for name in step.checks
        ],
        can_subset=True,
        required_resource_keys={"warehouse", "journal"},
    )
    def guard(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        with failures.step_failures(context.retry_number):
            company, days = company_and_days(list(context.partition_keys))
            selected = {key.name for key in context.selected_asset_check_keys}
            asked = [name for name in step.checks if name in selected]
            with making(step.table, Phase.CHECK):
                results = list(_judged(asked, pipeline, companies[company], days, context.resources.warehouse))
            errors = [result for result in results if isinstance(result, Exception)]
            if failures.is_worth_a_retry(errors, context.retry_number):
                # Each verdict is told once: when all are judged again.
                raise failures.several([error for error in errors if isinstance(error, TransientError)])
            yield from (result for result in results if not isinstance(result, Exception))
            if errors:
                raise failures.several(errors)

    return guard


def _judged(
    names: Sequence[str], pipeline: Pipeline, company: Company, days: Days, warehouse: Warehouse
) -> Iterator[dg.AssetCheckResult | Exception]:
    """What became of each check in turn."""
    checks = {name: pipeline.checks[name][0] for name in names}
    bounds = {name: pipeline.bind_check(name, company, days) for name in names}
    idle = {name: why for name in names if (why := nothing_to_judge(pipeline, company, name))}
    asked = [name for name in names if name not in idle]
    with tallied() as spent:
        judged = judge_and_keep(warehouse, [(checks[name], bounds[name]) for name in asked])
    verdicts = dict(zip(asked, judged, strict=True))
    for name, check in checks.items():
        verdict = verdicts.get(name)
        if isinstance(verdict, Exception):
            yield verdict
        elif verdict is None:
            yield not_judged(check, idle[name], bounds[name])
        else:
            yield check_result(check, verdict, bounds[name], company.name, spent, together=len(asked))
