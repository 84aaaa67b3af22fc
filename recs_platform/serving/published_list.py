"""The list of a customer that is live: read, noted for the log and the metrics, and told to the log of answers.

Not here: what is left of it now (on_demand.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request

from recs_platform.declarations.product import RECOMMENDATIONS
from recs_platform.serving.asked import asked_of
from recs_platform.serving.companies import ServedCompany
from recs_platform.serving.problems import NOT_PUBLISHED, UNKNOWN_CUSTOMER, Problem
from recs_platform.serving.protocols import Recommended
from recs_platform.serving.service import service_of
from recs_platform.serving_store.protocol import Answer


async def published_list(request: Request, company: ServedCompany, customer_id: str) -> Answer:
    """Raises the Problem of a customer who has none."""
    service, asked = service_of(request), asked_of(request)
    if not company.recommends:
        raise Problem(NOT_PUBLISHED, "The company publishes no recommendations.")
    if len(customer_id) > service.limits.id_characters or "\0" in customer_id:
        raise Problem(UNKNOWN_CUSTOMER)
    answer = await service.reader.customer(company.name, RECOMMENDATIONS, customer_id)
    if answer is None:
        if await service.reader.served(company.name, RECOMMENDATIONS) is None:
            raise Problem(NOT_PUBLISHED)
        raise Problem(UNKNOWN_CUSTOMER)
    asked.product, asked.version, asked.source = RECOMMENDATIONS, answer.served.version, answer.source
    return answer


def keep(
    request: Request, company: ServedCompany, answer: Answer, customer_id: str, at: datetime, items: bytes
) -> None:
    """That these items of the list were recommended."""
    version, request_id = answer.served.version, asked_of(request).request_id
    recommended = Recommended(request_id, company.name, RECOMMENDATIONS, version, customer_id, at, items)
    service_of(request).answers.served(recommended)


def list_head(request: Request, company: ServedCompany, answer: Answer, customer_id: str) -> dict[str, Any]:
    """What stands before the items."""
    served = answer.served
    return {
        "company": company.name,
        "product": RECOMMENDATIONS,
        "version": served.version,
        "as_of": served.as_of,
        "generated_at": served.generated_at,
        "served_from": answer.source,
        "request_id": asked_of(request).request_id,
        "customer_id": customer_id,
    }
