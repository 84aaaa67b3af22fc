"""`recs report`: what people read, made of tables that are there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from recs_platform.cli.companies import tell_broken
from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, day_of, print_json, say
from recs_platform.plurals import counted

app = typer.Typer(help="Write reports: a page, and CSV files.", no_args_is_help=True)


@app.callback()
def report() -> None:
    """A group, even with one command in it."""


@app.command(cls=CompanyCommand)
def campaign(
    name: CompanyArgument,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day of messages. Default: the campaign window's.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day of messages. Default: that of --as-of.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="Tell what was known on this day. Default: the newest.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Folder to write. Default: reports/ in RECS_FILES_URL."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Report what came of the messages of some days.

    Writes one HTML page that needs no other file, and a CSV file per question."""
    from recs_platform.campaign.report.files import PAGE, contents, default_folder
    from recs_platform.campaign.report.reading import Asked, gather
    from recs_platform.pipeline.coverage import lacking_in_words
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    asked = Asked(
        first=day_of(first, "--from") if first else None,
        last=day_of(last, "--to") if last else None,
        as_of=day_of(as_of, "--as-of") if as_of else None,
    )
    company = company_named(name)
    pipeline = pipeline_of(company)
    findings = gather(existing_warehouse(), pipeline, company, asked)
    files = contents(findings, pipeline)
    folder = _written(out, default_folder(findings), files)
    if as_json:
        paths = {"page": f"{folder}/{PAGE}", "csv": [f"{folder}/{name}" for name in files if name != PAGE]}
        days = {"from": findings.sent.first, "to": findings.sent.last, "as_of": findings.as_of}
        print_json({"company": name, **days, **paths, "summary": findings.summary, "lacking": findings.lacking})
        return
    if findings.summary is None:
        say(f"{name} sent no messages of {findings.sent}; the page says so.")
    if findings.lacking:
        say((f"The report lacks {lacking_in_words(findings.lacking)}.", "yellow"))
    say(f"The report is {folder}/{PAGE}")
    say((f"With it: {counted(len(files) - 1, 'CSV file')}.", "dim"))


@app.command()
def overview(
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Folder to write. Default: reports/ in RECS_FILES_URL."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Report how all companies are, the worst first.

    Writes one HTML page that needs no other file, and a CSV file."""
    from recs_platform.automation.platform_overview import platform_overview
    from recs_platform.automation.platform_overview_page import CSV, FOLDER, GENERATOR, contents
    from recs_platform.automation.platform_overview_words import in_a_sentence
    from recs_platform.campaign.report.files import PAGE
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.strategies.catalogue import load_companies, pipelines
    from recs_platform.warehouse.environment import existing_warehouse

    companies, now = load_companies(), datetime.now(UTC)
    lines = platform_overview(companies, pipelines(), existing_warehouse(), opened_database(), now)
    folder = _written(out, FOLDER, contents(lines, now), GENERATOR)
    if as_json:
        names = [line.company for line in lines]
        print_json({"page": f"{folder}/{PAGE}", "csv": [f"{folder}/{CSV}"], "companies": names})
    else:
        say(in_a_sentence(lines))
        say(f"The report is {folder}/{PAGE}")
    return tell_broken(companies)


def _written(out: Path | None, folder: str, files: Mapping[str, str], generator: str | None = None) -> str:
    """Where the report is: the folder that was asked for, or that of the environment."""
    from recs_platform.campaign.report.files import keep, write
    from recs_platform.campaign.report.page import GENERATOR
    from recs_platform.file_store.environment import open_files

    if out is None:
        return keep(open_files(), folder, files, generator or GENERATOR)
    write(out, files, generator or GENERATOR)
    return str(out.absolute())
