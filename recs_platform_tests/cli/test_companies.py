"""`recs companies`: which there are, a new one, and what is wrong with one."""

from __future__ import annotations

from recs_platform_tests.cli.terminal import Terminal


def test_list_shows_every_company(terminal: Terminal) -> None:
    shown = terminal.recs("companies", "list")
    assert shown.code == 0
    rows = terminal.recs("companies", "list", "--json").json
    assert [row["name"] for row in rows] == ["acme", "concord", "holley", "metro"]
    assert {row["name"]: row["strategy"] for row in rows}["concord"] == "replenishment"
    assert all(row["name"] in shown.out and row["dataset"] in shown.out for row in rows)


def test_a_new_company_works_as_it_is(terminal: Terminal) -> None:
    ended = terminal.recs("companies", "new", "northwind", "--strategy", "replenishment")
    assert ended.code == 0
    assert (terminal.companies / "northwind.yaml").exists()
    assert ended.told.endswith("Next: recs companies check northwind")
    checked = terminal.recs("companies", "check", "northwind", "--json")
    assert checked.code == 0
    assert {line["status"] for line in checked.json} <= {"ok", "warn"}
    assert "northwind" in [row["name"] for row in terminal.recs("companies", "list", "--json").json]


def test_a_company_in_another_folder_says_how_it_is_found(terminal: Terminal) -> None:
    folder = terminal.folder / "elsewhere"
    ended = terminal.recs("companies", "new", "northwind", "--strategy", "replenishment", "--folder", str(folder))
    assert f"RECS_COMPANIES_DIR={folder} recs companies check northwind" in ended.told
    assert terminal.recs("companies", "check", "northwind", RECS_COMPANIES_DIR=str(folder)).code == 0


def test_nothing_is_overwritten(terminal: Terminal) -> None:
    before = (terminal.companies / "acme.yaml").read_text()
    ended = terminal.recs("companies", "new", "acme", "--strategy", "replenishment")
    assert ended.code == 2
    assert "exists already" in ended.told
    assert (terminal.companies / "acme.yaml").read_text() == before


def test_a_new_company_needs_a_folder_a_name_and_a_strategy(terminal: Terminal) -> None:
    nowhere = terminal.recs("companies", "new", "northwind", "--strategy", "replenishment", RECS_COMPANIES_DIR="")
    assert (nowhere.code, "RECS_COMPANIES_DIR" in nowhere.told) == (2, True)
    misspelt = terminal.recs("companies", "new", "northwind", "--strategy", "replenishmnt")
    assert (misspelt.code, 'Did you mean "replenishment"?' in misspelt.told) == (2, True)
    unnamed = terminal.recs("companies", "new", "north wind", "--strategy", "replenishment")
    assert (unnamed.code, "lower-case letters" in unnamed.told) == (2, True)
    assert not list(terminal.companies.glob("north*"))


def test_check_says_what_is_missing(terminal: Terminal) -> None:
    path = terminal.companies / "acme.yaml"
    path.write_text(path.read_text() + "sources: {catalog: {connector: files, path: nowhere.csv}}\n")
    ended = terminal.recs("companies", "check", "acme")
    assert ended.code == 2
    assert "fail catalog" in ended.told
    assert "nowhere.csv" in ended.told
    assert "ok events" in ended.told
    failed = [line for line in terminal.recs("companies", "check", "acme", "--json").json if line["status"] == "fail"]
    assert [line["table"] for line in failed] == ["catalog"]
