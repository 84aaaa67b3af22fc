"""A registry that refuses, hangs, is somebody else's or lies: what is said of it, and that nothing is believed."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recs_platform.errors import ConfigError, StorageError, UnavailableError
from recs_platform.model_registry import oci_client
from recs_platform.model_registry.artifact_store import ArtifactStoreError, TagTakenError
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.oci_manifest import (
    ARTIFACT_TYPE,
    EMPTY,
    EMPTY_BLOB,
    LAYER_BYTES,
    TITLE,
    Blob,
    StrangeArtifactError,
    write_proved,
)
from recs_platform.model_registry.oci_registry import RegistryRepositories
from recs_platform.model_registry.oci_store import OciStore
from recs_platform.models.artifact import ArtifactError, save
from recs_platform_tests.model_registry.artifacts import layouts_in
from recs_platform_tests.model_registry.stub_registry import Answer, Asked, stub_registry
from recs_platform_tests.models.worlds import linear, trained
from recs_platform_tests.stores.fixtures import OciRegistry
from recs_platform_tests.stores.proxy import Proxy, proxied

NAME = "metro-offer_ranking"
USER, PASSWORD = "ann", "secret"
BASIC = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"


@pytest.fixture(autouse=True)
def no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's own, and little patience."""
    config = tmp_path / "docker" / "config.json"
    config.parent.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(config.parent))
    monkeypatch.setattr(oci_client, "RETRIES", 1)
    monkeypatch.setattr(oci_client, "_FIRST_WAIT", 0.01)
    return config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(trained(linear).candidate, tmp_path / "artifact")
    return tmp_path / "artifact"


def store_at(host: str, folder: Path) -> OciStore:
    return OciStore(RegistryRepositories(f"{host}/models"), Copies(folder / "copies"))


def sha(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


REFUSALS: list[tuple[int, type[Exception], str]] = [
    (400, ArtifactStoreError, "(400 Bad Request: DENIED: no room). Make room or give access, as its message says"),
    (403, ArtifactStoreError, "(403 Forbidden: DENIED: no room). Give access: sign in by docker login"),
    (404, ArtifactStoreError, "(404 Not Found: DENIED: no room). Make the repository that RECS_ARTIFACTS_URL names"),
    (413, ArtifactStoreError, "(413 Request Entity Too Large: DENIED: no room). Make room"),
    (429, UnavailableError, "(429 Too Many Requests: DENIED: no room). Try again."),
    (500, UnavailableError, "(500 Internal Server Error: DENIED: no room). Try again."),
    (503, UnavailableError, "(503 Service Unavailable: DENIED: no room). Try again."),
]


@pytest.mark.parametrize(("status", "kind", "said"), REFUSALS)
def test_each_refusal_is_of_its_kind(
    folder: Path, tmp_path: Path, status: int, kind: type[Exception], said: str
) -> None:
    body = json.dumps({"errors": [{"code": "DENIED", "message": "no room"}]}).encode()

    def answer(asked: Asked) -> Answer:
        return (status if asked.method != "HEAD" else 404), {"Content-Type": "application/json"}, body

    with stub_registry(answer) as stub:
        with pytest.raises(kind) as error:
            store_at(stub.host, tmp_path).push(folder, NAME)
        assert said in str(error.value)
    # Of blobs that are pushed at a time, the first refusal ends all: how often each was asked for is seen of one alone.
    with stub_registry(answer) as stub:
        repositories = store_at(stub.host, tmp_path).repositories
        with pytest.raises(UnavailableError if kind is UnavailableError else StorageError):
            repositories.put(repositories.repository(NAME), EMPTY_BLOB, EMPTY)
        posts = sum(asked.method == "POST" for asked in stub.asked)
        assert posts == (2 if kind is UnavailableError else 1), "what may be over soon is asked for again"


def test_who_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oci_client, "_ANSWER", 0.2)
    given_up = threading.Event()

    def answer(_: Asked) -> Answer:
        given_up.wait(60)
        return 200, {}, b""

    with stub_registry(answer) as stub:
        with pytest.raises(UnavailableError, match=r"the artifact store does not answer \(.*timed out"):
            store_at(stub.host, tmp_path).tagged(f"{stub.host}/models/{NAME}", "1")
        given_up.set()


