"""How Dagster assets come to the warehouse: an asset returns a bound query or a frame, the IO manager publishes it.

Everything that people see of a materialization (rows, bytes, seconds, SQL, lineage, a masked preview) is put together
here. What a slice must be is the warehouse's to enforce.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pyarrow as pa

from recs_platform.assembly.handover import OpenRows, read_as, require_slices
from recs_platform.automation.failures import step_failures
from recs_platform.automation.figures import company_figures, figures_of
from recs_platform.automation.markdown import markdown_table
from recs_platform.automation.partitions import company_and_days
from recs_platform.clock import making, spent_on
from recs_platform.companies.model import Company
from recs_platform.errors import PlatformError
from recs_platform.file_store.environment import open_files
from recs_platform.pipeline.carrying import made_or_carried
from recs_platform.pipeline.left_out import NOT_PROVIDED, left_out, not_provided_in_words
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable, SqlTable
from recs_platform.reporting.presentation import Present, markdown_image, presented, write_picture
from recs_platform.schemas.table import Empty, TableSpec
from recs_platform.timings import Phase
from recs_platform.warehouse.audit import SCHEMA_AUDIT
from recs_platform.warehouse.lineage import column_origins
from recs_platform.warehouse.protocol import Audit, BoundQuery, Rows, Subject, Warehouse, Written
from recs_platform.warehouse.slices import Days

_TABLE_ROWS = 200
_EMPTY_DAYS_SHOWN = 10


@dataclass(frozen=True)
class WarehouseIOManager(dg.IOManager):
    warehouse: Warehouse
    pipelines: Mapping[str, Pipeline]
    companies: Mapping[str, Company]

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        opened, rows = (obj.opened, obj.rows) if isinstance(obj, OpenRows) else (ExitStack(), obj)
        table = making(context.asset_key.path[-1], Phase.DESCRIBE)
        with step_failures(context.step_context.previous_attempt_count), opened, table:
            self._store(context, rows)

    def _store(self, context: dg.OutputContext, obj: object) -> None:
        strategy, table = context.asset_key.path
        company, days = company_and_days(list(context.asset_partition_keys))
        pipeline = self.pipelines[strategy]
        ref = pipeline.ref(table, self.companies[company])
        subject = Subject(f"{strategy}/{table}", company, ref, days)
        note: dict[str, Any] = {"run": context.run_id, **self._noted(pipeline.tables[table], obj)}
        if without := left_out(pipeline, self.companies[company]).get(table, ()):
            note[NOT_PROVIDED] = list(without)
        # What is without rows for want of a source keeps every rule but that it may not be empty.
        audits = () if without else (SCHEMA_AUDIT,)
        written = self._written(pipeline, subject, _rows(obj, ref.spec), audits, note)
        metadata = self._metadata(pipeline, table, subject, written)
        if without:
            metadata[NOT_PROVIDED] = dg.MetadataValue.text(f"{not_provided_in_words(without)}: no rows, and no alarm.")
        else:
            sparse = table.removeprefix("landed_") in self.companies[company].sparse_tables
            self._say_what_is_empty(context, subject, written, sparse=sparse)
            if present := pipeline.tables[table].present:
                metadata |= self._presented(context, subject, present)
        context.add_output_metadata(metadata)

    def _written(
        self, pipeline: Pipeline, subject: Subject, rows: Rows, audits: Sequence[Audit], note: Mapping[str, Any]
    ) -> Written:
        if not isinstance(rows, BoundQuery):
            return self.warehouse.replace(subject, rows, audits=audits, note=note)
        company = self.companies[subject.company]
        return made_or_carried(pipeline, company, subject, rows, self.warehouse, audits=audits, note=note)

    def load_input(self, context: dg.InputContext) -> Any:
        """For people who load an asset's value (`Definitions.load_asset_value`), as pandas or Arrow. Assets are handed
        their inputs by handover.py."""
        strategy, table = context.asset_key.path
        company, days = company_and_days(list(context.asset_partition_keys))
        ref = self.pipelines[strategy].ref(table, self.companies[company])
        require_slices(self.warehouse, ref, days)
        wanted = context.dagster_type.typing_type
        with ExitStack() as opened:
            return read_as(wanted if _is_frame(wanted) else pa.Table, self.warehouse, ref, days, opened)

    def _noted(self, table: SqlTable | FrameTable, obj: object) -> Mapping[str, str]:
        if isinstance(table, SqlTable) and table.note and isinstance(obj, BoundQuery):
            return table.note(self.warehouse, obj)
        return {}

    @staticmethod
    def _say_what_is_empty(context: dg.OutputContext, subject: Subject, written: Written, *, sparse: bool) -> None:
        if not written.empty_days or subject.table.spec.empty is Empty.ALLOWED or sparse:
            return
        shown = ", ".join(map(str, written.empty_days[:_EMPTY_DAYS_SHOWN]))
        more = len(written.empty_days) - _EMPTY_DAYS_SHOWN
        context.log.warning(f"{subject}: no rows on {shown}{f' and {more} more days' if more > 0 else ''}")

    def _metadata(
        self, pipeline: Pipeline, table: str, subject: Subject, written: Written
    ) -> dict[str, dg.MetadataValue[Any]]:
        seconds = {
            **{f"seconds to {step}": round(s, 3) for step, s in written.seconds.items()},
            "seconds": round(sum(written.seconds.values()), 3),
        }
        counted = {"rows": written.rows, "bytes": written.size, "version": written.version}
        spent = spent_on(table)
        taken = figures_of(spent.took, spent.inputs) if spent else {}
        metadata: dict[str, dg.MetadataValue[Any]] = {
            **company_figures(subject.company, counted | seconds | taken | _amounts(written.spent)),
            "preview": dg.MetadataValue.md(_preview(subject, written)),
        }
        if written.empty_days:
            metadata["empty_days"] = dg.MetadataValue.json([str(day) for day in written.empty_days])
        if written.spent:
            metadata["spent"] = dg.MetadataValue.json(dict(written.spent))
        if written.carried_from is not None:
            metadata["carried from"] = dg.MetadataValue.text(
                f"{written.carried_from}: all that it is made of is the same, so its rows were taken over."
            )
        if written.sql is not None:
            metadata["compiled_sql"] = dg.MetadataValue.md(f"```sql\n{written.sql}\n```")
            lineage = _lineage(pipeline, table)
            metadata["dagster/column_lineage"] = dg.MetadataValue.column_lineage(lineage)
            metadata["column_lineage"] = dg.MetadataValue.md(_lineage_table(lineage))
        return metadata

    def _presented(
        self, context: dg.OutputContext, subject: Subject, present: Present
    ) -> dict[str, dg.MetadataValue[Any]]:
        """What a small table says, and its rows."""
        name, day = subject.table.name, subject.days.last
        with self.warehouse.read(subject.table, Days.one(day)) as reader:
            rows = reader.read_all().to_pylist()
        presentation = presented(present, self.companies[subject.company], day, rows)
        metadata: dict[str, dg.MetadataValue[Any]] = {"summary": dg.MetadataValue.md(presentation.words)}
        if rows:
            metadata["table"] = dg.MetadataValue.md(_first_rows(rows, subject.table.spec.personal))
        for suffix, picture in presentation.pictures().items():
            metadata[f"picture{suffix}"] = dg.MetadataValue.md(markdown_image(picture, f"{name}{suffix}"))
            try:
                place = write_picture(open_files(), subject.company, day, f"{name}{suffix}", picture)
                metadata[f"picture{suffix}_file"] = dg.MetadataValue.path(place)
            except (OSError, PlatformError) as error:
                # The rows are published and the picture stands in the metadata: a file less is no reason to fail.
                context.log.warning(f"{subject}: the picture could not be written: {error}")
        return metadata


def _preview(subject: Subject, written: Written) -> str:
    if not written.examples:
        return f"No rows on {subject.days.last}."
    return markdown_table(written.examples, subject.table.spec.personal)


def _first_rows(rows: Sequence[Mapping[str, Any]], personal: frozenset[str]) -> str:
    """A small table as Markdown; of one that is not as small as thought, the first rows, and how many there are."""
    table = markdown_table(rows[:_TABLE_ROWS], personal)
    return table if len(rows) <= _TABLE_ROWS else f"{table}\n\n{_TABLE_ROWS:,} of {len(rows):,} rows."


def _rows(obj: object, spec: TableSpec) -> Rows:
    match obj:
        case BoundQuery() | pa.RecordBatchReader():
            return obj
        case pa.Table():
            return obj.to_reader()
    if _is_frame(type(obj)):
        frame: Any = obj
        return pa.Table.from_pandas(frame, preserve_index=False).to_reader()
    raise TypeError(
        f"{spec.name} must return a bound query, a pandas frame or an Arrow table, not {type(obj).__name__}"
    )


def _is_frame(form: object) -> bool:
    """Whether it is the class of pandas' frames: where nobody has loaded pandas, there is none."""
    pandas = sys.modules.get("pandas")
    return isinstance(form, type) and pandas is not None and issubclass(form, pandas.DataFrame)


