"""Which checks of a pipeline are judged in one step: those of one table that stop what comes after it, or that warn.

A step waits for all that its checks read. What the guarded table is made of is there before it; of what is made
besides, a step's checks read the same. So no check waits for a table that is none of its business, or is lost with it.
Not here: how they are judged (`warehouse/judging.py`), and what Dagster is told (`assembly/checks.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.warehouse.check import Severity


@dataclass(frozen=True)
class CheckStep:
    table: str
    severity: Severity
    besides: tuple[str, ...]
    """The tables that it waits for, of which the guarded table is not made."""
    checks: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of one table of one strategy.

        >>> CheckStep("orders", Severity.WARN, ("catalog",), ("unknown_items", "unknown_brands")).name
        'checks_beside_catalog'
        >>> CheckStep("orders", Severity.ERROR, (), ("repeated_orders",)).name
        'blocking_checks'
        """
        name = "blocking_checks" if self.severity is Severity.ERROR else "checks"
        return "_beside_".join([name, *(["_and_".join(self.besides)] if self.besides else [])])


def check_steps(pipeline: Pipeline) -> tuple[CheckStep, ...]:
    """In the order of the first check of each."""
    steps: dict[tuple[str, Severity, tuple[str, ...]], list[str]] = {}
    for name, (check, _) in pipeline.checks.items():
        besides = tables_read(pipeline, name) - pipeline.made_of(check.table)
        steps.setdefault((check.table, check.severity, tuple(sorted(besides))), []).append(name)
    return tuple(CheckStep(*of, tuple(names)) for of, names in steps.items())


def tables_read(pipeline: Pipeline, check: str) -> frozenset[str]:
    """The tables that a check reads besides the one that it guards, earlier snapshots under their own names."""
    about, looks = pipeline.checks[check]
    read = {looks.earlier[n].table if n in looks.earlier else n for n in {*about.query.tables, about.of}}
    return frozenset(read - {about.table})
