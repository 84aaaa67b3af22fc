"""Every strategy there is, and what follows from that: their pipelines, and the companies that they serve.

A strategy is added by its record in `STRATEGIES`; nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from recs_platform.companies import loader
from recs_platform.companies.known_companies import Companies
from recs_platform.companies.model import STRATEGIES_CONTEXT, Company
from recs_platform.errors import QueryError
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.pipeline.strategy import Strategy, made
from recs_platform.strategies.measurement.strategy import MEASUREMENT
from recs_platform.strategies.offer_ranking.strategy import OFFER_RANKING
from recs_platform.strategies.replenishment.strategy import REPLENISHMENT
from recs_platform.strategies.vehicle_fitment.strategy import VEHICLE_FITMENT
from recs_platform.warehouse.query import load_queries, sql_folder
from recs_platform.warehouse.query_facts import facts_kept

VALIDATION = "sql/validation/"

STRATEGIES: dict[str, Strategy] = {
    record.name: record for record in (VEHICLE_FITMENT, OFFER_RANKING, REPLENISHMENT, MEASUREMENT)
}

KNOWN = {STRATEGIES_CONTEXT: STRATEGIES}
"""The context in which a company is validated, for who describes one without a file."""


def pipelines(folder: Path | None = None) -> Mapping[str, Pipeline]:
    """Every strategy's pipeline, judged when it is made, and made once; a query that breaks a rule raises a QueryError
    here."""
    return _pipelines(tuple(STRATEGIES.values()), folder or sql_folder())


def load_companies(directory: Path | None = None) -> Companies:
    """Every company by name, and those whose files are wrong; see `companies/loader.py`."""
    return loader.load_companies(STRATEGIES, directory)


def built_in_companies() -> list[Company]:
    """Those that come with the platform, simulated, as far as the files that replace them are sound."""
    known = load_companies()
    return [known[name] for name in loader.built_in_names() if name in known]


def company_named(name: str, directory: Path | None = None) -> Company:
    """One company; a ConfigError says what is wrong with its file, or lists the known ones."""
    return load_companies(directory)[name]


def pipeline_of(company: Company) -> Pipeline:
    """The pipeline that serves a company."""
    return pipelines()[company.strategy.name]


@lru_cache(maxsize=4)
def _pipelines(records: tuple[Strategy, ...], folder: Path) -> Mapping[str, Pipeline]:
    queries = load_queries(folder)
    names = {record.name for record in records}
    validation = {name: query for name, query in queries.items() if query.path.startswith(VALIDATION)}
    areas = {name: query.path.split("/")[2] for name, query in validation.items()}
    pipelines = {
        record.name: made(
            record,
            queries,
            [query for name, query in validation.items() if areas[name] not in names - {record.name}],
        )
        for record in records
    }
    _refuse_orphans({name: query.path for name, query in queries.items()}, pipelines)
    facts_kept().keep()
    return pipelines


def _refuse_orphans(paths: Mapping[str, str], pipelines: Mapping[str, Pipeline]) -> None:
    used = {name for p in pipelines.values() for name in (*p.tables, *p.checks, *p.questions)}
    orphans = sorted(path for name, path in paths.items() if name not in used)
    if orphans:
        more = f"name it in a stage ({len(orphans)} such files)"
        raise QueryError(orphans[0], 1, f"no asset, check or question is made from it; {more}")
