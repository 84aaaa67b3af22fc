"""The Dagster instance of this machine: DAGSTER_HOME if it is set, otherwise `.dagster` beside the platform's home.

A folder that is not there yet is made, and one without a configuration is configured as this platform's, also by a
later version. What somebody has configured is left so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from recs_platform.automation.dagster_databases import make_databases, watch
from recs_platform.automation.dagster_storage import FIRST_START, InstanceStorage
from recs_platform.automation.event_log import BATCH_SIZE
from recs_platform.errors import ConfigError
from recs_platform.platform_db.database_errors import storage_error
from recs_platform.platform_db.engine import engine, opened_database
from recs_platform.platform_db.locks import lock
from recs_platform.settings import settings

_PACKAGE = Path(__file__).resolve().parent.parent
_CONFIGURATION, _PUT = "dagster.yaml", "dagster.yaml.shipped"
"""The second holds the checksum of what this platform has put into the first, and which nobody has changed since."""
_NO_CAPTURE = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}


class NoInstanceError(ConfigError):
    """Nothing was ever run here."""


def instance() -> dg.DagsterInstance:
    """The instance, for runs in this process. What they print is for its own terminal; to capture it, Dagster would
    start four helper processes for each run, which Ctrl-C would end with a traceback."""
    home = prepared_home()
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides={"compute_logs": _NO_CAPTURE}))


def whole_instance() -> dg.DagsterInstance:
    """The instance as it is configured, with what runs print: for who reads that, or deletes it."""
    return dg.DagsterInstance.from_config(str(prepared_home()))


def home_of_instance() -> Path:
    """Where the instance's folder is, or would be made."""
    chosen = os.environ.get("DAGSTER_HOME")
    return Path(chosen).absolute() if chosen else settings().home.absolute().parent / ".dagster"


def existing_instance() -> dg.DagsterInstance:
    """For who only looks: nothing is made, and where there is no instance, a ConfigError says so."""
    home, url = home_of_instance(), settings().dagster_database_url
    configured = (home / "dagster.yaml").exists()
    if url is not None:
        from recs_platform.automation.postgres_storage import has_tables

        if not has_tables(url.get_secret_value()):
            raise NoInstanceError(
                "RECS_DAGSTER_DATABASE_URL: Dagster has no tables there yet. The first run makes them."
            )
    elif not configured:
        raise NoInstanceError(f"{home}: there is no Dagster instance yet (DAGSTER_HOME). The first run makes it.")
    watch(home)
    # On another machine the database may be all that there is of it.
    configuration = home if configured else shipped_file("dagster.yaml").parent
    ref = InstanceRef.from_dir(str(home), config_dir=str(configuration), overrides={"compute_logs": _NO_CAPTURE})
    return dg.DagsterInstance.from_ref(ref)


def prepared_home() -> Path:
    """The instance's folder, with everything in it that a first start makes; also put into the environment.

    One lock is around all that is made or migrated, whoever comes first: for those who share the platform database,
    and for those who share this folder.
    """
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(BATCH_SIZE))
    home = home_of_instance()
    with alone_at(home):
        prepare(home)
    return home


@contextmanager
def alone_at(home: Path) -> Iterator[None]:
    """Nobody else makes or migrates anything of this instance or of the platform database meanwhile."""
    try:
        with lock(engine(), FIRST_START), lock(home, FIRST_START):
            yield
    except OSError as error:
        raise storage_error(error, f"Dagster's folder {home} (DAGSTER_HOME)") or _cannot_be_made(error, home) from None


def prepare(home: Path) -> None:
    """All that a first start makes. Whoever calls is alone there."""
    opened_database()
    present = configuration_of(home)
    is_replaced = present is Configuration.OWN and not os.environ.get("DAGSTER_HOME")
    if is_replaced or present in (Configuration.NONE, Configuration.EARLIER):
        _put_configuration(home)
    os.environ["DAGSTER_HOME"] = str(home)
    watch(home)
    _make_storage(home)


class Configuration(Enum):
    """Whose dagster.yaml stands in an instance's folder."""

    NONE = auto()
    SHIPPED = auto()
    """As this version ships it."""
    EARLIER = auto()
    """As an earlier version has put it there."""
    OWN = auto()


def configuration_of(home: Path) -> Configuration:
    present, put = home / _CONFIGURATION, home / _PUT
    if not present.exists():
        return Configuration.NONE
    text = present.read_text()
    if text == shipped_file(_CONFIGURATION).read_text():
        return Configuration.SHIPPED
    is_as_put = put.exists() and put.read_text() == _checksum(text)
    return Configuration.EARLIER if is_as_put else Configuration.OWN


def _cannot_be_made(error: OSError, home: Path) -> Exception:
    """What to say of a folder that no disk and no right keeps from being made: it cannot stand where it should."""
    if error.filename is None or Path(error.filename) not in (home, *home.parents):
        return error
    return ConfigError(f"DAGSTER_HOME: the folder {home} cannot be made: {error.strerror}. Name another one.")


def shipped_file(name: str) -> Path:
    """A file that stands at the top of a checkout, and inside the package when it is installed."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name


def _put_configuration(home: Path) -> None:
    shipped = shipped_file(_CONFIGURATION).read_text()
    for name, text in ((_PUT, _checksum(shipped)), (_CONFIGURATION, shipped)):
        new = home / f".{name}.new"
        new.write_text(text)
        new.replace(home / name)


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_in_files(home: Path) -> bool:
    """Whether Dagster's databases are those files of this folder which Dagster makes of itself."""
    if settings().dagster_database_url is not None:
        return False
    if not (home / _CONFIGURATION).exists():
        return True  # the shipped one will be there
    ref = InstanceRef.from_dir(str(home))
    return _is_ours(ref) or (ref.run_storage_data is not None and ref.run_storage_data.class_name == "SqliteRunStorage")


def _is_ours(ref: InstanceRef) -> bool:
    return ref.storage_data is not None and ref.storage_data.class_name == InstanceStorage.__name__


def _make_storage(home: Path) -> None:
    """The databases or tables that Dagster keeps its runs in, where nobody has configured other ones."""
    url = settings().dagster_database_url
    if url is None:
        if is_in_files(home):
            make_databases(home)
        return
    if not _is_ours(InstanceRef.from_dir(str(home))):
        raise ConfigError(
            f"RECS_DAGSTER_DATABASE_URL is set, and {home}/dagster.yaml names another storage. Put the shipped one "
            f"there ({shipped_file('dagster.yaml')}), or unset the variable."
        )
    from recs_platform.automation.postgres_storage import make_tables

    make_tables(url.get_secret_value())
