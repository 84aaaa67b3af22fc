"""Alert rules: valid, each tested by promtool where it fires and where it does not, and each leads to a page."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from recs_platform.automation.metrics.families import FAMILIES
from recs_platform_tests.deploy.prometheus import promtool
from recs_platform_tests.deploy.test_dashboard import series_of_the_service
from recs_platform_tests.docs.console import ROOT

FOLDER = ROOT / "deploy" / "prometheus"


def _rules(name: str) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load((FOLDER / name).read_text())["groups"] for rule in group["rules"]]


RULES = _rules("alerts.rules.yml")
"""Of the jobs."""
OF_SERVICE = _rules("service.rules.yml")
TESTS = sorted((FOLDER / "tests").glob("*.test.yml"))
OF_PROMETHEUS = {"up"}


def expectations() -> list[tuple[str, list[Any]]]:
    """Alert and what is expected of it, of every test of promtool."""
    groups = [group for path in TESTS for group in yaml.safe_load(path.read_text())["tests"]]
    tests = [test for group in groups for test in group["alert_rule_test"]]
    return [(test["alertname"], test.get("exp_alerts") or []) for test in tests]


def test_every_rule_has_a_test_that_fires_and_one_that_does_not() -> None:
    names = {rule["alert"] for rule in (*RULES, *OF_SERVICE)}
    assert len(names) == len(RULES) + len(OF_SERVICE)
    assert {name for name, expected in expectations() if expected} == names
    assert {name for name, expected in expectations() if not expected} == names


def test_every_rule_says_what_it_is_how_bad_and_what_to_do() -> None:
    for rule in (*RULES, *OF_SERVICE):
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        page, _, anchor = rule["annotations"]["runbook_url"].removeprefix("{{ $externalLabels.docs }}/").partition("#")
        text = (ROOT / "docs" / page).read_text()
        heading = anchor.replace("-", " ")
        assert not anchor or f'<a id="{anchor}"></a>' in text or f"# {heading}" in text.lower(), rule["alert"]
        assert "for" in rule, "a scrape that fails once is no alert"


def test_rules_name_metrics_that_there_are() -> None:
    there = {family.name for family in FAMILIES} | OF_PROMETHEUS
    for rules, known in ((RULES, there), (OF_SERVICE, there | series_of_the_service())):
        for rule in rules:
            named = set(re.findall(r"\b(recs_\w+|up)\b(?!\")", rule["expr"]))
            assert named, rule["alert"]
            assert named <= known, rule["alert"]


def test_promtool_finds_nothing_wrong() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", "alerts.rules.yml", folder=FOLDER)
    assert f"{len(OF_SERVICE)} rules found" in promtool("check", "rules", "service.rules.yml", folder=FOLDER)
    promtool("check", "config", "prometheus.yml", folder=FOLDER)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_rules_fire_when_they_should(path: Any) -> None:
    assert "SUCCESS" in promtool("test", "rules", path.name, folder=path.parent)