def _lineage_table(lineage: dg.TableColumnLineage) -> str:
    """The same for people: Dagster's own UI keeps column lineage to itself."""

    def origin(dep: dg.TableColumnDep) -> str:
        return f"[{dep.asset_key.path[-1]}.{dep.column_name}](/assets/{'/'.join(dep.asset_key.path)})"

    lines = [
        f"| {column} | {', '.join(map(origin, deps)) or 'no column'} |"
        for column, deps in lineage.deps_by_column.items()
    ]
    return "\n".join(["| column | made of |", "| --- | --- |", *lines])


def _lineage(pipeline: Pipeline, table: str) -> dg.TableColumnLineage:
    declared = pipeline.tables[table]
    if not isinstance(declared, SqlTable):
        return dg.TableColumnLineage({})
    looks = pipeline.looks[table]
    outside = {spec.name: spec for spec in declared.incoming_specs}
    visible = pipeline.specs | outside | {n: pipeline.specs[e.table] for n, e in looks.earlier.items()}
    real_name = {name: earlier.table for name, earlier in looks.earlier.items()}
    real_name |= {product.live.name: product.asset for product in pipeline.products.values()}

    def deps(origins: Iterable[tuple[str, str]]) -> list[dg.TableColumnDep]:
        # A table and an earlier day of it are one asset.
        once = dict.fromkeys((real_name.get(name, name), column) for name, column in origins)
        return [dg.TableColumnDep(dg.AssetKey([pipeline.strategy.name, name]), column) for name, column in once]

    return dg.TableColumnLineage(
        {column: deps(origins) for column, origins in column_origins(declared.query, visible).items()}
    )


def _amounts(spent: Mapping[str, Any]) -> dict[str, float]:
    """What can be drawn over time of what a slice cost."""
    return {name: amount for name, amount in spent.items() if isinstance(amount, int | float)}
