"""An export that is killed at any moment leaves a whole one, and nothing that the next cannot clear away."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from recs_platform.platform_db.engine import engine
from recs_platform_tests.delivery.senders import TOMORROW, Sender, weekly
from recs_platform_tests.publication.shop import lake_in
from recs_platform_tests.warehouse.processes import FORKING, PATIENCE, start

pytestmark = pytest.mark.slow

KILLS = 5
_ROWS = (400, 600)
"""Of the two exports that are made in turn."""


def _sender_in(folder: Path) -> Sender:
    return Sender("replenishment", lake_in(folder), engine(f"sqlite:///{folder / 'platform.db'}"), folder / "home")


def _wishes(sender: Sender, rows: int) -> None:
    """So many of the customers have not opted out, as is known by the newest day."""
    people = [
        {"customer_id": f"C-{n:04d}", "email": f"c{n}@x.org", "opted_out_of": None if n < rows else "all"}
        for n in range(max(_ROWS))
    ]
    sender.customers(*people, day=TOMORROW)


def lives(folder: Path, asked: Any, told: Any) -> None:
    """Forks a process that exports for ever, and says which; and waits for its end when it is asked again. Only this
    one has to load the platform."""
    while asked.recv():
        if not (pid := os.fork()):
            export_for_ever(folder, told)
        asked.send(pid)
        os.waitpid(pid, 0)
        asked.send("ended")


def _heard(end: Any) -> Any:
    assert end.poll(PATIENCE)
    return end.recv()


def export_for_ever(folder: Path, told: Any) -> None:
    sender = _sender_in(folder)
    while True:
        for rows in _ROWS:
            _wishes(sender, rows)
            sender.export("email")
            told.send("exported")


def _check_whole(folder: Path) -> int:
    """That every file that the manifest names is there as it says; gives the rows."""
    told = json.loads((folder / "manifest.json").read_text())
    for file in told["files"]:
        content = (folder / file["name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert content.count(b"\n") == file["rows"] + 1
    rows: int = told["rows"]
    return rows


def test_killed_at_any_moment(supplier: Sender, tmp_path: Path) -> None:
    _wishes(supplier, max(_ROWS))
    supplier.publish([weekly(f"C-{n:04d}", rank, f"i{rank}") for n in range(max(_ROWS)) for rank in range(1, 4)])
    supplier.export("email")
    chance, seen = random.Random(16), set()
    (asks, asked), (reads, tells) = FORKING.Pipe(), FORKING.Pipe(duplex=False)
    start(lives, tmp_path, asked, tells)
    for _ in range(KILLS):
        asks.send(True)
        pid = _heard(asks)
        _heard(reads)
        time.sleep(chance.random() * 0.6)
        os.kill(pid, signal.SIGKILL)
        assert _heard(asks) == "ended"
        seen.add(_check_whole(supplier.folder("email")))
        while reads.poll():
            reads.recv()
    asks.send(False)
    assert seen <= set(_ROWS)
    _wishes(supplier, 500)
    supplier.export("email")
    assert _check_whole(supplier.folder("email")) == 500
    assert len(list(supplier.folder("email").iterdir())) == 2, "what killed exports left is gone"
    assert list((supplier.home / "aside").iterdir()) == []


def test_what_a_killed_export_left_aside_goes_with_the_next(supplier: Sender) -> None:
    _wishes(supplier, 3)
    supplier.publish([weekly("C-0001", 1, "i1")])
    left = supplier.home / "aside" / "sender-recommendations-email" / "rows.csv"
    left.parent.mkdir(parents=True)
    left.write_text("c1@x.org")
    supplier.export("email")
    assert not left.exists()
