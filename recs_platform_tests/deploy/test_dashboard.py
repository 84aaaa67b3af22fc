"""The Grafana dashboards: each file is what its module makes, and they show every metric there is."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from types import ModuleType
from typing import Any

import pytest

from recs_platform.automation.metrics.families import FAMILIES
from recs_platform.serving import metric_families
from recs_platform_tests.docs.console import ROOT

FOLDER = ROOT / "deploy" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "recs-platform.json").read_text())
OF_SERVICE: dict[str, Any] = json.loads((FOLDER / "recs-service.json").read_text())


def _queries(dashboard: dict[str, Any]) -> list[str]:
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    return sorted({target["expr"] for panel in panels for target in panel["targets"]})


QUERIES = _queries(DASHBOARD)
"""Of the jobs."""


def queries_of_everything() -> list[str]:
    """As Grafana asks when all companies and strategies are chosen."""
    return [re.sub(r"\$(company|strategy)\b", ".*", query) for query in QUERIES]


def series_of_the_service() -> set[str]:
    """The names of the series that the service tells."""
    return {
        f"{family.name}_bucket" if family.kind == "histogram" else family.name for family in metric_families.FAMILIES
    }


def _maker(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_files_are_what_the_modules_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    assert (FOLDER / "recs-platform.json").read_text() == _maker("dashboard").text()
    assert (FOLDER / "recs-service.json").read_text() == _maker("service_dashboard").text()


def test_every_metric_is_shown() -> None:
    shown = {name for query in QUERIES for name in re.findall(r"recs_\w+", query)}
    assert shown == {family.name for family in FAMILIES}
    of_service = {name for query in _queries(OF_SERVICE) for name in re.findall(r"recs_\w+", query)}
    assert of_service == series_of_the_service() | {"recs_live_version"}


@pytest.mark.parametrize("shown", [DASHBOARD, OF_SERVICE], ids=["jobs", "service"])
def test_panels_do_not_overlap_and_have_numbers_of_their_own(shown: dict[str, Any]) -> None:
    assert len({panel["id"] for panel in shown["panels"]}) == len(shown["panels"])
    taken: set[tuple[int, int]] = set()
    for panel in shown["panels"]:
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
    assert [variable["name"] for variable in OF_SERVICE["templating"]["list"]] == ["datasource", "company"]
