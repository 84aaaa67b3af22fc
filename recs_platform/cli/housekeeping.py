"""`recs housekeeping`: delete what nobody needs any more, as the nightly job does."""

from __future__ import annotations

from typing import Annotated

import typer

from recs_platform.cli.output import FAILED, JsonOption, error_console, print_json, print_table, say


def register(app: typer.Typer) -> None:
    app.command("housekeeping")(housekeeping)


def housekeeping(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be freed, and delete nothing.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Free what nobody needs any more, of all companies.

    Files that no live or restorable version of a table needs, what killed runs left, old runs of Dagster and reports.
    Every night a schedule does the same.
    """
    from recs_platform.automation.housekeeping.sweeping import Swept
    from recs_platform.automation.instance import whole_instance
    from recs_platform.plurals import in_units
    from recs_platform.strategies.catalogue import load_companies, pipelines
    from recs_platform.warehouse.environment import existing_warehouse

    warehouse = existing_warehouse()
    with whole_instance() as dagster:
        swept = Swept.as_set(load_companies(), pipelines(), warehouse, dagster)
        all_freed = list(swept.sweep(dry_run=dry_run))
    if as_json:
        print_json([freed.to_json() for freed in all_freed])
    else:
        rows = [(freed.what, freed.files, freed.rows, in_units(freed.size)) for freed in all_freed]
        print_table("Would be freed" if dry_run else "Freed", ["of", "files", "rows", "bytes"], rows)
    for freed in all_freed:
        if freed.problem:
            say((f"{freed.what}: {freed.problem}", "yellow" if freed.busy else "red"), out=error_console)
    return FAILED if any(freed.problem and not freed.busy for freed in all_freed) else 0
