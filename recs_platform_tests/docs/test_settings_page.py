"""docs/settings.md and the model of the settings say the same."""

from __future__ import annotations

from recs_platform.settings import Settings, settings_markdown
from recs_platform_tests.docs.console import ROOT


def test_the_table_is_the_models() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    begin, end = "<!-- settings: begin -->\n", "\n<!-- settings: end -->"
    assert page.partition(begin)[2].partition(end)[0] == settings_markdown()


def test_every_setting_is_explained() -> None:
    rows = settings_markdown().splitlines()[2:]
    assert len(rows) == len(Settings.model_fields)
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 3
        assert all(cells), row
