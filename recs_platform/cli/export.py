"""`recs export`: what customers see, as files for e-mail, push and text messages."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import JsonOption, day_of, print_json, print_table, say
from recs_platform.cli.publish import ProductOption, opened
from recs_platform.errors import ConfigError, UserError
from recs_platform.plurals import counted

if TYPE_CHECKING:
    from datetime import date

    from recs_platform.companies.model import Company
    from recs_platform.delivery.export import Exported
    from recs_platform.file_store.protocol import FileStore
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.platform_db.tables import Publication
    from recs_platform.publication.outlet import Outlet

_MOST_WORDS = 200


def register(app: typer.Typer) -> None:
    app.command("export", cls=CompanyCommand)(export)


def export(
    name: CompanyArgument,
    channel: Annotated[str, typer.Option("--channel", metavar="CHANNEL", help="email, push or sms.")],
    product: ProductOption = None,
    version: Annotated[
        int | None, typer.Option("--version", min=1, metavar="N", help="The version that must be live.")
    ] = None,
    date: Annotated[
        str | None, typer.Option("--date", metavar="DAY", help="The day it is sent on. Default: today.")
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder or bucket to write to. Default: RECS_FILES_URL.")
    ] = None,
    allow_stale: Annotated[
        str | None, typer.Option("--allow-stale", metavar="REASON", help="Export what is too old all the same.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write what is live as files for a channel.

    Each item has a tracked link. Who has opted out, or cannot be reached, is left out and counted. What is older than
    the newest day that is due is refused."""
    from recs_platform.companies.problems import not_one_of
    from recs_platform.delivery import export as exports
    from recs_platform.delivery.channels import CHANNEL
    from recs_platform.settings import settings

    if channel not in CHANNEL:
        raise ConfigError(f"--channel: {not_one_of(channel, 'a channel', list(CHANNEL))}")
    company, pipeline, outlet = opened(name, product)
    now = datetime.now(UTC)
    sent_on = _sending_day(company, day_of(date, "--date") if date else None, now)
    exports.exportable(outlet, company)
    live = exports.live_version(outlet, version)
    stale_because = _stale_because(company, pipeline, outlet, live, sent_on, now, allow_stale)
    request = exports.Request(CHANNEL[channel], sent_on, stale_because)
    aside = settings().home / exports.FOLDER / ".unfinished"
    exported = exports.export(outlet, company, live, request, _store(out), aside, now)
    if as_json:
        print_json({**exported.manifest, "folder": exported.place, "was_there": exported.was_there})
        return
    _tell(exported)


def _sending_day(company: Company, asked: date | None, now: datetime) -> date:
    """A company that is over lives on the day after its last."""
    from recs_platform.automation.freshness import local_date

    today = local_date(company, now)
    over = company.end_date is not None and company.end_date < today
    if asked is None:
        return company.end_date + timedelta(days=1) if over and company.end_date else today
    if asked < today and not over:
        raise ConfigError(f"--date: {asked} is over; messages are sent today, {today}, or later.")
    return asked


def _stale_because(
    company: Company,
    pipeline: Pipeline,
    outlet: Outlet,
    live: Publication,
    sent_on: date,
    now: datetime,
    allowed: str | None,
) -> str | None:
    """Why it is exported although it is stale; None where it is not. Another morning is judged as it begins."""
    from recs_platform.automation.freshness import local_date, newest_day_due
    from recs_platform.companies.mornings import local_moment
    from recs_platform.pipeline.due import command_to_make

    if allowed is not None and not allowed.strip():
        raise ConfigError("--allow-stale: say why, in words; the manifest keeps them.")
    moment = now if sent_on == local_date(company, now) else local_moment(company, sent_on, time())
    empty = [made.day for made in outlet.warehouse.slices(outlet.source) if made.empty]
    due = newest_day_due(company, pipeline, outlet.product.name, moment, empty)
    if sent_on <= live.as_of:
        raise ConfigError(f"--date: what is live is of {live.as_of}; it is sent on a later day, not on {sent_on}.")
    if due is None or live.as_of >= due.day:
        return None
    if allowed is None:
        made = {one.day for one in outlet.warehouse.slices(outlet.source)}
        publish = f"recs publish {company.name} --date {due.day}{outlet.product.option}"
        first = publish if due.day in made else command_to_make(pipeline, company, outlet.source.name, due.day)
        raise UserError(
            f"{outlet.name}: what is live, version {live.version}, is of {live.as_of}, and {due.day} was due by "
            f"{due.at:%Y-%m-%d %H:%M} UTC. To export it all the same: --allow-stale REASON. To have that day live: "
            f"{first}"
        )
    return allowed.strip()[:_MOST_WORDS]


def _store(out: str | None) -> FileStore:
    from recs_platform.file_store.bucket import Bucket, is_bucket
    from recs_platform.file_store.environment import open_files
    from recs_platform.file_store.local import LocalFiles

    if out is None:
        return open_files()
    return Bucket(out, "--out") if is_bucket(out) else LocalFiles(Path(out).absolute())


def _tell(exported: Exported) -> None:
    told = exported.manifest
    (file,) = told["files"]
    say(
        ("ok", "green"),
        f"  version {told['version']} of {told['as_of']} for {told['channel']}: {counted(told['rows'], 'message')}"
        f"{', as it stood there already' if exported.was_there else ''}.",
    )
    if told["stale_because"]:
        say((f"It is older than what is due, and allowed: {told['stale_because']}", "yellow"))
    left_out = [("customers", *one) for one in told["left_out"].items()]
    left_out += [("items", *one) for one in told["items_left_out"].items()]
    if left_out:
        print_table("Left out", ("", "because", "count"), left_out)
    say(f"{exported.place}/{file['name']}")
