"""What is kept of queries changes no answer, and whatever happens to the file, nothing is said that is not so."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from recs_platform.errors import QueryError
from recs_platform.warehouse import kept_answers, query_facts, syntax
from recs_platform.warehouse.query import load_queries, parse_query, sql_folder
from recs_platform.warehouse.query_facts import DayUse, KeptFacts, QueryFacts, facts_at, facts_kept
from recs_platform.warehouse.query_text import QueryText

TEXT = "SELECT a.x, @day AS d FROM a JOIN b ON a.x = b.x"
FACTS = QueryFacts(
    frozenset({"a", "b"}), frozenset({"day"}), ("x", "d"), frozenset({"a", "b"}), DayUse("", (("a", "d"),), ("b",))
)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "recs_platform"


def kept(folder: Path, text: str = TEXT, facts: QueryFacts = FACTS) -> Path:
    """A file that an earlier process left."""
    facts_of_process = KeptFacts(folder)
    facts_of_process.learn(text, facts)
    facts_of_process.keep()
    return folder / "queries.json"


def test_every_query_is_the_same_whether_it_is_known_or_not(own_folder: Path) -> None:
    parsed = load_queries(sql_folder())
    facts_kept().keep()
    facts_at.cache_clear()
    known = load_queries(sql_folder())
    assert known == parsed
    assert len(known) > 150
    for name, query in known.items():
        was = parsed[name]
        assert was.made_tree is not None, "the first time, it is parsed"
        assert query.made_tree is None, "the second time, it is not"
        assert (query.tables, query.parameters, query.columns) == (was.tables, was.parameters, was.columns)
        assert query.facts == syntax.facts_of(was.tree) == syntax.facts_of(query.tree)
        assert query.tree == was.tree
        assert query.tree.sql(dialect="duckdb") == was.tree.sql(dialect="duckdb")
        assert query.fingerprint == was.fingerprint


def test_what_one_process_learns_another_knows(own_folder: Path) -> None:
    kept(own_folder)
    assert KeptFacts(own_folder).known(TEXT) == FACTS


@pytest.mark.parametrize("changed", [f"{TEXT} ", TEXT.lower(), TEXT.replace("@day", "@dax"), ""])
def test_another_text_is_not_known(own_folder: Path, changed: str) -> None:
    kept(own_folder)
    assert KeptFacts(own_folder).known(changed) is None


@pytest.mark.parametrize("module", ["kept_answers.py", *query_facts._READ_BY])
def test_other_code_knows_nothing(own_folder: Path, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(own_folder)
    kept_answers.code_of.cache_clear()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + (b"#" if str(path).endswith(module) else b""))
    assert KeptFacts(own_folder).known(TEXT) is None
    monkeypatch.undo()
    kept_answers.code_of.cache_clear()


def test_another_sqlglot_knows_nothing(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(own_folder)
    kept_answers.code_of.cache_clear()
    monkeypatch.setattr(kept_answers, "version", lambda _name: "99.0")
    assert KeptFacts(own_folder).known(TEXT) is None
    monkeypatch.undo()
    kept_answers.code_of.cache_clear()


def test_a_text_that_breaks_a_rule_is_refused_each_time(own_folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(QueryError, match="must not read the clock"):
            parse_query("q", "SELECT CURRENT_DATE() AS d", "q.sql")
        facts_kept().keep()
        facts_at.cache_clear()


def test_what_a_person_asks_is_not_kept(own_folder: Path) -> None:
    parse_query("query", "SELECT * FROM customers WHERE email = 'anna@example.com'", "query", passing=True)
    facts_kept().keep()
    assert not own_folder.exists()


def test_a_star_that_a_person_may_ask_for_stays_refused_in_a_table(own_folder: Path) -> None:
    text = "SELECT * FROM a"
    parse_query("query", text, "query", passing=True)
    with pytest.raises(QueryError, match="the outermost SELECT must name its columns"):
        parse_query("q", text, "q.sql")


def test_every_damaged_byte_is_noticed(own_folder: Path) -> None:
    path = kept(own_folder)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert KeptFacts(own_folder).known(TEXT) in (None, FACTS)
        path.write_bytes(whole[:place])
        assert KeptFacts(own_folder).known(TEXT) is None


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"read_by": None, "answers": {}},
        {"read_by": "CODE", "answers": []},
        {"read_by": "CODE", "answers": {"KEY": [1, 2]}},
        {"read_by": "CODE", "answers": {"KEY": [1, 2, 3]}},
        {"read_by": "CODE", "answers": {"KEY": None}},
    ],
)
def test_a_file_of_another_form_is_none(own_folder: Path, body: Any) -> None:
    text = (
        json.dumps(body)
        .replace("CODE", kept_answers.code_of(query_facts._READ_BY))
        .replace("KEY", kept_answers.key_of(TEXT))
        .encode()
    )
    own_folder.mkdir(mode=0o700)
    (own_folder / "queries.json").write_bytes(f"{hashlib.sha256(text).hexdigest()}\n".encode() + text)
    (own_folder / "queries.json").chmod(0o600)
    assert KeptFacts(own_folder).known(TEXT) is None


def test_it_is_for_its_owner_alone(own_folder: Path) -> None:
    path = kept(own_folder)
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(own_folder.stat().st_mode)) == (0o600, 0o700)
    path.chmod(0o622)
    assert KeptFacts(own_folder).known(TEXT) is None


def test_what_is_no_file_of_ours_is_left_alone(own_folder: Path, tmp_path: Path) -> None:
    path = kept(own_folder)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert KeptFacts(own_folder).known(TEXT) is None
    path.unlink()
    os.mkfifo(path)  # whoever opens it to read waits for a writer
    assert KeptFacts(own_folder).known(TEXT) is None
    path.unlink()
    path.mkdir()
    assert KeptFacts(own_folder).known(TEXT) is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file" / "below", Path("/proc/nowhere"), Path("/dev/full"), None):
        facts = KeptFacts(folder)
        facts.learn(TEXT, FACTS)
        facts.keep()
        assert facts.known(TEXT) == FACTS


def test_a_full_disk_leaves_what_was_there(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = kept(own_folder)
    before = path.read_bytes()
    full = os.open("/dev/full", os.O_WRONLY)
    opened = os.open
    monkeypatch.setattr(os, "open", lambda p, f, *m: os.dup(full) if f & os.O_CREAT else opened(p, f, *m))
    kept(own_folder, "SELECT 1 AS one", QueryFacts(frozenset(), frozenset(), ("one",), frozenset(), DayUse("")))
    monkeypatch.undo()
    os.close(full)
    assert path.read_bytes() == before


def test_many_at_once_leave_a_whole_file(own_folder: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: kept(own_folder, f"SELECT {number} AS n"), range(64)))
    stored = KeptFacts(own_folder)
    assert sum(stored.known(f"SELECT {number} AS n") == FACTS for number in range(64)) >= 1
    assert [path.name for path in own_folder.iterdir()] == ["queries.json"]


def test_what_others_use_stays_until_there_is_too_much(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(own_folder, "SELECT 1 AS old")
    kept(own_folder)
    assert KeptFacts(own_folder).known("SELECT 1 AS old") == FACTS
    monkeypatch.setattr(kept_answers, "_MOST", 2)
    kept(own_folder, "SELECT 2 AS new")
    assert KeptFacts(own_folder).known("SELECT 1 AS old") is None
    assert KeptFacts(own_folder).known("SELECT 2 AS new") == FACTS


def test_a_tree_that_was_not_kept_is_parsed_when_it_is_asked_for() -> None:
    facts_kept().learn(TEXT, FACTS)
    query = parse_query("q", TEXT, "q.sql")
    assert query.made_tree is None
    assert query.tree == syntax.parsed(QueryText("q.sql", TEXT))
