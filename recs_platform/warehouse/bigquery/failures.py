"""What Google's errors mean: whether trying again later may help, and what to tell a person.

Permissions, names, queries that are wrong and quotas are settled by people; a server that fails or does not answer may
be back. Google's client has tried again by itself before it raises what may pass.

Not here: which of the platform's errors it becomes, which is decided where it is caught.
"""

from __future__ import annotations

import requests.exceptions
from google.api_core.exceptions import (
    ClientError,
    GoogleAPICallError,
    GoogleAPIError,
    RetryError,
    ServerError,
    TooManyRequests,
)
from google.auth.exceptions import GoogleAuthError, TransportError

GOOGLE_ERRORS = (GoogleAPIError, GoogleAuthError, requests.exceptions.RequestException)
_PASSING = frozenset({"backendError", "internalError", "jobBackendError", "jobInternalError", "rateLimitExceeded"})
"""Of the reasons that BigQuery gives. `quotaExceeded` is not one: more has to be asked for, or a day waited."""


def may_pass(error: BaseException) -> bool:
    """
    >>> from google.api_core.exceptions import Forbidden, ServiceUnavailable
    >>> may_pass(ServiceUnavailable("busy")), may_pass(Forbidden("no", errors=[{"reason": "accessDenied"}]))
    (True, False)
    >>> may_pass(Forbidden("no", errors=[{"reason": "rateLimitExceeded"}]))
    True
    """
    if isinstance(error, GoogleAPICallError) and _reason(error) in _PASSING:
        return True
    if isinstance(error, GoogleAuthError):
        return isinstance(error, TransportError) or bool(error.retryable)
    if isinstance(error, TooManyRequests):
        return True
    return isinstance(error, ServerError | RetryError | requests.exceptions.RequestException) or not isinstance(
        error, ClientError
    )


def told(error: BaseException) -> str:
    """What happened, in one line: BigQuery's own words, without the address that was asked and the query.

    >>> from google.api_core.exceptions import NotFound
    >>> told(NotFound("GET https://x/y?z: Not found: Table p:d.t", errors=[{"message": "Not found: Table p:d.t"}]))
    'Not found: Table p:d.t'
    """
    said = str(error)
    if isinstance(error, GoogleAPICallError):
        said = next((one["message"] for one in error.errors if one.get("message")), error.message or said)
    if isinstance(error, RetryError) and error.cause is not None:
        return told(error.cause)
    if isinstance(error, requests.exceptions.ConnectionError):
        said = "the connection failed"
    return (said.strip().splitlines() or ["no reason is given"])[0].strip().rstrip(".!")


def _reason(error: GoogleAPICallError) -> str:
    return next((str(one.get("reason", "")) for one in error.errors), "")
