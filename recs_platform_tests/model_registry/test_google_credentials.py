"""A pod asks Google's registry as its own account: found from a metadata server, as on a machine of Google's."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.auth import environment_vars
from google.auth.compute_engine import _metadata

from recs_platform.errors import UnavailableError
from recs_platform.model_registry import google_credentials, oci_client
from recs_platform.model_registry.artifact_store import ArtifactStoreError
from recs_platform_tests.model_registry.stub_registry import Answer, Asked, StubRegistry, stub_registry

HOST = "europe-west1-docker.pkg.dev"
TOKEN = "a-token-of-the-pod"
BASIC = f"Basic {base64.b64encode(f'oauth2accesstoken:{TOKEN}'.encode()).decode()}"
FLAVOR = {"Metadata-Flavor": "Google", "Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def nobody_signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv(environment_vars.PROJECT, "acme-recs")
    monkeypatch.delenv(environment_vars.CREDENTIALS, raising=False)
    monkeypatch.setattr(oci_client, "RETRIES", 0)


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubRegistry]:
    """What a pod with workload identity finds at Google's address."""

    def answer(asked: Asked) -> Answer:
        path = asked.path.partition("?")[0]
        if path.endswith("/token"):
            return 200, FLAVOR, f'{{"access_token": "{TOKEN}", "expires_in": 3600, "token_type": "Bearer"}}'.encode()
        if path.endswith("/default/"):
            return 200, FLAVOR, b'{"email": "recs-run@acme-recs.iam.gserviceaccount.com", "scopes": ["all"]}'
        return 200, FLAVOR, b"googleapis.com" if "universe" in path else b"{}"

    with stub_registry(answer) as server:
        # Read once, when the module is loaded; the other variable each time.
        monkeypatch.setattr(_metadata, "_GCE_METADATA_HOST", server.host)
        monkeypatch.setenv(environment_vars.GCE_METADATA_IP, server.host)
        yield server


def test_a_pods_account_gives_a_token(metadata: StubRegistry) -> None:
    assert google_credentials.token_for(HOST) == TOKEN
    assert any(asked.path.partition("?")[0].endswith("/token") for asked in metadata.asked)


def test_other_registries_hear_nothing_of_it(metadata: StubRegistry) -> None:
    for host in ("registry.example.com", "pkg.dev.example.com", "notgcr.io", "127.0.0.1"):
        assert google_credentials.token_for(host) is None
    assert metadata.asked == []


def test_the_token_is_sent_to_the_registry(metadata: StubRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != BASIC:
            return 401, {"Www-Authenticate": 'Basic realm="registry"'}, b""
        return 200, {}, b"{}"

    with stub_registry(answer) as registry:
        with pytest.raises(ArtifactStoreError, match="Docker's configuration has none"):
            oci_client.client_of(registry.host).do_request(f"http://{registry.host}/v2/")
        monkeypatch.setattr(google_credentials, "REGISTRIES", (".127.0.0.1",))
        assert oci_client.client_of(registry.host).do_request(f"http://{registry.host}/v2/").status_code == 200


def test_dockers_configuration_comes_first(
    metadata: StubRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google_credentials, "REGISTRIES", (".127.0.0.1",))
    (tmp_path / "docker").mkdir()
    with stub_registry(lambda _: (200, {}, b"{}")) as registry:
        (tmp_path / "docker" / "config.json").write_text(f'{{"auths": {{"{registry.host}": {{"auth": "YTpi"}}}}}}')
        oci_client.client_of(registry.host)
    assert metadata.asked == []


def test_where_there_is_no_account_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment_vars.NO_GCE_CHECK, "true")
    assert google_credentials.token_for(HOST) is None


def test_an_account_that_cannot_be_had_is_an_outage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = tmp_path / "user.json"
    key.write_text(
        '{"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c",'
        ' "token_uri": "http://127.0.0.1:9/token"}'
    )
    monkeypatch.setenv(environment_vars.CREDENTIALS, str(key))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with pytest.raises(UnavailableError, match="cannot be had just now"):
        google_credentials.token_for(HOST)
