"""The client of a registry: `oras`, with patience that ends, errors of three kinds, and credentials asked for anew.

`oras` by itself waits for ever, tries again for minutes, goes on with a token that has expired, and asks every registry
for a bearer's token, even one that wants a password. Not here: what is pushed and pulled (oci_registry.py).
"""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import oras.auth.utils
import oras.utils
import requests
from oras.auth.token import TokenAuth
from oras.provider import Registry
from requests.adapters import HTTPAdapter

from recs_platform.errors import UnavailableError
from recs_platform.model_registry import google_credentials
from recs_platform.model_registry.artifact_store import ArtifactStoreError
from recs_platform.settings_values import is_here

_CONNECT, _ANSWER = 10, 60
"""Seconds to be let in, and for the next bytes of an answer."""
RETRIES = 4
_FIRST_WAIT = 0.5
"""Seconds, doubled each time: an accident is over in some seconds, and a registry that is down is somebody's task."""
_LONGEST = 300

_MAY_RECOVER = frozenset({408, 425, 429, 500, 502, 503, 504})
_SIGN_IN = (
    "Give access: sign in by docker login, a credential helper or DOCKER_CONFIG (docs/artifacts.md), as somebody who "
    "may read and write there"
)


class NotLetInError(ValueError):
    """The registry wants to know who asks, and nothing here answers it."""


def client_of(host: str) -> Registry:
    """A client that has just read the person's credentials: those of the cloud hold for an hour, so none is kept."""
    return _Client(host, insecure=is_here(host.partition(":")[0]))


class _Client(Registry):  # type: ignore[misc]  # oras says nothing of its types
    def __init__(self, host: str, *, insecure: bool) -> None:
        super().__init__(hostname=host, insecure=insecure)
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, _Patient())
        self.auth = _Credentials(self.session, host, insecure=insecure)

    def do_request(
        self,
        url: str,
        method: str = "GET",
        data: Any = None,
        headers: Any = None,
        json: Any = None,
        stream: bool = False,
    ) -> requests.Response:
        """An answer that says yes, or that what was looked for is not there; anything else is raised."""
        for attempt in range(RETRIES + 1):
            last = attempt == RETRIES
            try:
                response = self._asked(method, url, data=data, headers=headers, json=json, stream=stream)
            except requests.RequestException as error:
                if last or _is_certificate(error):
                    raise failure(self.hostname or "", error) from error
            else:
                if response.status_code < 400 or (response.status_code == 404 and method in ("GET", "HEAD")):
                    return response
                if last or response.status_code not in _MAY_RECOVER:
                    raise _refusal(self.hostname or "", response)
            time.sleep(_FIRST_WAIT * 2**attempt * random.uniform(0.8, 1.2))  # noqa: S311
        raise AssertionError

    def _asked(self, method: str, url: str, headers: dict[str, str] | None, **more: Any) -> requests.Response:
        # A registry may send an upload to any other place; our credentials do not go along.
        is_own = self._is_own(url)
        known = {**(headers or {}), **(self.auth.get_auth_header() if is_own else {})}
        response: requests.Response = self.session.request(method, url, headers=known, **more)
        if response.status_code != 401 or not is_own:
            return response
        response.close()
        try:
            known, _ = self.auth.authenticate_request(response, dict(headers or {}))
        except NotLetInError as error:
            raise ArtifactStoreError(self.hostname or "", str(error), _SIGN_IN) from None
        again: requests.Response = self.session.request(method, url, headers=known, **more)
        return again

    def _is_own(self, url: str) -> bool:
        asked, own = urlsplit(url), urlsplit(f"{self.prefix}://{self.hostname}")
        return (asked.scheme, asked.hostname) == (own.scheme, own.hostname)


class _Patient(HTTPAdapter):
    """Nobody is waited for without end, whoever makes the request."""

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        return super().send(request, *args, **{**more, "timeout": more.get("timeout") or (_CONNECT, _ANSWER)})


