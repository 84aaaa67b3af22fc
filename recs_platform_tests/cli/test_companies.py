"""`recs companies`: which there are, a new one, and what is wrong with one."""

from __future__ import annotations

import pytest

from recs_platform.platform_db.engine import opened_database
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


@pytest.mark.slow
def test_check_says_what_is_missing(terminal: Terminal) -> None:
    path = terminal.companies / "acme.yaml"
    path.write_text(path.read_text() + "sources: {catalog: {connector: files, path: nowhere.csv}}\n")
    ended = terminal.recs("companies", "check", "acme")
    assert ended.code == 2
    assert "fail catalog" in ended.told
    assert "nowhere.csv" in ended.told
    assert "ok events" in ended.told
    failed = [line for line in terminal.recs("companies", "check", "acme", "--json").json if line["status"] == "fail"]
    assert [line["table"] for line in failed] == ["catalog", ""]
    assert failed[1]["message"] == f"strategy {failed[1]['possibility']['names'][0]} does not work, for want of catalog"


BROKEN = """\
name: broken
strategy: replenishment
dataset: broken
timezone: UTC
curency: EUR
start_date: 2025-09-01
simulation: {customers: 0}
"""


@pytest.fixture
def broken(terminal: Terminal) -> str:
    """A company file with problems beside the sound ones; the problems."""
    path = terminal.companies / "broken.yaml"
    path.write_text(BROKEN)
    return f"{path}: 2 problems"


def test_a_broken_file_does_not_stop_commands_about_another_company(terminal: Terminal, broken: str) -> None:
    with terminal.inside():
        opened_database().dispose()
    for command in (("status", "--company", "acme"), ("companies", "check", "acme"), ("publications", "acme")):
        sound = terminal.recs(*command)
        assert sound.code == 0, sound.told
        assert "broken" not in sound.told


@pytest.mark.parametrize("command", [("companies", "list"), ("status",), ("verify",)])
def test_what_is_wrong_with_a_file_follows_what_there_is_to_say_of_all_others(
    terminal: Terminal, broken: str, command: tuple[str, ...]
) -> None:
    with terminal.inside():
        opened_database().dispose()
    ended = terminal.recs(*command)
    assert ended.code == 2
    assert all(name in ended.out for name in ("acme", "concord", "holley", "metro"))
    told = ended.err[ended.err.index("error: ") :].splitlines()
    assert (told[0], len(told)) == (f"error: {broken}", 3)
    listed = terminal.recs(*command, "--json")
    named = 5 if command == ("status",) else 4  # its health is that its file is broken
    assert (listed.code, len(listed.json)) == (2, named)


@pytest.mark.parametrize("command", [("companies", "check", "broken"), ("status", "-c", "broken")])
def test_a_command_about_the_broken_company_gives_its_problems(
    terminal: Terminal, broken: str, command: tuple[str, ...]
) -> None:
    ended = terminal.recs(*command)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"error: {broken}\n")
    assert 'curency: unknown key. Did you mean "currency"?' in ended.told


def test_a_broken_file_is_not_overwritten(terminal: Terminal, broken: str) -> None:
    (terminal.companies / "broken.yaml").rename(terminal.companies / "other.yaml")
    ended = terminal.recs("companies", "new", "broken", "--strategy", "replenishment")
    assert (ended.code, "a company broken exists already" in ended.told) == (2, True)


@pytest.mark.slow
def test_a_backfill_makes_the_sound_companies(terminal: Terminal, broken: str) -> None:
    rectangle = ("--from", "2025-09-01", "--to", "2025-09-01")
    ended = terminal.recs("backfill", "--company", "broken", "--company", "concord", *rectangle)
    assert ended.code == 2
    assert "ok concord 2025-09-01" in ended.told
    assert f"error: {broken}" in ended.told
    unknown = terminal.recs("backfill", "--company", "brocken", "--company", "concord", *rectangle)
    assert (unknown.code, unknown.out) == (2, "")


def test_a_template_is_a_file_to_begin_with(terminal: Terminal) -> None:
    shown = terminal.recs("companies", "template", "deliveries")
    assert shown.out.splitlines()[0] == "send_id,status,failure_reason,reported_at"
    file = terminal.folder / "deliveries.csv"
    assert terminal.recs("companies", "template", "deliveries", "-o", str(file)).code == 0
    assert file.read_text() == shown.out
    again = terminal.recs("companies", "template", "deliveries", "-o", str(file))
    assert (again.code, "exists already" in again.told) == (2, True)


def test_an_unknown_template_lists_the_tables(terminal: Terminal) -> None:
    ended = terminal.recs("companies", "template", "offers", "--strategy", "replenishment")
    assert (ended.code, "Allowed: events, treatments," in ended.told) == (2, True)
    assert terminal.recs("companies", "template", "offers", "--strategy", "offer_ranking").code == 0


def test_a_missing_column_says_what_it_is_and_how_to_begin(terminal: Terminal) -> None:
    (terminal.companies / "c.csv").write_text("item_id,prise\n1,2\n")
    path = terminal.companies / "acme.yaml"
    path.write_text(path.read_text() + "sources: {catalog: {connector: files, path: c.csv}}\n")
    told = terminal.recs("companies", "check", "acme").told
    assert "price is number (company's currency): Price of one unit" in told
    assert "recs companies template catalog" in told
