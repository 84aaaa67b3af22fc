"""What BigQuery says when it does not do something, in a person's words and in one of the three kinds of errors.

Not here: queries that would cost too much (`bill.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from recs_platform.errors import ConfigError, PlatformError, QueryError, UnavailableError
from recs_platform.outages import may_recover
from recs_platform.warehouse.protocol import BoundQuery

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError

_AGAIN = frozenset({"rateLimitExceeded", "backendError", "internalError", "jobInternalError", "jobBackendError"})
_NO_MORE = frozenset({"quotaExceeded"})
_ABORTED = "aborted due to concurrent update"


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Raise BigQuery's errors again: those of rights and set-up as a person's mistake, those that pass as such."""
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        told = failure(error, what)
        if told is None:
            raise
        raise told from error


def failure(error: Exception, what: str) -> PlatformError | None:
    """What an error means; None where it is the statement's own fault, or ours."""
    from google.api_core import exceptions
    from google.auth.exceptions import DefaultCredentialsError, RefreshError

    if isinstance(error, DefaultCredentialsError):
        return ConfigError(
            f"{what}: nobody has said who we are to Google. Set GOOGLE_APPLICATION_CREDENTIALS, or run on a machine "
            "with a service account."
        )
    if isinstance(error, RefreshError) and not error.retryable:
        return ConfigError(f"{what}: Google does not accept these credentials ({first_line(error)}).")
    if isinstance(error, exceptions.Forbidden) and not _reasons(error) & (_AGAIN | _NO_MORE):
        return ConfigError(
            f"{what}: {first_line(error)}. The account needs the roles BigQuery Job User on the project and BigQuery "
            "Data Editor on its datasets."
        )
    if isinstance(error, exceptions.GoogleAPICallError) and (_reasons(error) & _NO_MORE):
        return UnavailableError(f"{what}: a quota of the project is used up ({first_line(error)}). Try again later.")
    if passes(error):
        return UnavailableError(f"{what}: BigQuery does not answer ({first_line(error)}). Try again.")
    return None


def passes(error: BaseException) -> bool:
    """Whether trying again may help."""
    from google.api_core import exceptions
    from google.auth.exceptions import TransportError

    lasting = (exceptions.RetryError, exceptions.ServerError, exceptions.TooManyRequests, TransportError)
    if isinstance(error, exceptions.GoogleAPICallError):
        return isinstance(error, lasting) or bool(_reasons(error) & _AGAIN)
    # A time limit that passed, and connections: requests' errors are OSErrors.
    return isinstance(error, (*lasting, TimeoutError)) or (isinstance(error, OSError) and may_recover(error))


def met_another(error: BaseException) -> bool:
    """Whether a transaction was given up for another one that changed the same table."""
    return _ABORTED in str(error) or "write-write conflict" in str(error).lower()


@contextmanager
def refused_queries(query: BoundQuery) -> Iterator[None]:
    """Raise again as a QueryError what BigQuery cannot do in a query. It quotes values, which may be personal."""
    from google.api_core import exceptions

    try:
        yield
    except (exceptions.BadRequest, exceptions.NotFound, exceptions.Conflict) as error:
        raise QueryError(query.query.path, 1, _without_values(first_line(error), query)) from None


def _without_values(message: str, query: BoundQuery) -> str:
    if not query.personal_tables or message.startswith(_ABOUT_THE_TEXT):
        return message
    names = ", ".join(query.personal_tables)
    return (
        "meets a value that it cannot work with, or cannot be run. What BigQuery says is not shown: "
        f"{names} {'hold' if len(query.personal_tables) > 1 else 'holds'} personal data"
    )


_ABOUT_THE_TEXT = ("Syntax error", "Unrecognized name", "Function not found", "No matching signature", "Not found")


def first_line(error: BaseException) -> str:
    """What an error says, without the address that was called and what stands below.

    >>> first_line(Exception("400 POST http://x/y: Syntax error: no; reason: invalidQuery, message: ...\\n\\nLocation"))
    'Syntax error: no'
    """
    said = str(getattr(error, "message", None) or error).partition("\n")[0].partition("; reason:")[0]
    if said.partition(" ")[0].isdigit():
        said = said.partition(" ")[2]
    if said.startswith(("POST http", "GET http", "PUT http", "DELETE http", "PATCH http")):
        said = said.partition(": ")[2] or said.partition(" ")[0]
    return said.strip().rstrip(".")


def _reasons(error: GoogleAPICallError) -> set[str]:
    return {str(one.get("reason")) for one in error.errors if isinstance(one, dict)}
