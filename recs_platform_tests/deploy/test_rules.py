"""Alert rules: valid, each tested by promtool where it fires and where it does not, and each leads to a page."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from recs_platform.automation.metrics.families import FAMILIES
from recs_platform_tests.deploy.prometheus import promtool
from recs_platform_tests.docs.console import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
RULES = [
    rule for group in yaml.safe_load((FOLDER / "alerts.rules.yml").read_text())["groups"] for rule in group["rules"]
]
TESTS = sorted((FOLDER / "tests").glob("*.test.yml"))
OF_PROMETHEUS = {"up"}


def expectations() -> list[tuple[str, list[Any]]]:
    """Alert and what is expected of it, of every test of promtool."""
    groups = [group for path in TESTS for group in yaml.safe_load(path.read_text())["tests"]]
    tests = [test for group in groups for test in group["alert_rule_test"]]
    return [(test["alertname"], test.get("exp_alerts") or []) for test in tests]


def test_every_rule_has_a_test_that_fires_and_one_that_does_not() -> None:
    names = {rule["alert"] for rule in RULES}
    assert len(names) == len(RULES)
    assert {name for name, expected in expectations() if expected} == names
    assert {name for name, expected in expectations() if not expected} == names


def test_every_rule_says_what_it_is_how_bad_and_what_to_do() -> None:
    for rule in RULES:
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, rule["alert"]
        assert rule["labels"]["severity"] in {"warning", "critical"}
        page, _, anchor = rule["annotations"]["runbook_url"].removeprefix("{{ $externalLabels.docs }}/").partition("#")
        text = (ROOT / "docs" / page).read_text()
        heading = anchor.replace("-", " ")
        assert not anchor or f'<a id="{anchor}"></a>' in text or f"# {heading}" in text.lower(), rule["alert"]
        assert "for" in rule, "a scrape that fails once is no alert"


def test_rules_name_metrics_that_there_are() -> None:
    there = {family.name for family in FAMILIES} | OF_PROMETHEUS
    for rule in RULES:
        named = set(re.findall(r"\b(recs_\w+|up)\b(?!\")", rule["expr"]))
        assert named, rule["alert"]
        assert named <= there, rule["alert"]


def test_promtool_finds_nothing_wrong() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", "alerts.rules.yml", folder=FOLDER)
    promtool("check", "config", "prometheus.yml", folder=FOLDER)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_rules_fire_when_they_should(path: Any) -> None:
    assert "SUCCESS" in promtool("test", "rules", path.name, folder=path.parent)
