"""What a company's pipeline leaves out, because the company does not provide a source table that it is made of.

It follows from what the company's file connects and from lineage: a table that can have no row without one of these is
not computed. It is there, with its columns, and says so. Not here: how that is read from a query
(`warehouse/indispensable.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.stage import FrameTable
from recs_platform.plurals import listed
from recs_platform.schemas.landing import source
from recs_platform.schemas.table import spec_of

NOT_PROVIDED = "not_provided"
"""Under this name the note of a slice says which source tables it was made without."""


def left_out(pipeline: Pipeline, company: Company) -> dict[str, tuple[str, ...]]:
    """The tables that have no row for want of source tables, and which those are."""
    feeds = {spec_of(source(model)).name: spec_of(model).name for model in company.strategy.source_tables}
    without = {feed: {table} for feed, table in feeds.items() if not company.provides(table)}
    to_visit = list(pipeline.tables) if without else []
    while to_visit:
        named = len(without)
        for name in to_visit:
            if causes := set[str]().union(*(without.get(needed, ()) for needed in _needed(pipeline, name))):
                without[name] = causes
        # A table may be made of one that stands after it in their stage.
        to_visit = [name for name in to_visit if name not in without] if len(without) > named else []
    return {name: _in_order(company, without[name]) for name in pipeline.tables if name in without}


def nothing_to_judge(pipeline: Pipeline, company: Company, check: str) -> str:
    """Why a check has nothing to judge, as a sentence without its full stop: it is about what the company does not
    provide, or about a window that nothing uses. Nothing, if it has."""
    about, looks = pipeline.checks[check]
    without = left_out(pipeline, company)
    read = {looks.earlier[n].table if n in looks.earlier else n for n in {about.table, about.of, *about.query.tables}}
    if causes := _in_order(company, {cause for table in read for cause in without.get(table, ())}):
        return not_provided_in_words(causes)
    made = pipeline.tables.keys() - without.keys() - {about.table}
    if about.query.directive("judges") and not any(_uses_window(pipeline, company, name) for name in made):
        return "no table that is made looks back on the strategy's own window of events"
    return ""


def _uses_window(pipeline: Pipeline, company: Company, name: str) -> bool:
    """Whether a table looks back by the strategy's own window, on events or on a log that is made of them."""
    windows = company.parameters.window_names
    back = pipeline.looks[name].back
    return any(span in windows and "events" in pipeline.made_of(log) for log, span in back.items())


def not_provided_in_words(sources: Sequence[str]) -> str:
    """As a sentence without its full stop.

    >>> not_provided_in_words(["interactions"]), not_provided_in_words(["deliveries", "interactions"])
    ('interactions is not provided', 'deliveries and interactions are not provided')
    """
    return f"{listed(sources)} {'are' if len(sources) > 1 else 'is'} not provided"


def _needed(pipeline: Pipeline, name: str) -> frozenset[str]:
    """The tables without a row of which a table has none. Of what was made earlier, and of what is live, nobody knows
    whether it has rows."""
    table = pipeline.tables[name]
    if isinstance(table, FrameTable):
        return frozenset(table.needs)
    return table.query.indispensable - pipeline.looks[name].earlier.keys()


def _in_order(company: Company, sources: Collection[str]) -> tuple[str, ...]:
    return tuple(table for table in company.tables if table in sources)
