"""`recs simulate`: write a simulated company's feeds, at any scale."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, console, day_of, print_json, say
from recs_platform.errors import ConfigError
from recs_platform.plurals import counted


def register(app: typer.Typer) -> None:
    app.command("simulate", cls=CompanyCommand)(simulate_company)


def simulate_company(
    name: CompanyArgument,
    customers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Customers. Default: as the company file says.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, metavar="N", help="Days of feeds.")] = 93,
    start: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First day. Default: the company's start.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Another seed gives another world.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a simulated company's feeds, and the truth that is planted in them.

    A run makes the feeds that it needs. This makes more of them, or another world, which replaces the old one.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from recs_platform.settings import settings
    from recs_platform.simulation.world import simulate
    from recs_platform.sources.connectors.simulated import simulated_tables, world_of, world_spec
    from recs_platform.strategies.catalogue import company_named

    company = company_named(name)
    if company.simulation is None:
        raise ConfigError(f"{name} has real sources: its file has no `simulation:` block.")
    spec = world_spec(company)
    spec = replace(spec, customers=customers or spec.customers, seed=spec.seed if seed is None else seed)
    first = day_of(start, "--from") if start else company.start_date
    if first < company.start_date:
        raise ConfigError(f"{name} starts on {company.start_date}; --from {first} is before it.")
    last = first + timedelta(days=days - 1)
    landing = settings().landing.absolute()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=as_json, transient=True) as progress:
        task = progress.add_task(f"simulating {name}, {counted(spec.customers, 'customer')}", total=days)
        simulate(
            world_of(company),
            simulated_tables(company.strategy),
            spec,
            landing,
            first,
            last,
            on_day=lambda _: progress.advance(task),
        )
    if as_json:
        print_json({"company": name, "customers": spec.customers, "seed": spec.seed, "first": first, "last": last})
        return
    say(
        f"Simulated {name}: {counted(spec.customers, 'customer')}, {first} to {last}, in {landing / name}.\n"
        f"What is planted stands in {landing / name / 'truth.json'}. "
        "Next: ",
        (f"recs run {name} --date {last}", "bold"),
    )
