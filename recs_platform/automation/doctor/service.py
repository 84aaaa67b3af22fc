"""The prediction service: whether it can be reached, is ready, and what it serves of each company. Not here: whether
that is what it should serve, link by link (`serving/trace/`)."""

from __future__ import annotations

from collections.abc import Iterator

from recs_platform.automation.doctor.examined import Examined, ok, skipped, warning, wrong
from recs_platform.automation.doctor.home import Home
from recs_platform.plurals import listed
from recs_platform.serving.trace.open import asked_service
from recs_platform.serving.trace.service import HttpService, NoAnswerError, Reported


def examine(home: Home) -> Iterator[Examined]:
    url = home.settings.service_url
    if url is None:
        yield skipped("no service is configured (RECS_SERVICE_URL)")
        return
    try:
        health = HttpService(url).health()
    except NoAnswerError as error:
        yield wrong(f"{error.seen}: {error.cause}", f"Start it: {error.command}")
        return
    if health.ready:
        yield ok(f"{url} answers and is ready")
    else:
        waits = f": {listed(health.waits)}" if health.waits else ""
        yield wrong(f"{url} answers and is not ready{waits}", "Look at what it lacks: recs trace COMPANY")
    for name, company in home.companies.items():
        service = asked_service(company)
        if isinstance(service, HttpService):
            yield from _company(name, service)


def _company(name: str, service: HttpService) -> Iterator[Examined]:
    try:
        reported = service.reported(name)
    except NoAnswerError as error:
        yield warning(f"what it serves of {name} cannot be asked: {error.seen} ({error.cause})", error.command)
        return
    for model, served in reported.models.items():
        if served.refused:
            serves = f"; version {served.version} goes on serving" if served.version else "; no other serves"
            yield wrong(
                f"{name}: a version of {model} was refused: {served.refused}{serves}", f"See: recs trace {name}"
            )
    if what := _served(reported):
        yield ok(f"{name}: {listed(what)}")


def _served(reported: Reported) -> list[str]:
    versions = [(model, served.version) for model, served in reported.models.items()]
    versions += list(reported.publications.items())
    return [f"version {version} of {what}" for what, version in versions if version is not None]
