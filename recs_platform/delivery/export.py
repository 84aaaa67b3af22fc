"""What is live of a product, as files for a channel. No terminal.

The live table is read back before it is exported, and known to be the same afterwards. Not here: whether it is too old
to be sent (automation/freshness.py), and what a message says (channels.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from recs_platform.companies.model import OFFERS, Company
from recs_platform.delivery.channels import NO_ROOM, Channel, LinkedItem, Writing
from recs_platform.delivery.customer_lists import CustomerList, customer_lists
from recs_platform.delivery.links import link_of
from recs_platform.delivery.pseudonyms import delivery_key
from recs_platform.delivery.shipment import WrittenFile, manifest_of, measured, put, written_aside
from recs_platform.delivery.texts import cell
from recs_platform.delivery.token import Token, pseudonym
from recs_platform.errors import ConfigError, ConflictError, UserError
from recs_platform.file_store.protocol import FileStore
from recs_platform.platform_db.locks import lock
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import reconcile
from recs_platform.publication.verify import verify

FORMAT = 1
FOLDER = "exports"
NOTHING_TO_SHOW = "nothing left to show"
_ENDED, _NO_LINK = "ended", "nothing to link to"
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    channel: Channel
    sent_on: date
    """The day on which it is sent: offers that end before it are left out."""
    stale_because: str | None = None
    """Why something older than what is due is sent all the same."""


@dataclass(frozen=True)
class Exported:
    place: str
    """Where a person finds the folder."""
    manifest: Mapping[str, Any]
    was_there: bool
    """The same content stood there already, and when it was first made."""


def exportable(outlet: Outlet, company: Company) -> None:
    """Raises a ConfigError unless the product is for customers one by one, and the company says how it is sent."""
    if outlet.product.messages is None:
        raise ConfigError(
            f"{company.name}: {outlet.product.name} is not for customers one by one, so there is nothing to send of it."
        )
    if company.delivery is None:
        raise ConfigError(
            f"{company.name}: its file has no `delivery`, which says where items lead. Add it: delivery: "
            "{link: 'https://shop.example/p/{item_id}?rid={token}'}; see docs/delivery.md."
        )


def live_version(outlet: Outlet, version: int | None) -> Publication:
    """What is live; with a version, that is the one that must be."""
    live = reconcile(outlet)
    publish = f"recs publish {outlet.company}{outlet.product.option}"
    if live is None:
        raise UserError(f"{outlet.name}: nothing is published, so there is nothing to send. Publish a day: {publish}")
    if version not in (None, live.version):
        raise UserError(
            f"{outlet.name}: version {version} is not what customers see; version {live.version} of {live.as_of} is. "
            f"Only what is live is exported. To go back: recs rollback {outlet.company} --to {version}"
            f"{outlet.product.option}"
        )
    return live


def export(
    outlet: Outlet, company: Company, live: Publication, request: Request, files: FileStore, aside: Path, now: datetime
) -> Exported:
    """Write the files of a channel, whole or not at all."""
    verify(outlet, live)
    channel, name = request.channel, f"{outlet.company}-{outlet.product.name}-{request.channel.name}"
    folder = f"{FOLDER}/{outlet.company}/{outlet.product.name}/v{live.version}/{channel.name}"
    busy = f"{outlet.name} is being exported for {channel.name} by somebody else"
    with lock(outlet.database, f"exporting {name}", patience=_PATIENCE_SECONDS, busy=busy):
        writing, left_out = _writing(outlet, company), _LeftOut(Counter(), Counter())
        with written_aside(aside / name) as rows:
            rows.write(channel.header(writing))
            key = delivery_key(outlet.database, company.name, now)
            with customer_lists(outlet, company, channel.name, live.as_of) as lists:
                for one, items in _reached(lists, outlet, live, request, writing, key, left_out):
                    cells = channel.row(writing, items)
                    if cells is None:
                        left_out.customers[NO_ROOM] += 1
                        continue
                    rows.write([one.address or "", cell(one.customer_id), *cells])
            _refuse_nobody(outlet, channel, rows.rows, left_out)
            file = measured(rows, channel.name)
            verify_unchanged(outlet, live)
            manifest = _manifest(outlet, live, request, writing, left_out, file, now)
            known = manifest_of(files, folder)
            same = {"made_at": known["made_at"]} if known and "made_at" in known else {}
            was_there = known == {**manifest, **same}
            # Written once more, the same bytes: whatever became of them in the meantime.
            put(files, folder, rows, file, known if was_there and known else manifest)
            return Exported(files.place(folder), known if was_there and known else manifest, was_there)


@dataclass(frozen=True)
class _LeftOut:
    customers: Counter[str]
    items: Counter[str]


def _writing(outlet: Outlet, company: Company) -> Writing:
    assert company.delivery and outlet.product.messages  # noqa: S101  (`exportable` was asked)
    longest = outlet.product.messages.longest(company.parameters)
    return Writing(
        company.delivery,
        company.currency,
        offers=OFFERS in company.strategy.sources,
        items=min(longest, company.delivery.items or longest),
    )


def _reached(
    lists: Iterator[CustomerList],
    outlet: Outlet,
    live: Publication,
    request: Request,
    writing: Writing,
    key: bytes,
    left_out: _LeftOut,
) -> Iterator[tuple[CustomerList, list[LinkedItem]]]:
    """The customers who are sent something, each with the items of a message."""
    most = request.channel.most_items(writing)
    for one in lists:
        if one.address is None:
            left_out.customers[one.reason or ""] += 1
            continue
        who = pseudonym(key, outlet.company, outlet.product.name, one.customer_id)

        def token(rank: int, who: str = who) -> str:
            return str(Token(live.version, request.channel.name, rank, who))

        items = _linked(one, most, request.sent_on, writing.delivery.link, token, left_out.items)
        if items:
            yield one, items
        else:
            left_out.customers[NOTHING_TO_SHOW] += 1


def _linked(
    one: CustomerList, most: int, sent_on: date, template: str, token: Callable[[int], str], left_out: Counter[str]
) -> list[LinkedItem]:
    items: list[LinkedItem] = []
    for listed in one.items:
        if len(items) == most:
            break
        if listed.ends_on is not None and listed.ends_on < sent_on:
            left_out[_ENDED] += 1
            continue
        link = link_of(template, listed.item_id, listed.offer_id, token(listed.rank))
        if link is None:
            left_out[_NO_LINK] += 1
            continue
        items.append(LinkedItem(listed, link))
    return items


def verify_unchanged(outlet: Outlet, live: Publication) -> None:
    now = reconcile(outlet)
    if now is None or now.version != live.version:
        raise ConflictError(
            f"{outlet.name}: another version went live while version {live.version} was exported; nothing was written."
        )


def _refuse_nobody(outlet: Outlet, channel: Channel, rows: int, left_out: _LeftOut) -> None:
    if rows:
        return
    counts = [f"{reason}: {count:,}" for reason, count in left_out.customers.most_common()]
    reasons = ", ".join(counts) or "no customer is recommended anything"
    raise UserError(
        f"{outlet.name}: nobody can be sent anything by {channel.name} ({reasons}). The {channel.address} is "
        f"`{channel.column}` of the source table customers."
    )


def _manifest(
    outlet: Outlet,
    live: Publication,
    request: Request,
    writing: Writing,
    left_out: _LeftOut,
    file: WrittenFile,
    now: datetime,
) -> dict[str, Any]:
    """Figures alone: no address and no customer."""
    return {
        "format": FORMAT,
        "company": outlet.company,
        "product": outlet.product.name,
        "channel": request.channel.name,
        "version": live.version,
        "as_of": live.as_of.isoformat(),
        "generated_at": live.generated_at.isoformat(),
        "sent_on": request.sent_on.isoformat(),
        "made_at": now.isoformat(timespec="seconds"),
        "stale_because": request.stale_because,
        "customers": live.customers,
        "rows": file.rows,
        "left_out": dict(sorted(left_out.customers.items())),
        "items_left_out": dict(sorted(left_out.items.items())),
        "columns": request.channel.header(writing),
        "files": [file.to_json()],
    }
