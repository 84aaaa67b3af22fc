"""What a company can do with the source tables that it has: its stages and reports, and the other strategies.

All of it follows from the strategies' records and from lineage (`pipeline/left_out.py`). Not here: whether a source can
be read (check.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from recs_platform.companies.model import Company
from recs_platform.pipeline.left_out import left_out
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import SOURCES
from recs_platform.plurals import listed

_MOST_NAMED = 6


@dataclass(frozen=True)
class Possibility:
    """A strategy or a stage, or reports that share it: whether they work, and if not, for want of what."""

    kind: str
    """`strategy`, `stage` or `report`."""
    names: tuple[str, ...]
    works: bool
    without: tuple[str, ...] = ()
    """Tables of a stage that are left out, where it works in part."""
    for_want_of: tuple[str, ...] = ()
    """The source tables that are not there."""

    def __str__(self) -> str:
        several = len(self.names) > 1
        subject = f"{self.kind}{'s' if several else ''} {listed(self.names)}"
        if not self.works:
            return f"{subject} {'do' if several else 'does'} not work, for want of {listed(self.for_want_of)}"
        sentence = f"{subject} {'work' if several else 'works'}"
        if not self.without:
            return sentence
        named = ", ".join(self.without[:_MOST_NAMED])
        more = f" and {len(self.without) - _MOST_NAMED} more" if len(self.without) > _MOST_NAMED else ""
        return f"{sentence} without {named}{more}, for want of {listed(self.for_want_of)}"


def what_works(
    company: Company, pipelines: Mapping[str, Pipeline], unusable: Collection[str] = ()
) -> list[Possibility]:
    """For the company as it is, without the source tables that cannot be used."""
    there = {name: source for name, source in company.sources.items() if name not in unusable}
    usable = company.model_copy(update={"sources": there})
    own = pipelines[company.strategy.name]
    missing = _missing(usable, own)
    found = [_strategy(company.strategy.name, missing)]
    if not missing:
        without = left_out(own, usable)
        found += [*_stages(own, without), *_reports(own, without)]
    others = [(name, pipeline) for name, pipeline in pipelines.items() if name != company.strategy.name]
    return found + [_strategy(name, _missing(usable, pipeline)) for name, pipeline in others]


def _strategy(name: str, missing: tuple[str, ...]) -> Possibility:
    return Possibility("strategy", (name,), works=not missing, for_want_of=missing)


def _missing(company: Company, pipeline: Pipeline) -> tuple[str, ...]:
    """Of each group of tables of which a strategy needs one, what it is called, where there is none."""
    groups = pipeline.strategy.needed
    return tuple(" or ".join(group) for group in groups if not any(company.provides(name) for name in group))


def _stages(pipeline: Pipeline, without: Mapping[str, tuple[str, ...]]) -> Iterator[Possibility]:
    for name in dict.fromkeys(stage.name for stage in pipeline.stages if stage.name != SOURCES):
        tables = [table for stage in pipeline.stages if stage.name == name for table in stage.tables]
        lost = [table for table in tables if table.spec.name in without]
        works = len(lost) < len(tables)
        # What people read of it stands among the reports.
        named = tuple(table.spec.name for table in lost if works and not table.present)
        causes = (cause for table in lost if named or not works for cause in without[table.spec.name])
        yield Possibility("stage", (name,), works, named, tuple(dict.fromkeys(causes)))


def _reports(pipeline: Pipeline, without: Mapping[str, tuple[str, ...]]) -> Iterator[Possibility]:
    """The tables that people read, those that work first."""
    by_cause: dict[tuple[str, ...], list[str]] = {(): []}
    for name, table in pipeline.tables.items():
        if table.present:
            by_cause.setdefault(without.get(name, ()), []).append(name)
    for causes, names in by_cause.items():
        if names:
            yield Possibility("report", tuple(names), works=not causes, for_want_of=causes)
