"""A house on SQLite with artifacts in a layout of files, and one on PostgreSQL with artifacts in a registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.file_store.local import LocalFiles
from recs_platform.model_registry import oci_client
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.oci_layout import Layouts
from recs_platform.model_registry.oci_registry import RegistryRepositories
from recs_platform.model_registry.oci_store import OciStore
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.repositories import Repositories
from recs_platform_tests.serving.trace.house import House
from recs_platform_tests.serving.trace.stand_in import StandIn, stand_in
from recs_platform_tests.stores.fixtures import OciRegistry
from recs_platform_tests.stores.proxy import Proxy, proxied


@pytest.fixture
def service() -> Iterator[StandIn]:
    with stand_in() as started:
        yield started


@pytest.fixture
def reached(platform_db: Engine, request: pytest.FixtureRequest) -> Iterator[tuple[Proxy, str] | None]:
    """The registry behind something that may go wrong, and a path in it; None where there is none."""
    if platform_db.dialect.name == "sqlite":
        yield None
        return
    registry: OciRegistry = request.getfixturevalue("oci_registry")
    root = registry.new_root().partition("/")[2]
    with proxied(registry.store()) as (proxy, behind):
        yield proxy, f"{behind.host}:{behind.port}/{root}"


@pytest.fixture
def repositories(tmp_path: Path, reached: tuple[Proxy, str] | None, monkeypatch: pytest.MonkeyPatch) -> Repositories:
    monkeypatch.setattr(oci_client, "RETRIES", 1)
    return RegistryRepositories(reached[1]) if reached else Layouts(LocalFiles(tmp_path / "artifacts"))


@pytest.fixture
def house(tmp_path: Path, platform_db: Engine, service: StandIn, repositories: Repositories) -> House:
    return House(platform_db, OciStore(repositories, Copies(tmp_path / "copies")), service)


@pytest.fixture
def move_tag(tmp_path: Path, repositories: Repositories) -> Callable[[Registered, str], None]:
    """As a tool does it that does not look first."""

    def move(version: Registered, to: str) -> None:
        repository = str(version.repository)
        if isinstance(repositories, RegistryRepositories):
            repositories._put(repository, str(version.tag), repositories.manifest(repository, to))
            return
        index = tmp_path / "artifacts" / repository / "index.json"
        index.write_text(index.read_text().replace(str(version.artifact_digest), to))

    return move
