"""Why a customer gets what it gets, read from the warehouse of the day; and how what is live stood to its guardrails.

Blocks, and may find no warehouse: then a page says so and shows the rest. Not here: what is explained (the strategies).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from recs_platform.declarations.guardrails import Guardrail
from recs_platform.errors import ConfigError, PlatformError
from recs_platform.publication import inventory
from recs_platform.publication.explained import explain
from recs_platform.publication.judged import judged_when_published
from recs_platform.publication.stage import outlet_of
from recs_platform.reporting.explanation import Block
from recs_platform.serving.companies import ServedCompany
from recs_platform.serving.explorer.facts import Unknown
from recs_platform.warehouse.environment import existing_warehouse

_MADE_AGAIN = Unknown("Its comparison was made again since, so how it stood then is not known.")


class UnknownCustomerError(Exception):
    """The day knows no such customer, or no such item; says so in a sentence."""


@dataclass(frozen=True)
class Why:
    customer: str
    """The id of who was found: somebody may be asked for by an address, too."""
    blocks: Sequence[Block]


def why(company: ServedCompany, customer: str, item: str | None) -> Why | Unknown:
    try:
        warehouse = existing_warehouse()
    except PlatformError as error:
        return _unavailable("The reasons", error)
    try:
        explained = explain(company.company, company.pipeline, warehouse, customer, item)
        return Why(explained.explanation.data.get("customer_id", customer), explained.blocks)
    except ConfigError as error:
        raise UnknownCustomerError(str(error)) from None
    except PlatformError as error:
        return _unavailable("The reasons", error)


def guardrails(company: ServedCompany, database: Engine, product: str, version: int) -> Sequence[Guardrail] | Unknown:
    """Of the version that is live."""
    try:
        outlet = outlet_of(company.pipeline, product, company.company, existing_warehouse(), database)
        versions = inventory.listed(database, company.name, product)
        live = next((one for one in versions if one.version == version), None)
        found = judged_when_published(outlet, company.pipeline, company.company, live) if live else None
    except PlatformError as error:
        return _unavailable("The guardrails", error)
    return _MADE_AGAIN if found is None else found


def _unavailable(what: str, error: PlatformError) -> Unknown:
    return Unknown(f"{what} are not available now: the warehouse cannot be read ({type(error).__name__}).")
