"""Which parts of a pipeline are weekly, and what they must keep to: a pipeline that breaks it is refused when it is
made.

On most days a weekly table has no rows of the day, so nothing daily may be made of them, or judged by them. What looks
at an earlier day of it, or at what is live, says so and may.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from recs_platform.declarations.cadence import WeeklyParameters
from recs_platform.declarations.strategy import AnyStrategy
from recs_platform.pipeline.stage import FrameTable, SqlTable, Stage
from recs_platform.schemas.table import Kind
from recs_platform.warehouse.check import Check


def weekly_parts(stages: Sequence[Stage]) -> frozenset[str]:
    """The tables of weekly stages, and the assets that publish for them."""
    of_weekly = [stage for stage in stages if stage.weekly]
    tables = {table.spec.name for stage in of_weekly for table in stage.tables}
    return frozenset(tables | {stage.product.asset for stage in of_weekly if stage.product})


def refuse_what_cannot_be_weekly(
    strategy: AnyStrategy, tables: Mapping[str, SqlTable | FrameTable], weekly: frozenset[str]
) -> None:
    if weekly and not issubclass(strategy.parameters, WeeklyParameters):
        raise ValueError(
            f"{strategy} has weekly stages, and its parameters do not say on which weekday: let "
            f"{strategy.parameters.__name__} inherit from {WeeklyParameters.__name__}"
        )
    if logs := [name for name, table in tables.items() if name in weekly and table.spec.kind is Kind.LOG]:
        raise ValueError(
            f"{logs[0]} is a log and belongs to a weekly stage of {strategy}: a log has rows of every day. "
            "Put it in a daily stage"
        )
    for name, table in tables.items():
        made_of = {*table.inputs, *table.after} if isinstance(table, FrameTable) else table.query.tables
        if name not in weekly and (found := sorted(made_of & weekly)):
            words = (
                f"{name} is made every day, and {found[0]} is weekly: on most days there is none. Read what is live, "
                f"or an earlier day of it under a name of its own (`-- earlier: last = {found[0]} latest`), or make "
                f"the stage of {name} weekly"
            )
            raise table.query.error(words) if isinstance(table, SqlTable) else ValueError(words)


def refuse_daily_checks_of_weekly(checks: Iterable[Check], weekly: frozenset[str]) -> None:
    for check in checks:
        if check.table not in weekly and (found := sorted({check.of, *check.query.tables} & weekly)):
            raise check.query.error(
                f"it judges {check.table} every day, and {found[0]} is weekly: on most days there is none. Let it "
                f"guard {found[0]} (`-- table: {found[0]}`)"
            )
