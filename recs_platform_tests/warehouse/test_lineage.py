"""Origins of columns that are kept change no answer, and do not outlive the text, the columns and the code."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recs_platform.warehouse import kept_answers, lineage
from recs_platform.warehouse.lineage import column_origins, keep_origins, origins_at
from recs_platform.warehouse.query import Query, parse_query


def table(**columns: str) -> Any:
    return SimpleNamespace(columns=[SimpleNamespace(name=name, sql_type=kind) for name, kind in columns.items()])


_TABLES = {
    "purchases": table(customer_id="STRING", quantity="INT64"),
    "users_with_vehicles": table(as_of="DATE", customer_id="STRING"),
}
_TEXT = "SELECT p.customer_id, u.as_of AS day FROM purchases AS p CROSS JOIN users_with_vehicles AS u"
_FALSE = {"customer_id": [["purchases", "a column that is kept and false"]]}


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "recs_platform"


def query(text: str = _TEXT) -> Query:
    return parse_query("q", text, "q.sql")


def kept_falsely(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that says of this query what nobody would read off it."""
    with monkeypatch.context() as patch:
        patch.setattr(lineage, "_read_off", lambda *_: _FALSE)
        column_origins(query(), _TABLES)
    keep_origins()
    origins_at.cache_clear()


def is_kept(asked: Query, tables: dict[str, Any] = _TABLES) -> bool:
    return ("purchases", "a column that is kept and false") in column_origins(asked, tables)["customer_id"]


def test_the_second_process_reads_no_tree(own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_off = column_origins(query(), _TABLES)
    assert read_off == {"customer_id": (("purchases", "customer_id"),), "day": (("users_with_vehicles", "as_of"),)}
    keep_origins()
    origins_at.cache_clear()
    monkeypatch.delattr(lineage, "_read_off")
    assert column_origins(query(), _TABLES) == read_off
    assert (own_folder / "lineage.json").stat().st_mode & 0o077 == 0


def test_another_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    kept_falsely(monkeypatch)
    assert is_kept(query())
    assert not is_kept(query(_TEXT.replace("AS day", "AS today")))


@pytest.mark.parametrize(
    "other", [table(customer_id="STRING", amount="INT64"), table(customer_id="STRING", quantity="FLOAT64")]
)
def test_other_columns_are_read(other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_falsely(monkeypatch)
    assert is_kept(query())
    assert not is_kept(query(), {**_TABLES, "purchases": other})


@pytest.mark.parametrize("module", ["kept_answers.py", *lineage._READ_BY])
def test_other_code_reads(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_falsely(monkeypatch)
    assert is_kept(query())
    origins_at.cache_clear()
    kept_answers.code_of.cache_clear()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + (b"#" if str(path).endswith(module) else b""))
    assert not is_kept(query())
    monkeypatch.undo()
    kept_answers.code_of.cache_clear()


def test_a_query_that_is_put_together_is_read_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text is another's."""
    kept_falsely(monkeypatch)
    other = query("SELECT u.customer_id, u.as_of AS day FROM purchases AS p CROSS JOIN users_with_vehicles AS u")
    made = query().made_into("q", other.tree)
    assert column_origins(made, _TABLES)["customer_id"] == (("users_with_vehicles", "customer_id"),)


@pytest.mark.parametrize("answer", [[], "x", {"customer_id": 1}, {"customer_id": [["a"]]}])
def test_an_answer_of_another_form_is_none(answer: object, own_folder: Path) -> None:
    read_off = column_origins(query(), _TABLES)
    answers = origins_at(own_folder)
    answers._used = dict.fromkeys(answers._used, answer)
    assert column_origins(query(), _TABLES) == read_off
