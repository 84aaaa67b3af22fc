"""A stand-in for Cloud Storage: moto's S3 behind the headers of Google's XML API. Run by the Python of `.servers`, that
has moto; it prints its port when it is ready.

It proves that the client says the right things, and that what it stores comes back. How Google's own servers behave
when several write at once, it cannot prove: moto looks and writes in two steps, so here they are made one.
"""

from __future__ import annotations

import hashlib
import io
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server

_SIGNED = "AWS4-HMAC-SHA256 Credential=tests/20250101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
_CHANGES = threading.Lock()
_moto = create_backend_app("s3")


def cloud_storage(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    # Who has no right at all says so by a token; everybody else may do everything.
    if environ.get("HTTP_AUTHORIZATION") == "Bearer nobody":
        start_response("403 Forbidden", [("Content-Length", "0")])
        return []
    environ["HTTP_AUTHORIZATION"] = _SIGNED
    if source := environ.pop("HTTP_X_GOOG_COPY_SOURCE", None):
        environ["HTTP_X_AMZ_COPY_SOURCE"] = source
    expected = environ.pop("HTTP_X_GOOG_IF_GENERATION_MATCH", None)
    if expected == "0":
        environ["HTTP_IF_NONE_MATCH"] = "*"

    def respond(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        generation = _generation(headers)
        return start_response(status, [*headers, *([("x-goog-generation", generation)] if generation else [])], *rest)

    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return _moto(environ, respond)
    with _CHANGES:
        if expected not in (None, "0", _present_generation(environ)):
            start_response("412 Precondition Failed", [("Content-Length", "0")])
            return []
        return list(_moto(environ, respond))


def _generation(headers: list[tuple[str, str]]) -> str | None:
    etag = next((value for name, value in headers if name.lower() == "etag"), None)
    return str(int(hashlib.sha256(etag.encode()).hexdigest()[:15], 16)) if etag else None


def _present_generation(environ: dict[str, Any]) -> str | None:
    """Of the file that a request is about to replace."""
    looking = {**environ, "REQUEST_METHOD": "HEAD", "CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO()}
    seen: list[str | None] = []

    def respond(_: str, headers: list[tuple[str, str]], *__: Any) -> Any:
        seen.append(_generation(headers))

    list(_moto(looking, respond))
    return seen[0]


class _Quietly(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_: Any) -> None:
        """Nothing: tests count requests by a proxy."""


if __name__ == "__main__":
    for bucket in sys.argv[1:]:
        s3_backends["123456789012"]["aws"].create_bucket(bucket, "us-east-1")
    server = make_server("127.0.0.1", 0, cloud_storage, threaded=True, request_handler=_Quietly)
    print(server.port, flush=True)
    server.serve_forever()
