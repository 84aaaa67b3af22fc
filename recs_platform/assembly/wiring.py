"""A pipeline as Dagster assets, checks, jobs and schedules. The one place where a table declaration meets Dagster."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import dagster as dg

from recs_platform.assembly.cadence import WEEKLY, cadence_metadata, kinds_of, tell_if_not_due
from recs_platform.assembly.checks import checks_of
from recs_platform.assembly.earlier_days import GUARDED, earlier_days_check
from recs_platform.assembly.freshness_policies import policy_of
from recs_platform.assembly.handover import call_table_function
from recs_platform.assembly.links import asset_links
from recs_platform.assembly.publishing import guardrails_check, publication_asset
from recs_platform.assembly.schedules import company_schedule
from recs_platform.assembly.served_checks import served_model_check, served_publication_check
from recs_platform.automation.failures import guarded_step
from recs_platform.automation.jobs import Job, daily_job, history_job, training_job
from recs_platform.automation.journal import RANGE_START
from recs_platform.automation.partitions import company_and_days, mapping_back
from recs_platform.automation.sensors.landing import landing_sensor
from recs_platform.automation.sensors.late import late_sensor
from recs_platform.automation.sensors.retraining import retraining_sensor
from recs_platform.clock import making, phase
from recs_platform.companies.known_companies import Companies
from recs_platform.companies.model import Company
from recs_platform.companies.query_parameters import query_parameters
from recs_platform.declarations.strategy import TrainedModel
from recs_platform.model_registry.run_tags import reasons_of
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.pipeline.coverage import require_whole_windows
from recs_platform.pipeline.left_out import left_out
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import PUBLICATION, FrameTable, SqlTable
from recs_platform.schemas.table import Kind, TableSpec
from recs_platform.timings import Phase
from recs_platform.warehouse.point_in_time import LATEST, Span, span_days
from recs_platform.warehouse.slices import Days

OWNERS = ["team:recommendations"]


class PipelineWiring:
    """Builds what Dagster needs of one pipeline; `companies` are those of its strategy."""

    def __init__(
        self, pipeline: Pipeline, companies: Mapping[str, Company], partitions: dg.MultiPartitionsDefinition
    ) -> None:
        self.pipeline, self.companies, self.partitions = pipeline, companies, partitions
        self.strategy = pipeline.strategy.name

    def key(self, table: str) -> dg.AssetKey:
        return dg.AssetKey([self.strategy, table])

    def assets(self) -> list[dg.AssetsDefinition]:
        assets = [self._asset(table) for table in self.pipeline.tables.values()]
        assets += [
            publication_asset(self.pipeline, product, self.companies, self._of_publication(product.asset, product.name))
            for product in self.pipeline.products.values()
        ]
        return assets

    def checks(self) -> list[dg.AssetChecksDefinition]:
        checks = checks_of(self.pipeline, self.companies, self.partitions)
        checks += [
            made(self.pipeline, product, self.companies, self.partitions)
            for product in self.pipeline.products.values()
            for made in (guardrails_check, served_publication_check)
        ]
        if (model := self.pipeline.strategy.model) is not None:
            checks.append(served_model_check(self.pipeline, model, self.companies, self.partitions))
        if GUARDED in self.pipeline.tables:
            checks.append(earlier_days_check(self.pipeline, self.companies, self.partitions))
        return checks

    def jobs(self) -> list[Job]:
        """A company's whole day, the logs alone for a range of days in one run, and training if the strategy does."""
        jobs = [
            dg.define_asset_job(
                daily_job(self.strategy),
                selection=self._all,
                partitions_def=self.partitions,
                description=f"A company's whole day. {self.pipeline.strategy.title}.",
            ),
            dg.define_asset_job(
                history_job(self.strategy),
                selection=dg.AssetSelection.assets(*self._logs),
                partitions_def=self.partitions,
                description="The logs of a company for a range of days, in one run: how a new company's history loads.",
            ),
        ]
        model = self.pipeline.strategy.model
        return jobs if model is None else [*jobs, self._training_job(model)]

    @property
    def _all(self) -> dg.AssetSelection:
        return dg.AssetSelection.key_prefixes(self.strategy)

    @cached_property
    def _logs(self) -> list[dg.AssetKey]:
        return [self.key(name) for name, spec in self.pipeline.specs.items() if spec.kind is Kind.LOG]

    def _training_job(self, model: TrainedModel) -> Job:
        planned = dg.AssetSelection.assets(self.key(model.plan))
        return dg.define_asset_job(
            training_job(self.strategy),
            selection=planned.downstream() & self._all,
            partitions_def=self.partitions,
            description="A company's day from its training plan on: what a sensor starts when it asks for a training.",
        )

    def schedules(self, jobs: Mapping[str, Job]) -> list[dg.ScheduleDefinition]:
        job = jobs[daily_job(self.strategy)]
        return [company_schedule(company, self.pipeline, job, self._logs) for company in self.companies.values()]

    def sensors(self, jobs: Mapping[str, Job]) -> list[dg.SensorDefinition]:
        """What starts runs by itself, besides the schedules."""
        daily = jobs[daily_job(self.strategy)]
        sensors = [
            landing_sensor(self.pipeline, self.companies, daily, self._logs),
            late_sensor(self.pipeline, self.companies, daily, self._logs),
        ]
        if self.pipeline.strategy.model is not None:
            sensors.append(retraining_sensor(self.pipeline, self.companies, jobs[training_job(self.strategy)]))
        return sensors

    def _asset(self, table: SqlTable | FrameTable) -> dg.AssetsDefinition:
        spec = table.spec
        common: dict[str, Any] = {
            **self._common(spec.name, str(spec.kind), table),
            "io_manager_key": "warehouse_io",
            "backfill_policy": _backfill_policy(spec),
        }
        if isinstance(table, SqlTable):
            return self._query_asset(table, common)
        return self._frame_asset(table, common)

    def _common(self, name: str, kind: str, table: SqlTable | FrameTable | None = None) -> dict[str, Any]:
        """What every asset of the strategy has."""
        stage = self.pipeline.stage_names[name]
        cadence = WEEKLY if name in self.pipeline.weekly else "daily"
        of_it: dict[str, Any] = {**cadence_metadata(self.pipeline, name, self.companies.values())}
        if table:
            of_it |= {"dagster/column_schema": _column_schema(table.spec), "dagster/table_name": table.spec.name}
        return {
            "key": self.key(name),
            "partitions_def": self.partitions,
            "group_name": self.pipeline.strategy.group(stage),
            "metadata": {**asset_links(stage, self.pipeline.strategy.page, table), **of_it},
            "owners": OWNERS,
            "tags": {"recs/strategy": self.strategy, "recs/kind": kind, "recs/cadence": cadence},
        }

    def _of_publication(self, asset: str, product: str) -> dict[str, Any]:
        policy = policy_of(self.companies.values(), self.pipeline, product)
        kinds = kinds_of(self.pipeline, asset, "python")
        return {**self._common(asset, PUBLICATION), "kinds": kinds, "freshness_policy": policy}

    def _query_asset(self, table: SqlTable, common: dict[str, Any]) -> dg.AssetsDefinition:
        name = table.spec.name

        @guarded_step
        @making(name, Phase.PREPARE)
        def bound_query(context: dg.AssetExecutionContext) -> Any:
            company, days = company_and_days(list(context.partition_keys))
            tell_if_not_due(context, self.pipeline, self.companies[company], name, days.last)
            bound = self.pipeline.bind(name, self.companies[company], days)
            if self._without(name, company):
                return table.spec.arrow_schema.empty_table()
            self._require_windows(context, name, self.companies[company], days)
            return bound

        asset: dg.AssetsDefinition = dg.asset(
            **common,
            description=table.query.description,
            kinds=kinds_of(self.pipeline, name, "sql"),
            code_version=table.query.fingerprint,
            deps=[self._dep(name, other) for other in sorted(self.pipeline.inputs(name) - {name})],
            required_resource_keys={"warehouse"},
        )(bound_query)
        return asset

    def _frame_asset(self, table: FrameTable, common: dict[str, Any]) -> dg.AssetsDefinition:
        name = table.spec.name

        @guarded_step
        @making(name, Phase.PREPARE)
        def frame(context: dg.AssetExecutionContext) -> Any:
            company, days = company_and_days(list(context.partition_keys))
            tell_if_not_due(context, self.pipeline, self.companies[company], name, days.last)
            if self._without(name, company):
                return table.spec.arrow_schema.empty_table()
            self._require_windows(context, name, self.companies[company], days)
            models = None
            if table.uses_models:
                models = open_shelf(company, run_id=context.run_id, asked=reasons_of(context.run.tags))
            warehouse = context.resources.warehouse
            with phase(Phase.WRITE):
                return call_table_function(self.pipeline, table, self.companies[company], days, warehouse, models)

        asset: dg.AssetsDefinition = dg.asset(
            **common,
            description=table.spec.description,
            kinds=kinds_of(self.pipeline, name, "python", *(["model"] if table.uses_models else [])),
            code_version=table.code_version,
            deps=[self._dep(name, other) for other in sorted(self.pipeline.inputs(name))],
            required_resource_keys={"warehouse"},
        )(frame)
        return asset

    def _without(self, table: str, company: str) -> tuple[str, ...]:
        """The source tables for want of which a table is left out."""
        return left_out(self.pipeline, self.companies[company]).get(table, ())

    def _require_windows(self, context: dg.AssetExecutionContext, table: str, company: Company, days: Days) -> None:
        warehouse, history = context.resources.warehouse, RANGE_START in context.run.tags
        require_whole_windows(company, self.pipeline, warehouse, table, days, history=history)

    def _dep(self, name: str, other: str) -> dg.AssetDep:
        return dg.AssetDep(self.key(other), partition_mapping=self._mapping(name, other))

    def _mapping(self, name: str, other: str) -> dg.PartitionMapping | None:
        """How far back a table looks at another, for the company that looks back furthest."""
        looks = self.pipeline.looks[name]
        back = [self._widest(looks.back[other]) - 1] if other in looks.back else []
        then = [self._widest(e.back) for e in looks.earlier.values() if e.table == other]
        table = self.pipeline.tables[name]
        reads_today = isinstance(table, FrameTable) or other in table.query.tables
        offsets = [*back, *then, *([0] if reads_today else [])]
        return mapping_back(max(offsets), min(offsets))

    def _widest(self, span: Span) -> int:
        if span == LATEST:
            return 1
        return max(span_days(span, query_parameters(company)) for company in self.companies.values())


def _backfill_policy(spec: TableSpec) -> dg.BackfillPolicy:
    # A log's range of days is one run; a snapshot is one day's state, so a run makes one of it.
    return dg.BackfillPolicy.single_run() if spec.kind is Kind.LOG else dg.BackfillPolicy.multi_run(1)


def _column_schema(spec: TableSpec) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.sql_type,
                description=column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=spec.key == (column.name,)),
                tags={"personal": ""} if column.name in spec.personal else None,
            )
            for column in spec.columns
        ]
    )


def strategies_with_companies(companies: Companies) -> dict[str, Companies]:
    """The companies of each strategy that has any whose file is sound."""
    names = dict.fromkeys(company.strategy.name for company in companies.values())
    return {name: companies.of_strategy(name) for name in names}
