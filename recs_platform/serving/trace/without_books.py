"""What the service is said to serve while the platform database does not answer: nobody knows whether it should."""

from __future__ import annotations

from collections.abc import Callable

from recs_platform.serving.trace.link import Link, Name, broken, unknown
from recs_platform.serving.trace.service import HttpService, NoAnswerError, NoService, Reported

NOT_KNOWN = "not known while the platform database does not answer"


def unjudged_service(service: HttpService | NoService, company: str, serves: Callable[[Reported], str]) -> Link:
    if isinstance(service, NoService):
        return unknown(Name.SERVICE, service.why)
    try:
        seen = serves(service.reported(company))
    except NoAnswerError as error:
        return broken(Name.SERVICE, error.seen, error.cause, error.command)
    return unknown(Name.SERVICE, f"{service.url} serves {seen}; whether it should is not known")
