"""`recs simulate`: feeds on disk, and what is planted in them."""

from __future__ import annotations

import json

from recs_platform_tests.cli.terminal import Terminal


def test_it_writes_feeds_and_the_truth(terminal: Terminal) -> None:
    arguments = ("simulate", "--company", "metro", "--customers", "20", "--days", "2", "--seed", "5")
    ended = terminal.recs(*arguments)
    assert ended.code == 0
    assert "Next: recs run metro --date 2025-09-02" in ended.told
    landing = terminal.folder / ".recs" / "landing" / "metro"
    assert json.loads((landing / "world.json").read_text())["customers"] == 20
    assert sorted(path.stem for path in (landing / "truth").glob("*.json")) == ["2025-09-01", "2025-09-02"]
    again = terminal.recs(*arguments, "--json").json
    assert again == {"company": "metro", "customers": 20, "seed": 5, "first": "2025-09-01", "last": "2025-09-02"}


def test_it_refuses_what_has_no_world(terminal: Terminal) -> None:
    early = terminal.recs("simulate", "--company", "acme", "--from", "2025-08-01")
    assert (early.code, "acme starts on 2025-09-01" in early.told) == (2, True)
    tables = ("events", "treatments", "deliveries", "interactions", "customers", "catalog")
    sources = ", ".join(f"{table}: {{connector: files, path: {table}.csv}}" for table in tables)
    path = terminal.companies / "concord.yaml"
    path.write_text(path.read_text().replace("simulation: {seed: 7, customers: 30}", f"sources: {{{sources}}}"))
    real = terminal.recs("simulate", "--company", "concord")
    assert (real.code, "concord has real sources" in real.told) == (2, True)
