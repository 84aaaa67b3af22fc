"""docs/metrics.md and the declared metrics say the same."""

from __future__ import annotations

from recs_platform.automation.metrics.families import FAMILIES, families_markdown
from recs_platform_tests.docs.console import ROOT


def test_the_table_is_the_declared_one() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    begin, end = "<!-- metrics: begin -->\n", "\n<!-- metrics: end -->"
    assert page.partition(begin)[2].partition(end)[0] == families_markdown()


def test_names_are_as_prometheus_wants_them() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    for family in FAMILIES:
        assert family.name.startswith("recs_")
        assert family.name.endswith("_total") == family.counter
        assert not {"job", "instance", "le", "quantile"} & set(family.labels)
        assert family.meaning.endswith(".")
        timed = {"timestamp", "duration"} & set(family.name.split("_"))
        assert not timed or family.name.endswith("_seconds")
