"""A Redis that speaks TLS with a certificate of its own authority, as Memorystore does: the URL holds the authority."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr, TypeAdapter

from recs_platform.errors import UnavailableError
from recs_platform.serving_store.protocol import customer_key
from recs_platform.serving_store.redis_reader import RedisReader
from recs_platform.serving_store.redis_store import RedisStore
from recs_platform.settings_values import RedisUrl
from recs_platform_tests.serving_store.stored import COMPANY, PRODUCT, put, said


def authority(folder: Path, name: str) -> Path:
    """A certificate that bears an address as its name and no other, as Memorystore's do; behind it, its key."""
    pem = folder / f"{name}.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=10.9.8.7 "
        f"-keyout {pem}.key -out {pem}".split(),
        check=True,
        capture_output=True,
    )
    return pem


@contextlib.contextmanager
def behind_tls(port: int, pem: Path) -> Iterator[int]:
    """A port that speaks TLS, and passes on to another that does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, f"{pem}.key")

    def passed_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65_536):
                target.sendall(content)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError):
                client = context.wrap_socket(plain, server_side=True)
                inner = socket.create_connection(("127.0.0.1", port))
                for pair in ((client, inner), (inner, client)):
                    threading.Thread(target=passed_on, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


@pytest.fixture
def tls(redis_url: str, redis_port: int, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of a database behind TLS, without an authority; and the authority."""
    pem = authority(tmp_path, "redis")
    with behind_tls(redis_port, pem) as port:
        yield f"rediss://127.0.0.1:{port}/{redis_url.rpartition('/')[2]}?ssl_check_hostname=false", pem


def with_authority(url: str, pem: Path) -> str:
    """As docs/deploy.md has it, and as the setting takes it."""
    whole = f"{url}&ssl_ca_data={quote(pem.read_text(), safe='')}"
    checked: SecretStr = TypeAdapter(RedisUrl).validate_python(whole)
    return checked.get_secret_value()


def test_publishers_and_the_service_trust_the_authority_in_the_url(tls: tuple[str, Path]) -> None:
    url = with_authority(*tls)
    served = put(RedisStore(url), 1)

    async def read() -> bytes:
        reader = RedisReader(url, 5.0)
        try:
            found = await reader.read(COMPANY, PRODUCT, customer_key("ann"))
        finally:
            await reader.close()
        assert found is not None and found.content is not None
        return found.content

    assert said(RedisStore(url).customer(COMPANY, PRODUCT, "ann")) == served.version
    assert b'"says":1' in asyncio.run(read())


def test_nobody_else_is_trusted(tls: tuple[str, Path], tmp_path: Path) -> None:
    for url in (tls[0], with_authority(tls[0], authority(tmp_path, "stranger"))):
        with pytest.raises(UnavailableError, match="certificate verify failed"):
            RedisStore(url).served(COMPANY, PRODUCT)
        assert asyncio.run(_answers(url)) is False


async def _answers(url: str) -> bool:
    reader = RedisReader(url, 5.0)
    try:
        return await reader.answers()
    finally:
        await reader.close()
