"""The way to BigQuery: Google's own client, and what is said where there is no way.

Credentials come by Google's own means (`GOOGLE_APPLICATION_CREDENTIALS`, `gcloud auth application-default login`, the
machine's service account). Where `BIGQUERY_EMULATOR_HOST` names a server, the client talks to that, without any.

Not here: what is asked (jobs.py), and what BigQuery's errors mean (refusals.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from recs_platform.errors import ConfigError, UnavailableError

if TYPE_CHECKING:
    from google.api_core.retry import Retry
    from google.cloud.bigquery import Client
    from google.cloud.bigquery_storage import BigQueryReadClient

RETRY_SECONDS = 60.0
"""For so long Google's client tries again what may pass; then whoever asked is told, and a run is tried again later."""
_EMULATOR = "BIGQUERY_EMULATOR_HOST"
_NO_CREDENTIALS = (
    "BigQuery: no credentials of Google Cloud are found. Set GOOGLE_APPLICATION_CREDENTIALS to the file of a service "
    "account's key, or run: gcloud auth application-default login"
)


def open_client(project: str, location: str | None) -> Client:
    """For the jobs of a project. Nothing is sent yet, but credentials are looked for. Without a location BigQuery finds
    out from the tables that a query names."""
    try:
        from google.auth.credentials import AnonymousCredentials
        from google.auth.exceptions import DefaultCredentialsError, TransportError
        from google.cloud.bigquery import Client
    except ImportError as error:
        raise ConfigError(
            f"BigQuery needs packages that are not installed ({error.name}): pip install 'recs-platform[gcp]'"
        ) from None
    # An emulator lets everybody in, and only real credentials must not be sent to one.
    credentials = AnonymousCredentials() if is_emulated() else None  # type: ignore[no-untyped-call]
    try:
        return Client(project=project, location=location, credentials=credentials)
    except DefaultCredentialsError:
        raise ConfigError(_NO_CREDENTIALS) from None
    except TransportError as error:
        raise UnavailableError(f"BigQuery: the credentials of this machine cannot be had just now: {error}") from None


def patience() -> Retry:
    """For every request to BigQuery: Google's own choice of what to try again."""
    from google.cloud.bigquery import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(RETRY_SECONDS)


@contextmanager
def rows_client() -> Iterator[BigQueryReadClient | None]:
    """What reads many rows fast, by the Storage API; None on an emulator, which is not reached that way."""
    if is_emulated():
        yield None
        return
    from google.cloud.bigquery_storage import BigQueryReadClient

    opened = BigQueryReadClient()  # type: ignore[no-untyped-call]
    with opened:
        yield opened


def is_emulated() -> bool:
    return bool(os.environ.get(_EMULATOR))
