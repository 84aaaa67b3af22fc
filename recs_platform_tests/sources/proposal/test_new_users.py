"""As a new user would: from a folder or a database to the first table, by what commands and docs say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.conftest import new_database
from recs_platform_tests.sources.proposal import worlds

pytestmark = pytest.mark.slow

LINES = len(worlds.order_lines())


@pytest.fixture
def user(tmp_path: Path) -> Terminal:
    (tmp_path / "companies").mkdir()
    return Terminal(tmp_path)


def proposed(user: Terminal, origin: str, **environment: str) -> Ended:
    ended = user.recs("companies", "new", "newcomer", "--from", origin, **environment)
    assert ended.code == 0, ended.told
    return ended


EVENTS = ("--table", "landed_events", "--table", "events")
"""Of a run: no more than the first table. What a day makes of it is the same wherever the rows came from."""


def loaded(user: Terminal, ended: Ended, *parts: str, **environment: str) -> list[dict[str, object]]:
    """What the commands that were told come to: a green check, a run (or parts of it), and the first table."""
    checked = user.recs("companies", "check", "newcomer", "--json", **environment)
    assert checked.code == 0, checked.told
    assert [line for line in checked.json if line["status"] == "fail"] == []
    (command,) = re.findall(r"Then load it: recs (run newcomer --date \d{4}-\d\d-\d\d)", ended.told)
    run = user.recs(*command.split(), *parts, **environment)
    assert run.code == 0, run.told
    query = (
        "SELECT COUNT(*) AS n, CAST(SUM(quantity) AS INT64) AS units, "
        "ROUND(SUM(quantity * unit_price), 2) AS revenue FROM events"
    )
    shown = user.recs("query", "newcomer", query, "--date", str(worlds.LAST), "--json", **environment)
    assert shown.code == 0, shown.told
    rows: list[dict[str, object]] = shown.json
    return rows


def expected() -> list[dict[str, object]]:
    lines = worlds.order_lines()
    revenue = round(sum(line.units * line.price for line in lines), 2)
    return [{"n": LINES, "units": sum(line.units for line in lines), "revenue": revenue}]


def test_a_folder_of_tidy_files(user: Terminal) -> None:
    folder = user.folder / "export"
    worlds.tidy(folder)
    assert loaded(user, proposed(user, str(folder)), *EVENTS) == expected()


def test_a_folder_of_ugly_exports(user: Terminal) -> None:
    folder = user.folder / "export"
    worlds.ugly(folder)
    ended = proposed(user, str(folder))
    written = yaml.safe_load((user.companies / "newcomer.yaml").read_text())["sources"]
    assert written["events"]["columns"]["item_id"] == ["SKU", "ArtikelNr"]
    assert {key: written["events"][key] for key in ("delimiter", "decimal", "encoding")} == {
        "delimiter": ";",
        "decimal": ",",
        "encoding": "latin-1",
    }
    assert written["treatments"]["dates"] == {"sent_at": "%m/%d/%Y"}
    assert loaded(user, ended) == expected()
    names = user.recs("query", "newcomer", "SELECT DISTINCT category FROM catalog ORDER BY 1", "--json")
    assert {row["category"] for row in names.json} == set(worlds.CATEGORIES)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_shops_database(user: Terminal, engine: str, request: pytest.FixtureRequest) -> None:
    if engine == "sqlite":
        url = f"sqlite:///{user.folder / 'shop.db'}"
        worlds.shop_database(url)
        assert loaded(user, proposed(user, "env:SHOP_URL", SHOP_URL=url), *EVENTS, SHOP_URL=url) == expected()
        return
    with new_database(user.folder, request.getfixturevalue("postgres_url")) as url:
        worlds.shop_database(url)
        assert loaded(user, proposed(user, "env:SHOP_URL", SHOP_URL=url), SHOP_URL=url) == expected()


def test_a_password_is_neither_written_nor_said(user: Terminal, postgres_url: str) -> None:
    with new_database(user.folder, postgres_url) as url:
        worlds.shop_database(url)
        secret = url.replace("postgresql+psycopg://postgres:@", "postgresql+psycopg://postgres:s3cret-word@")
        assert "s3cret-word" in secret
        ended = user.recs("companies", "new", "newcomer", "--from", secret)
        assert ended.code == 0, ended.told
        text = (user.companies / "newcomer.yaml").read_text()
        assert "url_env: NEWCOMER_DATABASE_URL" in text
        assert "export NEWCOMER_DATABASE_URL=" in ended.told
        assert "s3cret-word" not in text + ended.told
        wrong = user.recs("companies", "new", "other", "--from", f"{secret}_of_nobody")
        assert wrong.code == 2
        assert "s3cret-word" not in wrong.told


def test_what_cannot_be_looked_at_is_one_message(user: Terminal) -> None:
    assert "is not set" in user.recs("companies", "new", "a", "--from", "env:NO_SUCH_URL").told
    missing = user.recs("companies", "new", "a", "--from", f"sqlite:///{user.folder}/no.db")
    assert (missing.code, "does not exist" in missing.told) == (2, True)
    (user.folder / "f.txt").write_text("a,b\n1,2\n")
    file = user.recs("companies", "new", "a", "--from", str(user.folder / "f.txt"))
    assert (file.code, "export it as CSV or Parquet" in file.told) == (2, True)
    neither = user.recs("companies", "new", "a")
    assert (neither.code, "--strategy" in neither.told, "--from" in neither.told) == (2, True, True)