def test_a_registry_that_hangs_in_the_middle_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oci_client, "_ANSWER", 0.2)

    given_up = threading.Event()

    def slowly() -> Any:
        yield b"{"
        given_up.wait(60)

    with stub_registry(lambda _: (200, {}, slowly())) as stub, pytest.raises(UnavailableError, match="not answer"):
        store_at(stub.host, tmp_path).pull(f"{stub.host}/models/{NAME}", "sha256:" + "0" * 64, "sha256:" + "0" * 64)
    given_up.set()


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine's own names are asked without encryption; 127.0.0.2 is as far away as any other."""
    pem = tmp_path / "server.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=registry "
        f"-addext subjectAltName=IP:127.0.0.2 -keyout {pem} -out {pem}.crt".split(),
        check=True,
        capture_output=True,
    )
    pem.write_text(pem.read_text() + Path(f"{pem}.crt").read_text())
    with stub_registry(lambda _: (404, {}, b""), str(pem)) as stub:
        host = f"127.0.0.2:{stub.port}"
        store = store_at(host, tmp_path)
        with pytest.raises(ArtifactStoreError, match=r"certificate is not trusted: .*REQUESTS_CA_BUNDLE"):
            store.tagged(f"{host}/models/{NAME}", "1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{pem}.crt")
        assert store.tagged(f"{host}/models/{NAME}", "1") is None


