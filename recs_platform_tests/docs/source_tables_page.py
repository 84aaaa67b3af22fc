"""docs/source-tables.md between its markers. `python -m recs_platform_tests.docs.source_tables_page` writes it."""

from __future__ import annotations

from pathlib import Path

from recs_platform.pipeline.source_usage import source_tables_markdown
from recs_platform.strategies.catalogue import pipelines

PAGE = Path(__file__).parents[2] / "docs" / "source-tables.md"
BEGIN, END = "<!-- source tables: begin -->\n", "\n<!-- source tables: end -->"


def derived() -> str:
    return source_tables_markdown(pipelines())


def stated() -> str:
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{derived()}{END}{rest.partition(END)[2]}", encoding="utf-8")
