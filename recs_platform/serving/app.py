"""The application: routes, and what every request goes through.

Where parts plug in. A group of routes is a module of `routes/` with a `router` (`APIRouter`; `route_class=JsonRoute`
for routes that take a body), and stands in `ROUTERS`. A route finds everything in `service_of(request)` and what is
known of the request in `asked_of(request)`, where it notes company, product, version and source for log and metrics;
`service.access.company(request, name)` gives the company that a request is about, or raises the Problem. What is wrong
is `raise Problem(KIND, "what to fix")`, with the kind from problems.py, and the kinds of a route are declared by
`responses=declared(KIND, ...)`. What goes on beside the requests is a `Watcher`: `service.models`, `service.answers`
and whatever stands in `service.also_watching` are started before the first request and stopped after the last. They
are made from the settings in `start.py`, and given to `Service` by tests.

Not here: sockets, signals and connections (server.py, connection.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from recs_platform import __version__
from recs_platform.errors import PlatformError
from recs_platform.serving.description import describe
from recs_platform.serving.front import Front
from recs_platform.serving.logs import RequestLog
from recs_platform.serving.problem_handlers import add_handlers
from recs_platform.serving.routes import (
    explorer,
    feedback,
    health,
    metrics,
    models,
    recommend,
    recommendations,
    score,
    weekly,
)
from recs_platform.serving.service import Service

ROUTERS = (
    recommendations.router,
    weekly.router,
    recommend.router,
    score.router,
    feedback.router,
    models.router,
    health.router,
    metrics.router,
    explorer.router,
)
_ABOUT = (
    "Recommendations that were published, and what the active models say, for the company whose key is shown. "
    "Errors are problem documents (RFC 9457). docs/serving.md tells more."
)


def make_app(service: Service, log: RequestLog | None = None) -> FastAPI:
    log = log or RequestLog()

    @asynccontextmanager
    async def beside(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as started:
            try:
                for watcher in service.watchers:
                    started.push_async_callback(watcher.stop)
                    await watcher.start()
            except PlatformError as error:
                # The server ends, and the command tells it as it tells every error.
                service.failed = error
            yield
        log.flush()

    app = FastAPI(
        title="Recommendations",
        version=__version__,
        description=_ABOUT,
        lifespan=beside,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    for router in ROUTERS:
        app.include_router(router)
    add_handlers(app)
    app.add_middleware(Front, service=service, log=log)
    describe(app)
    return app
