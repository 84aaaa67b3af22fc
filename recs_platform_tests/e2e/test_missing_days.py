"""A day that somebody skipped, seen in the UI: a backfill over days whose predecessor was never made, and the one that
begins with it. Real web server, real daemon, real browser; the backfills are what the UI's button sends."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from recs_platform_tests.e2e.conftest import Tab
from recs_platform_tests.e2e.server import RECS, environment, recs, ui

pytestmark = pytest.mark.e2e

COMPANY, JOB = "concord", "replenishment_daily"
LOCATION, REPOSITORY = "recs_platform.definitions", "__repository__"
MADE, SKIPPED, LATER = "2025-09-03", "2025-09-04", ("2025-09-05", "2025-09-06", "2025-09-07")
_WITHIN_SECONDS = 600
_PARTITIONS = {
    "partitionSetName": f"{JOB}_partition_set",
    "repositorySelector": {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY},
}
_LAUNCH = """
mutation ($selector: PartitionSetSelector!, $names: [String!]!) {
  launchPartitionBackfill(backfillParams: {selector: $selector, partitionNames: $names, tags: []}) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
  }
}"""
_RUNS = """
query ($backfill: String!) {
  runsOrError(filter: {tags: [{key: "dagster/backfill", value: $backfill}]}) {
    ... on Runs { results { runId status tags { key value } } }
  }
}"""


@dataclass
class Shop:
    """A home in which three days of a company were made, its UI, and a page of it."""

    home: Path
    tab: Tab

    @property
    def page(self) -> Page:
        return self.tab.page

    def ask(self, query: str, **variables: Any) -> Any:
        """GraphQL as the page itself sends it."""
        return self.page.evaluate(
            """async ([query, variables]) => {
              const answer = await fetch('/graphql', {method: 'POST', headers: {'content-type': 'application/json'},
                                                      body: JSON.stringify({query, variables})});
              return (await answer.json()).data;
            }""",
            [query, variables],
        )

    def backfill(self, days: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Day: the run that Dagster's backfill started for it, and how it ended."""
        launched = self.ask(_LAUNCH, selector=_PARTITIONS, names=[f"{COMPANY}|{day}" for day in days])[
            "launchPartitionBackfill"
        ]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        until = time.monotonic() + _WITHIN_SECONDS
        while True:
            runs = self.ask(_RUNS, backfill=launched["backfillId"])["runsOrError"]["results"]
            if len(runs) == len(days) and all(run["status"] in ("SUCCESS", "FAILURE", "CANCELED") for run in runs):
                return {_day_of(run): (run["runId"], run["status"]) for run in runs}
            assert time.monotonic() < until, runs
            time.sleep(1)

    def json(self, *arguments: str) -> Any:
        return json.loads(recs(self.home, *arguments, "--json"))


def _day_of(run: dict[str, Any]) -> str:
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    return str(tags["dagster/partition"]).partition("|")[2]


@pytest.fixture(scope="module")
def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("skipped")
    recs(home, "simulate", COMPANY, "--customers", "150", "--days", "7")
    recs(home, "run", COMPANY, "--date", "2025-09-01", "--to", MADE)
    with ui(home) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        tab = Tab(page, server.url)
        tab.open("/overview")
        yield Shop(home, tab)
        page.close()
    assert tab.problems == []


@pytest.fixture(scope="module")
def without_it(shop: Shop) -> dict[str, tuple[str, str]]:
    """The days after the skipped one, made from the UI."""
    return shop.backfill(LATER)


def test_no_later_day_is_made_over_the_hole(shop: Shop, without_it: dict[str, tuple[str, str]]) -> None:
    assert {day: status for day, (_, status) in without_it.items()} == dict.fromkeys(LATER, "FAILURE")
    assert {one["as_of"] for one in shop.json("publications", COMPANY)} <= {"2025-09-01", "2025-09-02", MADE}


def test_the_failed_run_names_the_day_that_is_missing(shop: Shop, without_it: dict[str, tuple[str, str]]) -> None:
    run, _ = without_it[LATER[0]]
    page = shop.tab.open(f"/runs/{run}")
    expect(page.get_by_text(re.compile(f"looks back on .* and {SKIPPED} was never made")).first).to_be_visible()
    assert "Correct the feed" not in page.locator("body").inner_text()


def test_status_names_every_day(shop: Shop, without_it: dict[str, tuple[str, str]]) -> None:
    (state,) = shop.json("status", COMPANY)
    assert state["missing_days"] == [SKIPPED, *LATER]
    told = subprocess.run(
        [RECS, "status"], env=environment(shop.home), cwd=shop.home, capture_output=True, text=True, check=True
    )
    assert f"{COMPANY}: {SKIPPED} to {LATER[-1]} are missing." in told.stdout


def test_a_backfill_from_the_missing_day_on_makes_them_all(shop: Shop, without_it: dict[str, tuple[str, str]]) -> None:
    shop.tab.open("/overview")
    made = shop.backfill((SKIPPED, *LATER))
    assert {day: status for day, (_, status) in made.items()} == dict.fromkeys((SKIPPED, *LATER), "SUCCESS")
    (state,) = shop.json("status", COMPANY)
    assert state["missing_days"] == []
    assert shop.json("publications", COMPANY)[0]["as_of"] == LATER[-1]
