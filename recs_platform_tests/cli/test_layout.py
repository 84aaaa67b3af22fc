"""Lines of a width: whatever the texts are, words stay whole, nothing is lost, and a table stays a table if it can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from recs_platform.cli.layout import Column, table, wrapped

_TEXTS = st.text(alphabet="ab1-.é漢 \n", max_size=40)
_SIZES = st.integers(min_value=1, max_value=90)


@given(_TEXTS, _SIZES)
def test_a_text_is_broken_between_words_alone(text: str, width: int) -> None:
    lines = [line.plain for line in wrapped(Text(text), width)]
    assert [word for line in lines for word in line.split()] == text.split()
    indent = max((len(line) - len(line.lstrip(" ")) for line in text.split("\n")), default=0)
    assert all(cell_len(line) <= width or len(line.split()) == 1 for line in lines) or indent


@given(
    st.integers(min_value=1, max_value=6).flatmap(
        lambda n: st.lists(st.lists(_TEXTS, min_size=n, max_size=n), min_size=2, max_size=5)
    ),
    _SIZES,
    st.booleans(),
)
def test_no_word_of_a_table_is_broken_or_lost(cells: list[list[str]], width: int, right: bool) -> None:
    titles, *rows = cells
    columns = [Column(Text(title), right) for title in titles]
    lines = [line.plain for line in table(columns, [[Text(cell) for cell in row] for row in rows], width)]
    told = [word for row in rows for cell in row for word in cell.split()]
    shown = [word for line in lines for word in line.split()]
    assert not set(told) - set(shown)
    if any(line.startswith("─") for line in lines):
        assert all(cell_len(line) <= width for line in lines)
        assert sorted(word for word in shown if "─" not in word) == sorted([*told, *" ".join(titles).split()])


def _shown(rows: list[list[str]], width: int) -> list[str]:
    columns = [Column(Text(title), right) for title, right in (("id", False), ("n", True), ("why", False))]
    return [line.plain for line in table(columns, [[Text(cell) for cell in row] for row in rows], width)]


def test_a_table_that_fits() -> None:
    assert _shown([["AC10004", "19", "replaced"], ["B", "1,200", ""]], 80) == [
        "id           n  why",
        "───────  ─────  ────────",
        "AC10004     19  replaced",
        "B        1,200",
    ]


def test_texts_are_wrapped_where_ids_are_not() -> None:
    assert _shown([["AC10004", "19", "it was replaced by another"]], 28) == [
        "id        n  why",
        "───────  ──  ───────────────",
        "AC10004  19  it was replaced",
        "             by another",
    ]


def test_records_where_a_table_would_break_words() -> None:
    assert _shown([["AC10004", "19", "it was replaced"], ["B", "1", ""]], 16) == [
        "id:  AC10004",
        "n:   19",
        "why: it was",
        "     replaced",
        "",
        "id:  B",
        "n:   1",
        "why:",
    ]


def test_what_has_no_name_heads_its_record() -> None:
    columns = [Column(Text(title), right=False) for title in ("", "name")]
    lines = [line.plain for line in table(columns, [[Text("AC10004"), Text("Exhaust")]], 10)]
    assert lines == ["AC10004", "name: Exhaust"]


def test_records_where_a_cell_would_be_a_tower() -> None:
    assert _shown([["AC10004", "19", "so " * 40]], 24)[0] == "id:  AC10004"


@pytest.mark.parametrize(
    "command",
    [
        "recs run acme --date 2025-12-02",
        "`recs publish --help`",
        'recs query acme "SELECT reason, COUNT(*) AS n FROM rejected_rows"',
        "2025-12-02 14:38",
    ],
)
def test_what_is_copied_stays_whole(command: str) -> None:
    lines = [line.plain for line in wrapped(Text(f"The day is missing; make it again ({command}), or wait a day."), 20)]
    assert any(command in line for line in lines)
    assert lines[0] == "The day is missing;"


def test_what_is_indented_stays_indented() -> None:
    lines = [line.plain for line in wrapped(Text("     a warning of several words"), 20)]
    assert lines == ["     a warning of", "     several words"]


def test_styles_stay_with_their_words() -> None:
    text = Text.assemble(("green words", "green"), " and others")
    assert [line.spans[0].style for line in wrapped(text, 6)[:2]] == ["green", "green"]
