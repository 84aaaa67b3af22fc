"""docs/security.md promises nothing that no test holds, and no attack goes unmentioned."""

from __future__ import annotations

import re

import pytest

from recs_platform_tests.docs.console import ROOT

TESTS = ROOT / "recs_platform_tests"
OF_THE_TOOLS = {"attacks/test_counts.py", "attacks/test_killing.py"}
"""Tests of what attacks are made with."""
PROMISES = re.findall(r"^\| (.+?) \| (`.+`) \|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)


def _modules(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_there_are_promises() -> None:
    assert len(PROMISES) > 15


@pytest.mark.parametrize(("promise", "held_by"), PROMISES, ids=[promise[:60] for promise, _ in PROMISES])
def test_a_promise_is_held_by_tests(promise: str, held_by: str) -> None:
    for module in _modules(held_by):
        assert re.search(r"^(?:async )?def test_\w+", (TESTS / module).read_text(), re.MULTILINE), f"{promise} {module}"


def test_every_attack_is_in_the_threat_model() -> None:
    attacks = {f"attacks/{path.name}" for path in (TESTS / "attacks").glob("test_*.py")} - OF_THE_TOOLS
    assert attacks <= {module for _, held_by in PROMISES for module in _modules(held_by)}
