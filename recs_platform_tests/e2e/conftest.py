"""A day of a small company, the UI over it, and a browser that notes everything that goes wrong in the page."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, Response, expect, sync_playwright

from recs_platform.companies.loader import BUILT_IN
from recs_platform_tests.e2e.launchpad import launch
from recs_platform_tests.e2e.server import RECS, Server, chromium, environment, recs, ui
from recs_platform_tests.e2e.tiny import DAYS, EAST, SOUTH, WEST, tiny_companies

DAY = "2025-09-01"
A_RUN, _FOUR_RUNS = 600_000, 900_000
"""Milliseconds: the daemon takes runs from its queue two at a time, and each is a process of its own."""
expect.set_options(timeout=60_000)  # a page waits for a code server, on a machine that may be busy
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_COLLAPSED = "localStorage.setItem('dagster-nav-collapsed', 'true')"
_SMALL_NODES = """localStorage.setItem('asset-node-facets', '["checks", "latest-event"]')"""


@dataclass
class Tab:
    """A page, and what went wrong in it: scripts that broke off and queries that were answered with an error."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("response", self._judge)

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def _judge(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status} {response.url} {_body(response)[:20_000]}")
        elif response.url.endswith("/graphql") or "/graphql?" in response.url:
            try:
                answer = response.json()
            except (json.JSONDecodeError, Error):
                return
            if isinstance(answer, dict) and answer.get("errors"):
                self.problems.append(json.dumps(answer["errors"])[:500])


def _body(response: Response) -> str:
    """What was answered; empty where the page has gone on before it was read."""
    try:
        return response.text()
    except Error:
        return ""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    tiny_companies(folder)
    recs(folder, "simulate", "--company", "acme", "--customers", "500", "--days", "1")
    recs(folder, "run", "--company", "acme", "--date", DAY)
    return folder


@pytest.fixture(scope="session")
def failed_check(home: Path) -> str:
    """A run in which a check failed, from the terminal."""
    return _run_that_fails(home, SOUTH)


@pytest.fixture(scope="session")
def failed_run(home: Path) -> str:
    """A run whose feed is not there, from the terminal."""
    companies = home / "without feed"
    companies.mkdir()
    described = (BUILT_IN / "concord.yaml").read_text()
    feed = "sources:\n  catalog: {connector: files, path: nowhere.csv}\nsimulation:"
    (companies / "concord.yaml").write_text(described.replace("simulation:", feed))
    return _run_that_fails(home, "concord", RECS_COMPANIES_DIR=str(companies))


def _run_that_fails(home: Path, company: str, **variables: str) -> str:
    ended = subprocess.run(
        [RECS, "run", "--company", company, "--date", DAY, "--json"],
        env={**environment(home), **variables},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode in (1, 2), ended.stdout + ended.stderr
    return str(json.loads(ended.stdout)[0]["run_id"])


@pytest.fixture(scope="session")
def server(home: Path) -> Iterator[Server]:
    with ui(home) as started:
        yield started


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    assert path, "no Chromium: name it with CHROMIUM=/path/to/it"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def backfill(server: Server, browser: Browser) -> str:
    """The page of a backfill over two companies and two days, launched in the UI, when it is through."""
    page = _new_page(browser)
    launch(page, server.url, [EAST, WEST], f"[{DAYS[0]}...{DAYS[-1]}]", re.compile("^Launch (4-run )?backfill"))
    page.goto(f"{server.url}/runs?view=backfills")
    newest = page.locator("a[href*='/runs/b/']").first
    expect(newest).to_be_visible()
    path = str(newest.get_attribute("href"))
    page.goto(server.url + path)
    expect(page.get_by_text("100% completed")).to_be_visible(timeout=_FOUR_RUNS)
    page.close()
    return path


@pytest.fixture(scope="session")
def companies_overview(server: Server, browser: Browser) -> None:
    """The overview of all companies, made by the button of its asset."""
    page = _new_page(browser)
    page.goto(f"{server.url}/assets/platform/all_companies")
    page.get_by_role("button", name="Materialize").first.click()
    expect(page.get_by_text("Never materialized")).to_have_count(0, timeout=A_RUN)
    page.close()


def _new_page(browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1600, "height": 900})
    page.add_init_script(f"{_COLLAPSED}; {_SMALL_NODES}")
    return page


@pytest.fixture
def tab(server: Server, browser: Browser) -> Iterator[Tab]:
    """A new page; a test in which anything went wrong in it fails."""
    page = _new_page(browser)
    opened = Tab(page, server.url)
    yield opened
    toasts = page.locator(".bp5-toast, .bp4-toast, [data-sonner-toast]").all_inner_texts()
    page.close()
    assert opened.problems == []
    assert toasts == []
