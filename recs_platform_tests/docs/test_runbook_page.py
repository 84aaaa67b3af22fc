"""docs/runbook.md has a section for each kind of trouble, and links of messages lead there."""

from __future__ import annotations

import re

from recs_platform.alerts.finding import Finding, Kind, Severity, Trouble
from recs_platform.alerts.links import RUNBOOK, Links
from recs_platform_tests.docs.console import ROOT
from recs_platform_tests.docs.test_pages import anchors

PAGE = (ROOT / "docs" / RUNBOOK).read_text()


def test_every_kind_has_its_section() -> None:
    named = re.findall(r'^<a id="(\w+)"></a>\n\n## \w', PAGE, re.MULTILINE)
    assert named == [kind.value for kind in Kind]


def test_a_section_says_what_it_means_what_to_do_and_when_it_is_over() -> None:
    for section in PAGE.split("<a id=")[1:]:
        kind = section.split('"')[1]
        parts = [] if kind == Kind.TEST else ["Look at", "To mend it,", "It is over"]
        assert [part for part in ("It means", *parts) if f"**{part}**" not in section] == [], kind


def test_links_of_messages_lead_to_a_section() -> None:
    for kind in Kind:
        finding = Finding(Trouble("acme", kind, "x"), Severity.WARN, "x", "x")
        ((_, url),) = Links(docs="https://docs.example.com").of(finding)
        page, _, anchor = url.removeprefix("https://docs.example.com/").partition("#")
        assert anchor in anchors((ROOT / "docs" / page).read_text())
