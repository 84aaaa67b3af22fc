"""The whole chain once: `recs ui` with its daemon and code server, real runs, and a Slack of our own.

What single ticks do is tested beside this (test_alerts.py), by far cheaper.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from recs_platform_tests.alerts.stub_slack import stub_slack
from recs_platform_tests.automation.house import DAY, House, company_file, until
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.e2e.server import free_port

pytestmark = pytest.mark.slow

CANARY = "jane.canary@example.com"
_TWO_MINUTES = 120


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Two companies: the feed of one is not what it should be, and names somebody."""
    folder = tmp_path / "companies"
    folder.mkdir()
    (tmp_path / "catalog.csv").write_text(f"item,{CANARY}\n1,{CANARY}\n")
    for name, sources in (
        ("north", f"sources: {{catalog: {{connector: files, path: {tmp_path / 'catalog.csv'}}}}}"),
        ("south", ""),
        ("west", f"sources: {{catalog: {{connector: files, path: {tmp_path / 'catalog.csv'}}}}}"),
    ):
        (folder / f"{name}.yaml").write_text(company_file(name, sources))
    with stub_slack() as slack:
        yield House(Terminal(tmp_path, {**slack.environment, "RECS_SLACK_CHANNEL": "#data"}), slack, free_port())


def test_what_goes_wrong_arrives_once_whoever_is_killed(house: House) -> None:
    assert house.terminal.recs("run", "--company", "north", "--date", DAY).code == 2
    with house.ui() as ui:
        until(lambda: house.about("north"), "the refused feed is told")
        killed = house.launch("south")
        until(lambda: house.status(killed)[1], "the first run of south works")
        os.kill(house.status(killed)[1] or 0, signal.SIGKILL)
        seconds = until(lambda: house.about("south", "was killed"), "the killed run is told", _TWO_MINUTES)
        print(f"seen and told {seconds:.0f} s after the run was killed")
        assert house.status(killed)[0] is dg.DagsterRunStatus.FAILURE
        # The company goes on by itself, and that is told as well.
        until(lambda: house.succeeded("south"), "the run is started again and ends well")
        until(lambda: len(house.about("south")) == 2, "that all is well is told")
        os.killpg(ui.pid, signal.SIGKILL)
    assert house.terminal.recs("run", "--company", "west", "--date", DAY).code == 2
    runs = house.runs()
    with house.ui():
        until(lambda: house.about("west"), "what happened meanwhile is told")
        ticks = house.ticks()
        until(lambda: house.ticks() > ticks + 1, "it looks again, and once more")
    assert house.runs() == runs
    assert [len(house.about(company)) for company in ("north", "south", "west")] == [1, 2, 1]
    assert len(house.slack.messages) == 4
    assert "recs companies check north" in house.about("north")[0]
    assert "canary" not in house.slack.everything()
