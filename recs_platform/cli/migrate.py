"""`recs migrate`: the databases of this version, before anything of it starts."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.output import FAILED, JsonOption, print_json, say


def register(app: typer.Typer) -> None:
    app.command("migrate")(migrate)


def migrate(
    check: Annotated[bool, typer.Option("--check", help="Say whether anything is to do, and change nothing.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Make the databases, or bring them to this version.

    Those of the platform and of Dagster, and Dagster's folder. It may run several times, and at once. With --check
    the exit code is 1 when something is to do."""
    from recs_platform.automation.migration import FOLDER, look
    from recs_platform.automation.migration import migrate as migrate_all

    if check:
        parts, folder = look(), None
    else:
        parts, folder = migrate_all()
    if as_json:
        print_json([*(part.to_json() for part in parts), *([{"what": FOLDER, "note": folder}] if folder else [])])
    else:
        for part in parts:
            say((part.what, "bold"), f": {part.told(done=not check)}")
        if folder:
            say((FOLDER, "bold"), f": {folder}")
    return FAILED if check and not all(part.is_done for part in parts) else 0
