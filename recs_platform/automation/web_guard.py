"""Who may act on the Dagster UI: pages that it served itself, and programs. No other web page, whoever has it open.
The names by which this machine may be asked are said in serving/page_guard.py.

Dagster's web server carries out what any request says. A browser sends requests for every page that a person has open,
with the person's own access to this machine. What a browser tells of itself (`Host`, `Origin`, `Sec-Fetch-Site`) no
page can change. Not here: starting the server (webserver.py), and who may reach its port (docs/security.md).
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from recs_platform.serving.page_guard import LOOPBACK, name_in

_READ = frozenset({"GET", "HEAD"})


class OwnPagesOnly:
    """An ASGI application before another one, which sees a request only if nothing speaks against it."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app, self.hosts = app, frozenset(host.lower() for host in hosts) | LOOPBACK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = refused(scope, self.hosts)
        if refusal is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008, reason=refusal)(scope, receive, send)
        else:
            await PlainTextResponse(f"{refusal}\n", status_code=403)(scope, receive, send)


def refused(scope: Scope, hosts: Collection[str]) -> str | None:
    """Why a request is refused, in words; None when it is not."""
    headers, method = Headers(scope=scope), scope.get("method", "GET")
    host = headers.get("host", "")
    if name_in(host) not in hosts:
        # A foreign name that points to this machine is how a page gets around the same-origin policy.
        return "This name is not the UI's. Start it with `recs ui --allow-host NAME` if it should be."
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        return "Pages of other sites may not act on the UI."
    acts = scope["type"] == "websocket" or method not in _READ
    if acts and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return "Pages of other sites may not act on the UI."
    asks = scope["path"].rstrip("/").endswith("/graphql") and "query" in QueryParams(scope.get("query_string", b""))
    if asks and not acts:
        # Any page can make a browser read an address, as an image for example, and then there is no Origin.
        return "GraphQL is asked by POST here."
    return None
