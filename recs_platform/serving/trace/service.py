"""The prediction service as the trace asks it: by HTTP, with a key, like anybody else.

A question that gets no usable answer raises a NoAnswerError, which says why and what to do. Not here: the service.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from recs_platform.errors import TransientError
from recs_platform.masking import mask_text
from recs_platform.serving.asked import CHECK, PURPOSE

TIMEOUT_SECONDS = 5.0
_LONGEST_ANSWER = 16 * 1024 * 1024
Read = TypeVar("Read")


class NoAnswerError(TransientError):
    """The prediction service does not answer a question of the trace: it is down, or the key is refused."""

    def __init__(
        self,
        seen: str,
        cause: str,
        command: str,
        *,
        status: int | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{seen}: {cause}. Next: {command}")
        self.seen, self.cause, self.command = seen, cause, command
        self.status, self.body = status, body


@dataclass(frozen=True)
class ServedModel:
    """What the service says of a model."""

    version: int | None
    """None while it serves none."""
    digest: str | None
    loaded_at: str | None = None
    refused: str | None = None
    """Why it does not serve the version that the registry names; None where it refused none."""
    refused_digest: str | None = None
    registry_age: float | None = None
    """Seconds since the registry answered it; None where it does not say."""


@dataclass(frozen=True)
class Reported:
    """Of one company."""

    models: Mapping[str, ServedModel]
    publications: Mapping[str, int | None]
    """Product: the version that is served."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Product: why it cannot be answered from, as the service says."""


@dataclass(frozen=True)
class Scores:
    digest: str
    raw: tuple[float, ...]


@dataclass(frozen=True)
class CustomerAnswer:
    version: int
    items: Sequence[Mapping[str, Any]]
    served_from: str


@dataclass(frozen=True)
class Health:
    ready: bool
    waits: tuple[str, ...] = ()
    """Of which companies something is not loaded, and why, as far as the key may know."""


@dataclass(frozen=True)
class NoService:
    """Nobody is asked."""

    why: str


NOT_CONFIGURED = NoService("no service is asked: RECS_SERVICE_URL is not set")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would send the key to somebody else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True)
class HttpService:
    url: str
    key: str | None = None
    timeout: float = TIMEOUT_SECONDS

    def health(self) -> Health:
        """Whether it is ready, as it says itself."""
        try:
            said = self._ask("/health", "COMPANY")
        except NoAnswerError as error:
            if error.status != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            said = error.body or {}
        waits = said.get("waiting_for", [])
        return _understood(lambda: Health(bool(said["ready"]), tuple(f"{w['company']}: {w['why']}" for w in waits)))

    def reported(self, company: str) -> Reported:
        return read_reported(self._ask("/models", company), company)

    def score(self, company: str, model: str, rows: Sequence[Mapping[str, Any]]) -> Scores:
        said = self._ask("/score", company, {"company": company, "model": model, "rows": list(rows)})
        return _understood(lambda: Scores(said["digest"], tuple(float(one["raw"]) for one in said["scores"])))

    def customer(self, company: str, customer: str) -> CustomerAnswer:
        said = self._ask(f"/recommendations/{quote(company)}/{quote(customer, safe='')}", company)
        return _understood(lambda: CustomerAnswer(said["version"], said["items"], said.get("served_from", "")))

    def _ask(self, path: str, company: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {"Accept": "application/json", "User-Agent": "recs-trace", PURPOSE: CHECK}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        data = None
        if body is not None:
            headers["Content-Type"], data = "application/json", json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url.rstrip('/')}{path}", data, headers)  # noqa: S310 - as the setting
        opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self.timeout) as answer:
                return json.loads(answer.read(_LONGEST_ANSWER))
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error, company) from None
        except json.JSONDecodeError:
            raise _nonsense() from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise NoAnswerError(
                f"nothing answers at {self.url}",
                f"the service is down, or RECS_SERVICE_URL names another place ({type(reason).__name__})",
                "recs serve",
            ) from None

    def _refused(self, error: urllib.error.HTTPError, company: str) -> NoAnswerError:
        body, code = _body(error), error.code
        detail = mask_text(str(body.get("detail") or body.get("title") or ""))
        if code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            which = (
                "RECS_SERVICE_KEY is not a valid key" if self.key else "it wants a key, and RECS_SERVICE_KEY is empty"
            )
            of = f" of {company}" if code == HTTPStatus.FORBIDDEN else ""
            return NoAnswerError(
                f"the service refuses the key (status {code})", f"{which}{of}", f"recs keys new {company}", status=code
            )
        return NoAnswerError(
            f"the service answers with status {code}",
            detail or "it does not say why",
            "recs doctor",
            status=code,
            body=body,
        )


def read_reported(said: Any, company: str) -> Reported:
    """The answer of `GET /models`, of one company."""

    def read() -> Reported:
        models = {one["model"]: _model(one) for one in said["models"] if one["company"] == company}
        published = [one for one in said["publications"] if one["company"] == company]
        problems = {one["product"]: str(one["problem"]) for one in published if one.get("problem")}
        return Reported(models, {one["product"]: one.get("version") for one in published}, problems)

    return _understood(read)


def _model(said: Mapping[str, Any]) -> ServedModel:
    served, refused = said.get("served") or {}, said.get("refused") or {}
    return ServedModel(
        version=served.get("version"),
        digest=served.get("digest"),
        loaded_at=served.get("loaded_at"),
        refused=refused.get("why"),
        refused_digest=refused.get("digest"),
        registry_age=said.get("registry_age_seconds"),
    )


def _understood(read: Callable[[], Read]) -> Read:
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _nonsense() from None


def _nonsense() -> NoAnswerError:
    return NoAnswerError(
        "what answers is not this prediction service",
        "RECS_SERVICE_URL names something else, or a service of another version",
        "recs doctor",
    )


def _body(error: urllib.error.HTTPError) -> Mapping[str, Any]:
    """Of a refusal, if it is JSON."""
    try:
        said = json.loads(error.read(_LONGEST_ANSWER))
    except (ValueError, OSError, http.client.HTTPException):
        return {}
    return said if isinstance(said, dict) else {}
