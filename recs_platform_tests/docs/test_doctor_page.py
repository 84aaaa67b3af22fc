"""docs/operations.md names every part that the doctor looks at, in its order."""

from __future__ import annotations

import re

from recs_platform.automation.doctor.checkup import PARTS
from recs_platform_tests.docs.console import ROOT


def test_the_table_names_every_part() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    section = page.partition("## What is wrong: `recs doctor`")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([a-z ]+) \| .+ \|$", section, re.MULTILINE) == ["part", *PARTS]
