"""Bits that flip in what is stored: in data, logs, the ledger, a model. Each is noticed, or changes nothing that
anybody sees; none is silent.

A small shop with two versions that went live and a day that waits is made once. Each attack flips one bit of a copy;
then a new process looks at every table, reads back what is live, goes live with the day that waits, and goes back.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from recs_platform.errors import PlatformError
from recs_platform.models.artifact import load, save
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform.publication.outlet import Outlet
from recs_platform.publication.publish import publish, reconcile, rollback
from recs_platform.publication.verify import verify
from recs_platform.warehouse.database_ledger import DatabaseLedger
from recs_platform.warehouse.lake import bookkeeping, checksums, newest
from recs_platform.warehouse.slices import Days
from recs_platform_tests.attacks.counts import Count, Some
from recs_platform_tests.models.worlds import FEATURES, linear, trained
from recs_platform_tests.publication.shop import NOON, PICKS, compared, day, make, make_live, outlet_of, seen
from recs_platform_tests.warehouse.conftest import open_lake

pytestmark = pytest.mark.slow

_FLIPS = 250
_SAMPLE = {"data": 10, "log": 10, "ledger": 25}
"""Of each kind of file: all, and those of `make test`. Few bits of a database are ever looked at."""
_NOTICED = "noticed"
_TRACED = "noticed in a trace"
_DATABASE = "platform.db"
_OF_DRIVERS = (SQLAlchemyError, sqlite3.Error, ValueError, LookupError)


def opened(folder: Path) -> Outlet:
    """The shop as a new process sees it."""
    for kept in (checksums._PROVED, newest._NEWEST, bookkeeping._AGREED):
        kept.clear()
    url = f"sqlite:///{folder / _DATABASE}"
    lake = open_lake(str(folder / "lake"), folder / "scratch", ledger=DatabaseLedger(url))
    database = engine(url)
    upgrade(database)
    return outlet_of(lake, database, PICKS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    outlet = opened(folder)
    for number in range(22):  # so many commits that the log has a checkpoint
        make(outlet, day(number % 2), rows=20, what=f"item {number}")
    make_live(outlet, day(0), rows=20, what="first")
    make_live(outlet, day(1), rows=30, what="second")
    make(outlet, day(2), rows=25, what="third")
    outlet.database.dispose()
    with sqlite3.connect(folder / _DATABASE) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder


def _source(outlet: Outlet, number: int) -> object:
    with outlet.warehouse.read(outlet.source, Days.one(day(number))) as reader:
        return sorted(map(str, reader.read_all().to_pylist()))


def _read_back(outlet: Outlet) -> object:
    live = reconcile(outlet)
    return None if live is None else str(verify(outlet, live))


def _go_live(outlet: Outlet) -> object:
    publish(outlet, day(2), compared(outlet, day(2)), by="ann", at=NOON)
    return seen(outlet)


def _go_back(outlet: Outlet) -> object:
    rollback(outlet, 1, by="ann", at=NOON)
    return seen(outlet)


LOOKS: Mapping[str, Callable[[Outlet], object]] = {
    "days": lambda outlet: outlet.warehouse.days(outlet.source),
    "day 0": lambda outlet: _source(outlet, 0),
    "day 1": lambda outlet: _source(outlet, 1),
    "day 2": lambda outlet: _source(outlet, 2),
    "what customers see": seen,
    "read back": _read_back,
    "go live": _go_live,
    "go back": _go_back,
}


def look(folder: Path) -> dict[str, object]:
    """What a new process sees, look by look. A driver's own error that a database is damaged is no silence either."""
    try:
        outlet = opened(folder)
    except (PlatformError, *_OF_DRIVERS) as error:
        return dict.fromkeys(LOOKS, _noticed(error))
    told: dict[str, object] = {}
    for name, ask in LOOKS.items():
        try:
            told[name] = ask(outlet)
        except (PlatformError, *_OF_DRIVERS) as error:
            told[name] = _noticed(error)
    outlet.database.dispose()
    return told


def _noticed(error: Exception) -> str:
    return _NOTICED if isinstance(error, PlatformError) else _TRACED


def flip(path: Path, chance: random.Random) -> str:
    data = bytearray(path.read_bytes())
    place, bit = chance.randrange(len(data)), chance.randrange(8)
    data[place] ^= 1 << bit
    path.write_bytes(data)
    return f"{path.name}, byte {place} of {len(data)}, bit {bit}"


def _files_in_use(folder: Path) -> list[Path]:
    """Those of the newest versions, and of the version that went live first."""
    outlet, lake = opened(folder), folder / "lake"
    used = []
    for table, version in ((outlet.source, None), (outlet.live, None), (outlet.live, 1)):
        files = outlet.warehouse._table(table).files(version=version)  # type: ignore[attr-defined]
        used += [lake / table.dataset / table.name / file.path for file in files]
    outlet.database.dispose()
    return sorted(used)


def _log_in_use(folder: Path) -> list[Path]:
    """From the last checkpoint on."""
    used = []
    for log in sorted((folder / "lake").rglob("_delta_log")):
        checkpoints = sorted(log.glob("*.checkpoint.parquet"))
        begin = checkpoints[-1].name[:20] if checkpoints else ""
        used += [path for path in sorted(log.iterdir()) if path.name >= begin]
    return used


KINDS: Mapping[str, Callable[[Path], list[Path]]] = {
    "data": _files_in_use,
    "log": _log_in_use,
    "ledger": lambda folder: [folder / _DATABASE],
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_flipped_bit_is_silent(shop: Path, tmp_path: Path, kind: str, count: Count, some: Some[int]) -> None:
    whole, became, silent = tmp_path / "whole", Counter[str](), []
    shutil.copytree(shop, whole)
    files = [path.relative_to(whole) for path in KINDS[kind](whole)]
    wanted = look(whole)
    assert not {_NOTICED, _TRACED} & {str(value) for value in wanted.values()}, wanted
    assert len({str(wanted[name]) for name in ("what customers see", "go live", "go back")}) == 3
    for number in some(range(_FLIPS), _SAMPLE[kind]):
        folder, chance = tmp_path / f"{number}", random.Random(f"{kind} {number}")
        shutil.copytree(shop, folder)
        where = flip(folder / chance.choice(files), chance)
        told = look(folder)
        allowed = (_NOTICED, _TRACED) if kind == "ledger" else (_NOTICED,)
        other = {name for name in LOOKS if told[name] not in (wanted[name], *allowed)}
        silent += [f"{where}: {sorted(other)}"] if other else []
        became[next((word for word in (_TRACED, _NOTICED) if word in told.values()), "harmless")] += not other
        shutil.rmtree(folder)
    traced = {"noticed_in_a_trace": became[_TRACED]} if kind == "ledger" else {}
    count(
        f"bits flipped in {kind}", noticed=became[_NOTICED], **traced, harmless=became["harmless"], silent=len(silent)
    )
    assert silent == []


def test_no_flipped_bit_of_a_model_is_silent(tmp_path: Path, count: Count, some: Some[int]) -> None:
    model = trained(linear).candidate
    save(model, tmp_path / "whole")
    noticed = 0
    flips = some(range(_FLIPS), _FLIPS // 5)
    for number in flips:
        folder, chance = tmp_path / f"{number}", random.Random(number)
        shutil.copytree(tmp_path / "whole", folder)
        where = flip(chance.choice(sorted(folder.iterdir())), chance)
        try:
            load(folder, FEATURES, digest=model.digest)
        except PlatformError:
            noticed += 1
        else:
            raise AssertionError(f"silent: {where}")
    count("bits flipped in a model", noticed=noticed)
