"""`recs keys`: the keys with which companies ask the prediction service."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.company import AnyCompanyArgument, CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, print_json, print_table, say
from recs_platform.cli.publish import ByOption, who
from recs_platform.errors import ConfigError

app = typer.Typer(help="Make, list and revoke the keys of the prediction service.", no_args_is_help=True)
_MOST_NOTE = 200


@app.command(cls=CompanyCommand)
def new(
    company: CompanyArgument,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Who will use it, and where.")] = "",
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key for a company, and show it once.

    A company may have several: make the new one, use it everywhere, then revoke the old one."""
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.serving.clock import now
    from recs_platform.serving.keys import new_key
    from recs_platform.settings import require_home
    from recs_platform.strategies.catalogue import company_named

    company_named(company)
    require_home()
    if len(note) > _MOST_NOTE:
        raise ConfigError(f"--note: at most {_MOST_NOTE} characters.")
    key_id, key = new_key(opened_database(), company, note, who(by), now())
    if as_json:
        print_json({"id": key_id, "company": company, "key": key})
        return
    typer.echo(key)
    say("It is shown this once. A service that runs accepts it within seconds.")


@app.command("list", cls=CompanyCommand)
def list_keys(company: AnyCompanyArgument = None, as_json: JsonOption = False) -> None:
    """List the keys that were made, never what they consist of."""
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.serving.keys import known_keys
    from recs_platform.settings import require_home
    from recs_platform.strategies.catalogue import company_named

    if company is not None:
        company_named(company)
    require_home()
    keys = [key for key in known_keys(opened_database()) if company in (None, key.company)]
    if as_json:
        print_json(
            [
                {
                    "id": key.id,
                    "company": key.company,
                    "note": key.note,
                    "made_at": key.made_at,
                    "made_by": key.made_by,
                    "revoked_at": key.revoked_at,
                }
                for key in keys
            ]
        )
        return
    if not keys:
        say(f"No keys yet. Make one: recs keys new {company or 'COMPANY'}")
        return
    rows = [(key.id, key.company, key.note, key.made_at, key.made_by, key.revoked_at) for key in keys]
    print_table("Keys", ("id", "company", "note", "made", "by", "revoked"), rows)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="A key's id: see `recs keys list`.")],
) -> None:
    """Make a key invalid, for good."""
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.serving.clock import now
    from recs_platform.serving.keys import revoke as revoke_key
    from recs_platform.settings import require_home

    require_home()
    key = revoke_key(opened_database(), key_id, now())
    say(("ok", "green"), f"  key {key.id} of {key.company} is revoked. A service that runs refuses it within seconds.")