def guarded(inner: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
    def answer(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != BASIC:
            return 401, {"Www-Authenticate": 'Basic realm="basic-realm"'}, b""
        return inner(asked)

    return answer


def test_a_password_from_dockers_configuration(tmp_path: Path, no_credentials: Path) -> None:
    with stub_registry(guarded(lambda _: (404, {}, b""))) as stub:
        store = store_at(stub.host, tmp_path)
        for config in (None, "{}", json.dumps({"auths": {"other.example.com": {"auth": BASIC[6:]}}})):
            if config:
                no_credentials.write_text(config)
            with pytest.raises(ArtifactStoreError, match=r"401: it wants a user and a password.*docker login"):
                store.tagged(f"{stub.host}/models/{NAME}", "1")
        no_credentials.write_text(json.dumps({"auths": {stub.host: {"auth": BASIC[6:]}}}))
        assert store.tagged(f"{stub.host}/models/{NAME}", "1") is None
        no_credentials.write_text("{")
        with pytest.raises(ArtifactStoreError, match=r"config\.json: .*Docker's configuration cannot be read"):
            store.tagged(f"{stub.host}/models/{NAME}", "1")


def test_a_password_from_a_credential_helper(
    tmp_path: Path, no_credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `gcloud auth configure-docker` sets one up; it is asked anew each time, for its tokens hold for an hour."""
    helper = tmp_path / "bin" / "docker-credential-recs"
    helper.parent.mkdir()
    monkeypatch.setenv("PATH", f"{helper.parent}:/usr/bin:/bin")
    with stub_registry(guarded(lambda _: (404, {}, b""))) as stub:
        store = store_at(stub.host, tmp_path)
        no_credentials.write_text(json.dumps({"credHelpers": {stub.host: "recs"}}))
        for secret, is_right in (("wrong", False), (PASSWORD, True)):
            payload = json.dumps({"Username": USER, "Secret": secret})
            helper.write_text(f"#!/bin/sh\ngrep -q {stub.host} && echo '{payload}'\n")
            helper.chmod(0o755)
            if is_right:
                assert store.tagged(f"{stub.host}/models/{NAME}", "1") is None
            else:
                with pytest.raises(ArtifactStoreError, match="401 Unauthorized"):
                    store.tagged(f"{stub.host}/models/{NAME}", "1")


def test_a_token_is_asked_for_with_the_password_and_again_when_it_has_expired(
    tmp_path: Path, no_credentials: Path
) -> None:
    tokens = (f"token-{number}" for number in itertools.count())
    good = {"token-1", "token-3"}

    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            if asked.headers.get("authorization") != BASIC:
                return 401, {}, b""
            return 200, {}, json.dumps({"token": next(tokens)}).encode()
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in good:
            realm = f'Bearer realm="http://{stub.host}/token",service="s",scope="repository:models:pull"'
            return 401, {"Www-Authenticate": realm}, b""
        return 404, {}, b""

    with stub_registry(answer) as stub:
        store = store_at(stub.host, tmp_path)
        with pytest.raises(ArtifactStoreError, match="gives somebody without credentials no token"):
            store.tagged(f"{stub.host}/models/{NAME}", "1")
        no_credentials.write_text(json.dumps({"auths": {stub.host: {"auth": BASIC[6:]}}}))
        with pytest.raises(ArtifactStoreError, match="401 Unauthorized"):
            store.tagged(f"{stub.host}/models/{NAME}", "1")
        assert store.tagged(f"{stub.host}/models/{NAME}", "1") is None
        asked_for = next(asked.path for asked in stub.asked if asked.path.startswith("/token?"))
        assert "scope=repository%3Amodels%3Apull" in asked_for


def test_a_password_is_not_sent_where_anybody_may_read_it(tmp_path: Path, no_credentials: Path) -> None:
    challenge = {"Www-Authenticate": 'Bearer realm="http://auth.example.com/token",service="s"'}
    with stub_registry(lambda _: (401, challenge, b"")) as stub:
        no_credentials.write_text(json.dumps({"auths": {stub.host: {"auth": BASIC[6:]}}}))
        with pytest.raises(ArtifactStoreError, match="would have it done without encryption"):
            store_at(stub.host, tmp_path).tagged(f"{stub.host}/models/{NAME}", "1")
        assert all(BASIC not in asked.headers.values() for asked in stub.asked)


def test_credentials_do_not_follow_an_upload_to_another_place(
    folder: Path, tmp_path: Path, no_credentials: Path
) -> None:
    def elsewhere(_: Asked) -> Answer:
        return 401, {"Www-Authenticate": 'Basic realm="elsewhere"'}, b""

    with stub_registry(elsewhere) as other:

        def answer(asked: Asked) -> Answer:
            if asked.method == "POST":
                return 202, {"Location": f"http://localhost:{other.port}/upload"}, b""
            return 404, {}, b""

        with stub_registry(guarded(answer)) as stub:
            no_credentials.write_text(json.dumps({"auths": {stub.host: {"auth": BASIC[6:]}}}))
            with pytest.raises(ArtifactStoreError, match="401 Unauthorized"):
                store_at(stub.host, tmp_path).push(folder, NAME)
    assert other.asked
    assert all("authorization" not in asked.headers for asked in other.asked)


def test_a_company_that_no_repository_can_be_called_by(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"^RECS_ARTIFACTS_URL: a registry can have no repository shop_-offer"):
        store_at("127.0.0.1:9", tmp_path).push(folder, "shop_-offer")


def test_somebody_elses_tag_that_came_at_the_same_time_is_seen(
    oci_registry: OciRegistry, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A registry moves a tag without a word; so it is looked at again."""
    store = OciStore(RegistryRepositories(oci_registry.new_root()), Copies(tmp_path / "copies"))
    pushed = store.push(folder, NAME)
    other = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":' + (
        b'"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f6'
        b'1caaff8a","size":2},"layers":[]}'
    )
    put = RegistryRepositories._put

    def raced(self: RegistryRepositories, repository: str, reference: str, content: bytes) -> None:
        put(self, repository, reference, content)
        put(self, repository, reference, other)

    monkeypatch.setattr(RegistryRepositories, "_put", raced)
    with pytest.raises(TagTakenError, match=f"the tag names {sha(other)}"):
        store.tag(pushed.repository, pushed.artifact_digest, "1")


def lies(content: dict[str, bytes | Callable[[], Any]]) -> Callable[[Asked], Answer]:
    """By the end of the path."""

    def answer(asked: Asked) -> Answer:
        found = content.get(asked.path.rpartition("/")[2])
        if found is None:
            return 404, {}, b""
        return (
            200,
            {"Docker-Content-Digest": asked.path.rpartition("/")[2]},
            found if isinstance(found, bytes) else found(),
        )

    return answer


def manifest(layers: list[Any], kind: str = ARTIFACT_TYPE) -> bytes:
    return json.dumps({"schemaVersion": 2, "artifactType": kind, "config": {}, "layers": layers}).encode()


def layer(name: object, content: bytes = b"x", **other: Any) -> dict[str, Any]:
    return {"digest": sha(content), "size": len(content), "annotations": {TITLE: name}, **other}


STRANGE: dict[str, tuple[bytes, str]] = {
    "a path that leads out": (
        manifest([layer("../../etc/cron.d/x")]),
        "a file of it has the name '../../etc/cron.d/x'",
    ),
    "a path from the root": (manifest([layer("/etc/passwd")]), "a file of it has the name"),
    "a folder": (manifest([layer("a/b")]), "a file of it has the name"),
    "a hidden file": (manifest([layer(".ssh")]), "a file of it has the name"),
    "no name": (manifest([layer("")]), "a file of it has the name"),
    "two of a name": (manifest([layer("a", b"1"), layer("a", b"2")]), "it has 2 files, of 1 names"),
    "none": (manifest([]), "it has 0 files"),
    "very many": (manifest([layer(f"f{number}") for number in range(33)]), "it has 33 files"),
    "too large": (manifest([layer("a", size=LAYER_BYTES + 1)]), "the most is 1073741824"),
    "a negative size": (manifest([layer("a", size=-1)]), "a file of it has -1 bytes"),
    "a size in words": (manifest([layer("a", size="1")]), "no digest of SHA-256 or no size"),
    "true as a size": (manifest([layer("a", size=True)]), "no digest of SHA-256 or no size"),
    "a digest that is a path": (manifest([layer("a", digest="sha256:../../x")]), "no digest of SHA-256"),
    "another kind": (manifest([layer("a")], "application/vnd.other"), "it is not of the type"),
    "no manifest": (b"[]", "it is not the manifest of a model"),
    "no JSON": (b"\xff", "it is not the manifest of a model"),
    "deep": (b"[" * 100_000, "it is not the manifest of a model"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_manifest_of_a_stranger_is_refused(name: str, tmp_path: Path) -> None:
    content, said = STRANGE[name]
    files: dict[str, Any] = {sha(content): content, sha(b"x"): b"x", sha(b"1"): b"1", sha(b"2"): b"2"}
    with stub_registry(lies(files)) as stub:
        with pytest.raises(ArtifactError) as error:
            store_at(stub.host, tmp_path).pull(f"{stub.host}/models/{NAME}", sha(content), "sha256:" + "0" * 64)
        assert said in str(error.value)
        assert len(stub.asked) == 1, "nothing that it names was asked for"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "lie", ["another manifest", "another file", "a longer file", "an endless file", "an endless manifest"]
)
def test_a_registry_that_lies_about_content_is_refused(lie: str, folder: Path, tmp_path: Path) -> None:
    layouts = layouts_in(tmp_path / "artifacts")
    pushed = layouts.push(folder, NAME)
    blobs = tmp_path / "artifacts" / NAME / "blobs" / "sha256"
    files: dict[str, Any] = {f"sha256:{path.name}": path.read_bytes() for path in blobs.iterdir()}
    manifest_file = digest_of_manifest(folder)

    def endless() -> Any:
        return itertools.repeat(b"x" * 100_000)

    if lie == "another manifest":
        files[pushed.artifact_digest] = files[pushed.artifact_digest].replace(b"manifest.json", b"manifest.jso_")
    elif lie == "another file":
        files[manifest_file] = files[manifest_file][:-1] + b"x"
    elif lie == "a longer file":
        files[manifest_file] += b"x"
    else:
        files[manifest_file if lie == "an endless file" else pushed.artifact_digest] = endless
    with stub_registry(lies(files)) as stub:
        store, repository = store_at(stub.host, tmp_path), f"{stub.host}/models/{NAME}"
        for ask in (store.pull, store.prove):
            with pytest.raises(
                ArtifactError, match=r"its digest is not|its bytes are not those|more than 1048576 bytes"
            ):
                ask(repository, pushed.artifact_digest, pushed.digest)
        if "manifest" in lie and lie != "another manifest":
            with pytest.raises(ArtifactStoreError, match="more than 1048576 bytes"):
                store.tagged(repository, pushed.artifact_digest)
    assert list((tmp_path / "copies").iterdir()) == [], "nothing of it was kept"


@pytest.mark.parametrize("sent", [[b"other"], [b"rig", b"h"], [b"right", b"!"], [b"right"] * 3, []])
def test_nothing_is_left_of_what_is_not_what_its_digest_says(sent: list[bytes], tmp_path: Path) -> None:
    with pytest.raises(StrangeArtifactError, match="its bytes are not those that the manifest names"):
        write_proved(sent, Blob(sha(b"right"), 5), tmp_path / "file")
    assert list(tmp_path.glob("file")) == []
    write_proved([b"ri", b"ght"], Blob(sha(b"right"), 5), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"right"


def digest_of_manifest(folder: Path) -> str:
    return sha((folder / "manifest.json").read_bytes())


def test_the_same_answers_without_a_lie_are_taken(folder: Path, tmp_path: Path) -> None:
    """So that the tests above refuse what they mean to refuse."""
    pushed = layouts_in(tmp_path / "artifacts").push(folder, NAME)
    blobs = tmp_path / "artifacts" / NAME / "blobs" / "sha256"
    files: dict[str, Any] = {f"sha256:{path.name}": path.read_bytes() for path in blobs.iterdir()}
    with stub_registry(lies(files)) as stub:
        store = store_at(stub.host, tmp_path)
        assert store.pull(f"{stub.host}/models/{NAME}", pushed.artifact_digest, pushed.digest).is_dir()


def test_what_is_there_is_not_sent_again(oci_registry: OciRegistry, folder: Path, tmp_path: Path) -> None:
    with proxied(oci_registry.store()) as (proxy, behind):
        store = store_at(f"{behind.host}:{behind.port}/{tmp_path.name}", tmp_path)
        pushed = store.push(folder, NAME)
        store.tag(pushed.repository, pushed.artifact_digest, "1")
        assert _sent(proxy)
        proxy.requests.clear()
        assert store.push(folder, NAME) == pushed
        store.tag(pushed.repository, pushed.artifact_digest, "1")
        assert not _sent(proxy)


def _sent(proxy: Proxy) -> list[str]:
    return [request for request in proxy.requests if not request.startswith(("GET", "HEAD"))]