class _Credentials(TokenAuth):  # type: ignore[misc]  # the same
    """The person's, from Docker's configuration, or for Google's registries the machine's; sent as the registry's
    challenge wants them, and anew each time."""

    def __init__(self, session: requests.Session, host: str, *, insecure: bool) -> None:
        super().__init__()
        self.session, self.prefix, self._tls_verify = session, "http" if insecure else "https", True
        self._header: dict[str, str] = {}
        self._auth_config = _docker_config()
        for name in oras.utils.iter_localhosts(host):
            if self._load_auth(name):
                return
        token = google_credentials.token_for(host.partition(":")[0])
        if token:
            self.set_basic_auth(google_credentials.USER, token)

    def get_auth_header(self) -> dict[str, str]:
        return self._header

    def authenticate_request(
        self,
        original: requests.Response,
        headers: dict[str, str],
        refresh: bool = True,  # noqa: ARG002
    ) -> tuple[dict[str, str], bool]:
        challenge = original.headers.get("Www-Authenticate", "")
        basic = getattr(self, "_basic_auth", None)
        if challenge.lower().startswith("basic"):
            if not basic:
                raise NotLetInError("401: it wants a user and a password, and Docker's configuration has none for it")
            self._header = {"Authorization": f"Basic {basic}"}
            return headers | self._header, True
        asked = oras.auth.utils.parse_auth_header(challenge)
        realm = urlsplit(asked.realm or "")
        if realm.scheme != "https" and not (realm.scheme == "http" and is_here(realm.hostname)):
            raise NotLetInError("401: it does not say where to sign in, or would have it done without encryption")
        token = self.request_token(asked) if basic else self.request_anonymous_token(asked)
        if not token:
            who = "these credentials" if basic else "somebody without credentials"
            raise NotLetInError(f"401: {realm.hostname} gives {who} no token")
        self._header = {"Authorization": f"Bearer {token}"}
        return headers | self._header, True


def _docker_config() -> dict[str, Any]:
    """As Docker's own tools find it; oras knows nothing of DOCKER_CONFIG."""
    folder = os.environ.get("DOCKER_CONFIG")
    path = (Path(folder) if folder else Path.home() / ".docker") / "config.json"
    try:
        read = json.loads(path.read_bytes())
        return {name: read.get(name) or {} for name in ("auths", "credHelpers", "credsStore")}
    except FileNotFoundError:
        return {"auths": {}, "credHelpers": {}, "credsStore": None}
    except (OSError, ValueError, AttributeError) as error:
        raise ArtifactStoreError(
            path, f"Docker's configuration cannot be read: {type(error).__name__}", "Put it right"
        ) from None


def failure(host: str, error: requests.RequestException) -> ArtifactStoreError | UnavailableError:
    """What it means that no answer came."""
    said = " ".join(str(error).split())[:_LONGEST]
    if _is_certificate(error):
        remedy = "Name the authority that signed it by REQUESTS_CA_BUNDLE, or have the registry's certificate renewed"
        return ArtifactStoreError(host, f"its certificate is not trusted: {said}", remedy)
    return UnavailableError(f"{host}: the artifact store does not answer ({said}). Try again.")


def _is_certificate(error: requests.RequestException) -> bool:
    return isinstance(error, requests.exceptions.SSLError) and "certificate" in str(error).lower()


def _refusal(host: str, response: requests.Response) -> ArtifactStoreError | UnavailableError:
    said = f"{response.status_code} {response.reason}: {_told(response)}".removesuffix(": ")
    if response.status_code in _MAY_RECOVER:
        return UnavailableError(f"{host}: the artifact store does not answer ({said}). Try again.")
    if response.status_code in (401, 403):
        return ArtifactStoreError(host, said, _SIGN_IN)
    if response.status_code == 404:
        return ArtifactStoreError(host, said, "Make the repository that RECS_ARTIFACTS_URL names")
    return ArtifactStoreError(host, said, "Make room or give access, as its message says")


def _told(response: requests.Response) -> str:
    """The registry's own words."""
    try:
        content = next(response.iter_content(10_000), b"")
        errors = json.loads(content)["errors"]
        return "; ".join(f"{error.get('code')}: {error.get('message')}" for error in errors)[:_LONGEST]
    except (ValueError, TypeError, KeyError, AttributeError, requests.RequestException):
        return ""
