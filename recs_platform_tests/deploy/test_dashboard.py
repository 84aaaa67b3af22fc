"""The Grafana dashboard: the file is what its module makes, and shows every metric there is."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from types import ModuleType
from typing import Any

from recs_platform.automation.metrics.families import FAMILIES
from recs_platform_tests.docs.console import ROOT

FOLDER = ROOT / "deploy" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "recs-platform.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = sorted({target["expr"] for panel in PANELS for target in panel["targets"]})


def queries_of_everything() -> list[str]:
    """As Grafana asks when all companies and strategies are chosen."""
    return [re.sub(r"\$(company|strategy)\b", ".*", query) for query in QUERIES]


def _maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("recs_dashboard", FOLDER / "dashboard.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_file_is_what_the_module_makes() -> None:
    assert (FOLDER / "recs-platform.json").read_text() == _maker().text()


def test_every_metric_is_shown() -> None:
    shown = {name for query in QUERIES for name in re.findall(r"recs_\w+", query)}
    assert shown == {family.name for family in FAMILIES}


def test_panels_do_not_overlap_and_have_numbers_of_their_own() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_variables_choose_company_and_strategy() -> None:
    assert [variable["name"] for variable in DASHBOARD["templating"]["list"]] == ["datasource", "strategy", "company"]
