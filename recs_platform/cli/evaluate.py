"""`recs evaluate`: how good a company's weekly lists are, beside baselines and published methods."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, error_console, print_json, say
from recs_platform.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa

    from recs_platform.companies.model import Company
    from recs_platform.strategies.replenishment.evaluation.evaluate import How

WEEKS: Final = "weeks"
LAST_BASKET: Final = "last-basket"
ORDERS, CATALOG, OUTCOMES = "order_lines", "catalog", "recommendation_outcomes"


def register(app: typer.Typer) -> None:
    app.command("evaluate", cls=CompanyCommand)(evaluate)


def evaluate(
    name: CompanyArgument,
    version: Annotated[
        list[str] | None, typer.Option(metavar="VERSION", help="Judge this version; may be repeated. Default: all.")
    ] = None,
    holdout: Annotated[
        str, typer.Option(metavar="WHAT", help="What is kept back: weeks, or last-basket as in the literature.")
    ] = WEEKS,
    weeks: Annotated[int | None, typer.Option(min=1, max=52, metavar="N", help="Newest weeks. Default: 4.")] = None,
    split: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Clients for train, validation and test, as JSON or CSV. Default: by hash."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Judge a company's weekly lists by what its clients bought next.

    Every version is held against simple baselines and published methods, on the same clients. Orders that are not
    stored are read first, from the company's first day on. Nothing is registered or published."""
    from recs_platform.schemas.replenishment import VERSIONS
    from recs_platform.strategies.catalogue import company_named

    how = _how(holdout, weeks)
    versions = tuple(dict.fromkeys(version or VERSIONS))
    if unknown := [one for one in versions if one not in VERSIONS]:
        raise ConfigError(f"--version: there is no version {unknown[0]}. There is: {', '.join(VERSIONS)}.")
    company = company_named(name)
    if not company.strategy.has_weekly_lists:
        raise ConfigError(
            f"{name} has no weekly lists to evaluate: it is a company of {company.strategy}. "
            "How its own models do is in their tables: see docs/offer-evaluation.md."
        )
    if split is not None and not split.is_file():
        raise ConfigError(f"--split: there is no file {split}.")
    if code := _make_orders(company):
        return code
    return _evaluate(company, how, versions, weeks, split, as_json=as_json)


def _how(holdout: str, weeks: int | None) -> How:
    if holdout == LAST_BASKET:
        if weeks is not None:
            raise ConfigError(f"--weeks is for --holdout {WEEKS}: a last basket is of no week.")
        return LAST_BASKET
    if holdout != WEEKS:
        raise ConfigError(f"--holdout: {holdout!r} is neither {WEEKS} nor {LAST_BASKET}.")
    return WEEKS


def _make_orders(company: Company) -> int:
    """All that the sources hold, and the newest catalog; the exit code of the runs.

    Where days are stored, what is missing between the company's first one and the newest of them: a week of lists makes
    no more than its windows need."""
    from recs_platform.automation.plan import last_day_that_is_over
    from recs_platform.cli.run import make_logs, make_newest
    from recs_platform.pipeline.coverage import in_words
    from recs_platform.sources.log_end import last_day_of_log
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse

    pipeline, warehouse = pipeline_of(company), open_warehouse()
    stored = warehouse.days(pipeline.ref(ORDERS, company))
    if not stored:
        _tell(f"{company.name}: no order is stored; its sources are read first")
        last = last_day_of_log(company, last_day_that_is_over())
        if code := make_logs(company, frozenset({ORDERS}), newest=last, quiet=True):
            return code
    elif missing := _missing(company, stored):
        _tell(f"{company.name}: orders of {in_words(missing)} are not stored; its sources are read first")
        if code := make_logs(company, frozenset({ORDERS}), newest=max(stored), quiet=True):
            return code
    if CATALOG in company.tables and not warehouse.days(pipeline.ref(CATALOG, company)):
        return make_newest(company, CATALOG, max(warehouse.days(pipeline.ref(ORDERS, company))), quiet=True)
    return 0


def _missing(company: Company, stored: Collection[date]) -> list[date]:
    """The days up to the newest one that were never made, and may be."""
    from recs_platform.warehouse.slices import Days

    there = {*stored, *company.lost_days}
    return [day for day in Days(company.start_date, max(stored)) if day not in there]


def _evaluate(
    company: Company, how: How, versions: tuple[str, ...], weeks: int | None, split: Path | None, *, as_json: bool
) -> int:
    from recs_platform.cli.evaluation_tables import show, show_outcomes, to_json
    from recs_platform.process import cores
    from recs_platform.strategies.replenishment.evaluation.evaluate import DEFAULT_WEEKS, Plan
    from recs_platform.strategies.replenishment.evaluation.evaluate import evaluate as judge
    from recs_platform.strategies.replenishment.evaluation.known import items_of, no_items
    from recs_platform.strategies.replenishment.evaluation.split import read_split, split_by_hash
    from recs_platform.strategies.replenishment.order_log import log_of

    _tell("reading orders")
    order_lines = _newest(company, ORDERS, all_days=True)
    if order_lines is None or not order_lines.num_rows:
        raise ConfigError(f"{company.name}: its sources hold no order, so there is nothing to evaluate.")
    log = log_of(order_lines)
    divided = split_by_hash(log.clients) if split is None else read_split(split, log.clients)
    catalog = _newest(company, CATALOG)
    end = max(day for day in order_lines["event_date"].unique().to_pylist() if day)
    plan = Plan(how, versions, weeks or DEFAULT_WEEKS, end, cores())
    found = judge(company, plan, order_lines, log, no_items() if catalog is None else items_of(catalog), divided, _tell)
    if not found.clients:
        raise ConfigError(f"{company.name}: {_nobody(how, plan.weeks, split)}")
    served = _newest(company, OUTCOMES)
    outcomes = [] if served is None else served.to_pylist()
    if as_json:
        print_json({**to_json(company.name, found), "outcomes": outcomes})
    else:
        show(company.name, found)
        show_outcomes(outcomes)
    return 0


def _nobody(how: How, weeks: int, split: Path | None) -> str:
    of = "" if split is None else f" of the test clients of {split.name}"
    if how == LAST_BASKET:
        return f"nobody{of} has two baskets: one to know and one to keep back."
    return (
        f"nobody{of} ordered in the newest {weeks} weeks of its log and before. Name fewer --weeks, or keep back "
        f"--holdout {LAST_BASKET}."
    )


def _newest(company: Company, table: str, *, all_days: bool = False) -> pa.Table | None:
    """All days of a log, or the newest that is stored of a snapshot; None where there is none."""
    from recs_platform.strategies.catalogue import pipeline_of
    from recs_platform.warehouse.environment import open_warehouse
    from recs_platform.warehouse.slices import Days

    warehouse, pipeline = open_warehouse(), pipeline_of(company)
    if table not in pipeline.specs:
        return None
    ref = pipeline.ref(table, company)
    days = warehouse.days(ref)
    if not days:
        return None
    with warehouse.read(ref, None if all_days else Days.one(max(days))) as reader:
        rows: pa.Table = reader.read_all()
    return rows


def _tell(text: str) -> None:
    say((text, "dim"), out=error_console)
