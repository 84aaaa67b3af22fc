"""`recs companies list | new | template | check`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import MISTAKE, JsonOption, day_of, print_json, print_table, say, tell_error
from recs_platform.errors import ConfigError
from recs_platform.masking import mask_text

if TYPE_CHECKING:
    from recs_platform.companies.known_companies import Companies
    from recs_platform.sources.check import CheckLine
    from recs_platform.sources.proposal.proposed_company import ProposedCompany

app = typer.Typer(help="List, create and check companies.", no_args_is_help=True)


def tell_broken(companies: Companies) -> int:
    """What is wrong with company files, after what a command over all companies had to say; returns its exit code."""
    for company in companies.broken:
        tell_error(company.problems)
    return MISTAKE if companies.broken else 0


_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@app.command("list")
def list_companies(as_json: JsonOption = False) -> int:
    """List the companies, their strategies and the connectors of their sources."""
    from recs_platform.strategies.catalogue import load_companies

    companies = load_companies()
    rows = [
        {
            "name": company.name,
            "strategy": company.strategy.name,
            "dataset": company.dataset,
            "timezone": company.timezone,
            "start_date": str(company.start_date),
            "sources": ", ".join(sorted({source.connector for source in company.sources.values()})),
        }
        for company in companies.values()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table("", list(rows[0]) if rows else [], [list(row.values()) for row in rows])
    return tell_broken(companies)


@app.command("new")
def new_company(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name in lower case, such as northwind.")],
    strategy: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="vehicle_fitment, offer_ranking, replenishment or measurement."),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="PLACE",
            help="Its data: a file or a folder, env:VARIABLE of a database, or sqlite:///FILE.",
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Where to write it. Default: RECS_COMPANIES_DIR.")
    ] = None,
) -> None:
    """Write a company file: simulated, or proposed from its data with --from.

    Its comments say how each line is known, and what is left to decide."""
    from recs_platform.companies.scaffold import check_name, new_company_yaml
    from recs_platform.settings import settings
    from recs_platform.strategies.catalogue import STRATEGIES, load_companies

    target = folder or settings().companies_dir
    if target is None:
        raise ConfigError("no folder for company files: set RECS_COMPANIES_DIR, or name one with --folder.")
    if origin is None and strategy is None:
        raise ConfigError(f"name a --strategy ({', '.join(STRATEGIES)}), or the company's data with --from.")
    check_name(name)
    path, companies = target / f"{name}.yaml", load_companies()
    if path.exists() or name in (*companies, *(company.name for company in companies.broken)):
        raise ConfigError(f"a company {name} exists already; choose another name, or edit its file.")
    if origin is None:
        text, load = new_company_yaml(name, str(strategy), STRATEGIES), ""
    else:
        text, load = _proposal(name, origin, strategy)
    target.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    current = settings().companies_dir
    where = "" if current and current.resolve() == target.resolve() else f"RECS_COMPANIES_DIR={target} "
    say(f"Wrote {path}. Next: ", (f"{where}recs companies check {name}", "bold"))
    if load:
        say("Then load it: ", (f"{where}{load}", "bold"))


def _proposal(name: str, origin: str, strategy: str | None) -> tuple[str, str]:
    """The text of a file for what is found there, and the command that loads it; says what was found."""
    from recs_platform.automation.plan import last_day_that_is_over
    from recs_platform.sources.proposal.company_text import company_yaml, questions_of
    from recs_platform.sources.proposal.origin import propose_from
    from recs_platform.sources.proposal.table_matching import table_certainty
    from recs_platform.strategies.catalogue import STRATEGIES

    company = propose_from(name, origin, STRATEGIES, strategy, last_day_that_is_over())
    rows = [
        (
            match.spec.name,
            match.feed.where,
            table_certainty(match),
            len({*match.matches, *match.derived}),
            ", ".join(match.missing),
        )
        for match in company.tables
    ]
    print_table("", ["table", "found in", "certainty", "columns", "missing"], rows)
    say(f"Strategy: {company.strategy} ({company.strategy_why}).")
    for left in company.leftovers:
        say(f"Not used: {left.feed.where}, which {left.why}.")
    for sentence in company.said:
        say(f"Not used: {sentence}.")
    for question in questions_of(company):
        say(("Please check: ", "yellow"), mask_text(question))
    if company.exported:
        say("Set the variable that the file names: ", (company.exported, "bold"))
    return company_yaml(company), _load(company)


def _load(company: ProposedCompany) -> str:
    """Of a log of purchases the week's lists are made; of anything else its last day."""
    from recs_platform.automation.plan import last_day_that_is_over
    from recs_platform.declarations.cadence import WeeklyParameters

    last = company.last_day
    if last is None:
        return ""
    if not issubclass(company.strategy.parameters, WeeklyParameters) or not any(match.log for match in company.tables):
        return f"recs run {company.name} --date {last}"
    monday = last + timedelta(days=7 - last.weekday())
    # The lists of the week after it know all of the log, but that week's Sunday may not be over.
    known = monday if monday - timedelta(days=1) <= last_day_that_is_over() else last
    return f"recs weekly {company.name} --week {known}"


@app.command("template")
def template(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="A source table, such as events.")],
    strategy: Annotated[
        str | None, typer.Option(metavar="NAME", help="The strategy whose table it is. Default: any.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it. Default: to the screen.")
    ] = None,
) -> None:
    """Write a CSV file of a source table: its header, and an example row."""
    from recs_platform.companies.source_tables import source_table, template_csv
    from recs_platform.strategies.catalogue import STRATEGIES

    text = template_csv(source_table(table, STRATEGIES, strategy))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{output} exists already; choose another name with -o.") from None
    except OSError as error:
        raise ConfigError(f"{output} cannot be written: {error.strerror}.") from None
    say(f"Wrote {output}.")


def _as_json(line: CheckLine) -> dict[str, object]:
    said: dict[str, object] = {"status": str(line.status), "table": line.table, "message": line.message}
    return said | ({"possibility": asdict(line.possibility)} if line.possibility else {})


@app.command("check", cls=CompanyCommand)
def check(
    name: CompanyArgument,
    day: Annotated[
        str | None,
        typer.Option(
            "--date", metavar="DAY", help="The day to try. Default: the company's first, or the nearest with data."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Check a company's file and sources, and say what is missing and what works.

    What loading would reject is counted by reason. Nothing is written."""
    from recs_platform.sources.check import check_company
    from recs_platform.strategies.catalogue import company_named, pipelines

    company = company_named(name)
    tried = day_of(day, "--date") if day else company.start_date
    lines = list(check_company(company, tried, pipelines()))
    if as_json:
        print_json([_as_json(line) for line in lines])
    else:
        for line in lines:
            where = f"{line.table}: " if line.table else ""
            say((f"{line.status:>4}", _COLOURS[line.status]), f"  {where}{line.message}")
    return MISTAKE if any(line.status == "fail" for line in lines) else 0
