"""Who asks a registry of Google's where Docker's configuration names nobody: the account that Google's own means find.

That is the machine's or the pod's service account, or GOOGLE_APPLICATION_CREDENTIALS; so a pod needs no key, no
`gcloud` and no file of Docker's. Not here: how a registry is asked (oci_client.py).
"""

from __future__ import annotations

from recs_platform.errors import UnavailableError

REGISTRIES = (".pkg.dev", ".gcr.io")
"""What the names of their hosts end with, with a dot before them."""
USER = "oauth2accesstoken"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def token_for(host: str) -> str | None:
    """A token for an hour or less; None for hosts of others, and where Google's means find no account."""
    if not f".{host}".endswith(REGISTRIES):
        return None
    try:
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError
        from google.auth.transport.requests import Request
    except ImportError:
        return None
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
        credentials.refresh(Request())  # type: ignore[no-untyped-call]
    except DefaultCredentialsError:
        return None
    except (RefreshError, TransportError) as error:
        raise UnavailableError(f"{host}: the credentials of this machine cannot be had just now: {error}") from None
    return str(credentials.token)
