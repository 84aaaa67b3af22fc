"""What is shown as a table is read back as it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recs_platform.automation.markdown import markdown_table, rows_of

CELLS = st.text("ab|\\- \n\x0b\u2028", max_size=6)
ROWS = st.lists(
    st.tuples(st.integers(), CELLS, CELLS).map(lambda row: dict(zip(("id", "what", "more"), row, strict=True)))
)


@given(rows=ROWS)
def test_a_table_is_read_back_as_it_was(rows: list[dict[str, object]]) -> None:
    """But for breaks of lines and what stands about a text, which a table does not show."""
    shown = [{name: str(value).replace("\n", " ").strip() for name, value in row.items()} for row in rows]
    assert rows_of(markdown_table(rows)) == shown


def test_what_is_no_table_has_no_rows() -> None:
    for text in ("", "nothing", "| a |", "| a |\n| --- |"):
        assert rows_of(text) == []
