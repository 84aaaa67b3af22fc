"""What the errors of an object store mean, by what they say: the libraries tell them in words alone.

A store's client tries again by itself, with back-off, what may have been an accident (bucket.py); what is said here
comes after that.
"""

from __future__ import annotations

import re

from recs_platform.errors import ConfigError, UnavailableError
from recs_platform.outages import may_recover

_NO_BUCKET = re.compile(r"NoSuchBucket|bucket does not exist", re.IGNORECASE)
_NOT_LET_IN = re.compile(
    r"lacked (the necessary privileges|valid authentication)|403 Forbidden|401 Unauthorized|AccessDenied"
    r"|loading credentials|credential error|token request|service account",
    re.IGNORECASE,
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of the machine; AWS_ENDPOINT_URL and AWS_REGION "
    "say which store",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, or the service account of the machine",
}
_LONGEST = 300


def store_mistake(error: BaseException, url: str) -> str | None:
    """What a person must put right so that a store can be used, in a sentence or two; None of any other error."""
    scheme, _, rest = url.partition("://")
    if scheme not in _CREDENTIALS:
        return None
    said = plain(error)
    if _NO_BUCKET.search(said):
        return f"there is no bucket {rest.partition('/')[0]} at {scheme}://. Make it, or name another one"
    if _NOT_LET_IN.search(said) and not may_recover(Exception(said)):
        return (
            f"the store does not let the platform in at {url} ({shortened(said)}). It must be allowed to read, write, "
            f"list and delete there; who it is comes from {_CREDENTIALS[scheme]}"
        )
    return None


def store_failure(error: BaseException, url: str, setting: str) -> ConfigError | UnavailableError | None:
    """The error to raise instead; None where it means something else, such as that a file is not there."""
    mistake = store_mistake(error, url)
    if mistake is not None:
        return ConfigError(f"{setting}: {mistake}.")
    if not isinstance(error, FileNotFoundError) and may_recover(Exception(plain(error))):
        return UnavailableError(f"{url}: the store does not answer ({shortened(plain(error))}). Try again.")
    return None


def plain(error: BaseException) -> str:
    """What an error says, in one line; delta-rs paints several, and obstore adds how it is made.

    >>> plain(OSError("Unable to rename\\n\\x1b[31m↳\\x1b[0m No space left"))
    'Unable to rename ↳ No space left'
    """
    return " ".join(_COLOURS.sub("", str(error)).partition("\n\nDebug source:")[0].split())


def shortened(said: str) -> str:
    """Stores answer with pages of XML."""
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."
