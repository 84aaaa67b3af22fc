"""`recs verify`: is what is stored what was written?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.companies import tell_broken
from recs_platform.cli.company import AnyCompanyArgument, CompanyCommand
from recs_platform.cli.output import FAILED, JsonOption, error_console, print_json, print_table, say, tell_error
from recs_platform.plurals import counted

if TYPE_CHECKING:
    from recs_platform.publication.stored_state import StoredState


def register(app: typer.Typer) -> None:
    app.command("verify", cls=CompanyCommand)(verify)


def verify(
    name: AnyCompanyArgument = None,
    accept: Annotated[bool, typer.Option("--accept", help="Accept what is stored where nothing proves it.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Check that what is stored is what was written.

    Everything is read again. What differs is named, with what to do about it."""
    from recs_platform.model_registry.shelf import open_shelf
    from recs_platform.publication.stored_state import accept_stored, stored_state
    from recs_platform.strategies.catalogue import load_companies, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    companies = load_companies()
    chosen = [companies[name]] if name else list(companies.values())
    warehouse, states = existing_warehouse(), []
    for company in chosen:
        pipeline, shelf = pipeline_of(company), open_shelf(company.name, run_id="")
        if accept:
            accept_stored(company, pipeline, warehouse, shelf.database)
        states.append(stored_state(company, pipeline, warehouse, shelf.database, shelf.artifacts))
    if as_json:
        print_json([state.to_json() for state in states])
    else:
        _tell(states)
    broken = 0 if name else tell_broken(companies)
    return FAILED if any(state.wrong for state in states) else broken


def _tell(states: list[StoredState]) -> None:
    titles = ("company", "tables", "days", "files", "MB", "publications", "models", "unknown", "wrong")
    rows = [
        (s.company, s.tables, s.days, s.files, s.size / 1e6, s.publications, s.models, s.unknown, len(s.wrong))
        for s in states
    ]
    print_table("", titles, rows, right=1)
    for state in states:
        for wrong in state.wrong:
            tell_error(wrong.what)
        if state.unknown:
            say(
                f"{state.company}: {counted(state.unknown, 'file')} older than checksums cannot be proved. To take "
                f"what is there as it is now: recs verify {state.company} --accept"
            )
    if not any(state.wrong for state in states):
        say(("ok", "green"), "  everything that was looked at is what was written.", out=error_console)
