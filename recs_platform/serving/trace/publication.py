"""The chain of a publication: a run made it, the lake's live table has it, the inventory says so, the serving stores
hold it, and the service answers a real customer with it.

Nothing is brought in line here, which is what publishing does: a broken link stays to be seen. Not here: models.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from recs_platform.errors import MissingSliceError, PlatformError, StorageError, TransientError
from recs_platform.platform_db.tables import JobRun, Publication, PublicationKind, PublicationStatus, Status
from recs_platform.publication import inventory
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.verify import figures
from recs_platform.serving.trace.link import Chain, Link, Name, broken, ok, unknown
from recs_platform.serving.trace.service import HttpService, NoAnswerError, NoService
from recs_platform.serving.trace.without_books import NOT_KNOWN, unjudged_service
from recs_platform.serving_store.protocol import EVERYBODY, Served, ServingStore
from recs_platform.warehouse.slices import Days


@dataclass(frozen=True)
class PublicationSources:
    outlet: Callable[[], Outlet]
    """Opened when it is looked at: without the platform database there is none."""
    service: HttpService | NoService


def trace_publication(company: str, product: str, sources: PublicationSources) -> Chain:
    """Look at every link. A link that cannot be looked at keeps no other from it."""
    try:
        outlet = sources.outlet()
        rows = inventory.listed(outlet.database, company, product)
        runs = _newest_run(outlet.database, company)
    except (TransientError, StorageError) as error:
        return Chain(company, "publication", product, None, tuple(_without_books(company, product, sources, error)))
    option = outlet.product.option
    settle = f"recs publications {company}{option}"
    live = next((row for row in rows if row.status is PublicationStatus.LIVE), None)
    links = [_run(company, runs, live), _live_table(outlet, live), _inventory(outlet, live, settle)]
    held = _stores(outlet, live, settle)
    links += held.links
    links.append(_service(sources.service, company, product, live))
    links.append(_customer(sources.service, company, product, live, held.example, settle))
    return Chain(company, "publication", product, live.version if live else None, tuple(links))


def _newest_run(database: Engine, company: str) -> JobRun | None:
    """Of the newest day."""
    newest = select(JobRun).where(JobRun.company == company).order_by(JobRun.last_date.desc(), JobRun.id.desc())
    with Session(database) as session:
        return session.scalars(newest.limit(1)).first()


def _run(company: str, run: JobRun | None, live: Publication | None) -> Link:
    if run is None:
        made = f"nothing but version {live.version}, by {live.published_by}" if live else "nothing"
        return unknown(Name.RUN, f"the job log knows no run of {company}; there is {made}")
    about = f"run {run.run_id[:8]} of {run.last_date}"
    match run.status:
        case Status.SUCCEEDED:
            return ok(Name.RUN, f"{about} succeeded")
        case Status.RUNNING:
            return unknown(Name.RUN, f"{about} goes on, or was killed", f"recs status {company}")
    if live is not None and live.as_of >= run.last_date:
        # A person approved what a guardrail refused, or something failed that the product does not need.
        return ok(Name.RUN, f"{about} failed, and its day is live all the same, published by {live.published_by}")
    again = f"recs run {company} --date {run.last_date}"
    return broken(Name.RUN, f"{about} failed", run.message or "it gave no reason", again)


def _live_table(outlet: Outlet, live: Publication | None) -> Link:
    publish = f"recs publish {outlet.company}{outlet.product.option}"
    try:
        history = outlet.warehouse.versions(outlet.live)
        made = outlet.warehouse.days(outlet.source)
    except PlatformError as error:
        return broken(Name.LIVE_TABLE, f"{outlet.live.name} cannot be read", str(error), "recs doctor")
    newest = next(inventory.changes(history), None)
    if newest is None:
        waits = _unpublished(outlet, made, date.min)
        if waits is not None:
            return broken(Name.LIVE_TABLE, f"{outlet.live.name} is empty", f"{waits} was never published", publish)
        return unknown(Name.LIVE_TABLE, f"{outlet.live.name} is empty, and there is nothing to publish yet")
    committed = inventory.commits([newest])
    if not committed and not (live and inventory.forgotten(history, live)):
        cause = "somebody changed it, and not by publishing"
        return broken(Name.LIVE_TABLE, f"the newest change of {outlet.live.name} is no publication", cause, publish)
    note = newest.note
    version = note.get("publication") or (live.version if live else None)
    as_of = date.fromisoformat(note["as_of"]) if "publication" in note else live.as_of if live else None
    seen = f"{outlet.live.name} holds version {version}, of {as_of}"
    rolled_back = newest.note.get("kind") == PublicationKind.ROLLBACK
    later = None if rolled_back or as_of is None else _unpublished(outlet, made, as_of)
    if later is not None:
        cause = f"{later} was made and is not published: a check or a guardrail refused it, or nobody published it"
        return broken(Name.LIVE_TABLE, seen, cause, f"{publish} --date {later}")
    return ok(Name.LIVE_TABLE, f"{seen}{', after a rollback' if rolled_back else ''}")


def _unpublished(outlet: Outlet, made: Sequence[date], as_of: date) -> date | None:
    """The newest day, if it has rows and is later than what is live."""
    if not made or made[-1] <= as_of:
        return None
    try:
        figures(outlet.product, outlet.warehouse, outlet.source, Days.one(made[-1]))
    except MissingSliceError:
        return None  # an empty day goes never live
    except PlatformError:
        return made[-1]
    return made[-1]


def _inventory(outlet: Outlet, live: Publication | None, settle: str) -> Link:
    try:
        history = outlet.warehouse.versions(outlet.live)
    except PlatformError:
        return unknown(Name.INVENTORY, f"it says version {live.version if live else 'none'}; the lake cannot be asked")
    newest = next(iter(inventory.commits([*islice(inventory.changes(history), 1)])), None)
    says = f"version {live.version} is live, of {live.as_of}" if live else "nothing is live"
    if newest is None or (live is not None and newest == live.version):
        return ok(Name.INVENTORY, f"{says}, published by {live.published_by}" if live else says)
    cause = "publishing broke off after the lake's commit, or the database was restored to an earlier state"
    return broken(Name.INVENTORY, f"{says}, and the lake holds version {newest}", cause, settle)


@dataclass(frozen=True)
class _Held:
    links: list[Link]
    example: tuple[str, Any] | None
    """A customer and the rows that the first store has of it."""


def _stores(outlet: Outlet, live: Publication | None, settle: str) -> _Held:
    """Each store against the inventory, and all of them against the first, which keeps everything."""
    first: Served | None = None
    example: tuple[str, Any] | None = None
    links = []
    for place, store in enumerate(outlet.stores):
        name = Name.DATABASE if place == 0 else Name.REDIS
        try:
            served = store.served(outlet.company, outlet.product.name)
            link = _held(name, served, first, live, settle)
            if place == 0:
                first = served
                example = _example(store, served) if served else None
            elif link is None:
                link = _same_example(name, store, outlet, example, settle)
        except PlatformError as error:
            seen = "it cannot be read" if name is Name.DATABASE else "it cannot be read; the database answers for it"
            link = broken(name, seen, str(error), "recs doctor")
        seen = f"version {served.version}, {served.customers:,} lists" if link is None and served else "holds nothing"
        links.append(link or ok(name, seen))
    return _Held(links, example)


def _held(
    name: Name, served: Served | None, first: Served | None, live: Publication | None, settle: str
) -> Link | None:
    """What is wrong with it, if anything is."""
    if live is None:
        return (
            None
            if served is None
            else broken(
                name, f"it holds version {served.version}, and nothing is live", "the inventory lost its rows", settle
            )
        )
    if served is None:
        return broken(
            name, f"it holds nothing of version {live.version}", "publishing broke off, or it was emptied", settle
        )
    if served.version != live.version:
        which = "an older publication" if served.version < live.version else "a newer publication"
        seen = f"it holds {which}: version {served.version}, not {live.version}"
        return broken(name, seen, "publishing broke off before this store, or it was not reached", settle)
    if first is not None and served.digest != first.digest:
        return broken(name, f"its lists of version {live.version} are not the database's", "it was changed", settle)
    return None


def _example(store: ServingStore, served: Served) -> tuple[str, Any] | None:
    with store.lists(served) as chunks:
        for chunk in chunks:
            for key, content in chunk:
                if not key.startswith(b"\xff"):  # the hash of an id that is too long to be a key
                    return key.decode(), json.loads(content)
    return None


def _same_example(
    name: Name, store: ServingStore, outlet: Outlet, example: tuple[str, Any] | None, settle: str
) -> Link | None:
    if example is None:
        return None
    answer = store.customer(outlet.company, outlet.product.name, example[0])
    if answer is not None and json.loads(answer.content) == example[1]:
        return None
    return broken(name, "the list of a customer is not the database's", "it was changed, or lost a part", settle)


def _service(service: HttpService | NoService, company: str, product: str, live: Publication | None) -> Link:
    if isinstance(service, NoService):
        return unknown(Name.SERVICE, service.why)
    try:
        reported = service.reported(company)
    except NoAnswerError as error:
        return broken(Name.SERVICE, error.seen, error.cause, error.command)
    if product not in reported.publications:
        cause = "serving is off in the company's file, or the service was started with other company files"
        return broken(Name.SERVICE, f"{service.url} does not know {product} of {company}", cause, "recs doctor")
    version = reported.publications[product]
    if version == (live.version if live else None):
        return ok(
            Name.SERVICE, f"{service.url} serves {f'version {version}' if version else 'nothing, as nothing is live'}"
        )
    seen = f"{service.url} serves version {version}, not {live.version if live else 'none'}"
    problem = reported.problems.get(product)
    cause = f"it says: {problem}" if problem else "it reads another database or Redis, or hangs"
    return broken(Name.SERVICE, seen, cause, "recs doctor")


def _customer(
    service: HttpService | NoService,
    company: str,
    product: str,
    live: Publication | None,
    example: tuple[str, Any] | None,
    settle: str,
) -> Link:
    """Nobody is named: an id is personal."""
    if isinstance(service, NoService):
        return unknown(Name.CUSTOMER, service.why)
    if live is None or example is None:
        return unknown(Name.CUSTOMER, "not asked: the database has no list to compare with")
    customer, rows = example
    if customer == EVERYBODY:
        return unknown(Name.CUSTOMER, f"not asked: {product} is not for customers one by one")
    try:
        answer = service.customer(company, customer)
    except NoAnswerError as error:
        return broken(Name.CUSTOMER, error.seen, error.cause, error.command)
    if answer.version != live.version:
        seen = f"a real customer is answered with version {answer.version}, not {live.version}"
        return broken(Name.CUSTOMER, seen, "the service reads a store that is behind", settle)
    if list(answer.items) != rows:
        seen = f"a real customer is answered otherwise than version {live.version} says"
        return broken(Name.CUSTOMER, seen, "the store that it reads was changed", settle)
    return ok(Name.CUSTOMER, f"a real customer gets version {answer.version}, from {answer.served_from}")


def _without_books(company: str, product: str, sources: PublicationSources, error: PlatformError) -> Iterator[Link]:
    yield unknown(Name.RUN, NOT_KNOWN)
    yield unknown(Name.LIVE_TABLE, NOT_KNOWN)
    yield unknown(Name.INVENTORY, NOT_KNOWN)
    yield broken(Name.DATABASE, "the platform database does not answer", str(error), "recs doctor")
    yield unjudged_service(sources.service, company, lambda reported: f"version {reported.publications.get(product)}")
    yield unknown(Name.CUSTOMER, NOT_KNOWN)
