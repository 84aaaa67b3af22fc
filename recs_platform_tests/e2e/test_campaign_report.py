"""The campaign report in a browser: readable at a desk and on a phone, printable, and sufficient to itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from recs_platform_tests.campaign.report.company import NAME
from recs_platform_tests.e2e.server import recs

pytestmark = pytest.mark.e2e

_IMAGES = Path(__file__).parents[2] / "docs" / "images"
_ASKED_FOR_SCREENSHOTS = bool(os.environ.get("UPDATE_SCREENSHOTS"))
_LARGEST_PICTURE = 400_000
DESKTOP, PHONE, SUMMARY = (1280, 1560), (390, 2480), (1280, 850)
_PAGES_OF_A4 = 40
_MAKE = f"""
import sys
from pathlib import Path
from recs_platform_tests.campaign.report.company import garage
folder = Path(sys.argv[1])
ended = garage(folder).recs("report", "campaign", "{NAME}", "--out", str(folder / "report"))
assert ended.code == 0, ended.told
"""
_SMALLEST_LETTERS = 11
_FIRST_SCREEN = 1000


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made in a process of its own: Dagster and the browser would share an event loop here."""
    folder = tmp_path_factory.mktemp(NAME)
    subprocess.run([sys.executable, "-c", _MAKE, str(folder)], check=True)
    return folder / "report" / "index.html"


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Page]:
    """The report at one of the widths; a test in which it asked for anything else, or complained, fails."""
    width, height = request.param
    opened = browser.new_page(viewport={"width": width, "height": height})
    told: list[str] = []
    opened.on("console", lambda message: told.append(message.text))
    opened.on("pageerror", lambda error: told.append(str(error)))
    opened.on("request", lambda request: told.append(request.url))
    opened.goto(report.as_uri())
    yield opened
    opened.close()
    assert told == [report.as_uri()]


def test_the_page_never_scrolls_sideways_and_tables_do_so_by_themselves(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    wider = page.locator("table").evaluate_all(
        "tables => tables.filter(t => t.getBoundingClientRect().right > innerWidth && !t.closest('.scroll')).length"
    )
    assert wider == 0


def test_the_four_answers_are_the_first_screen(page: Page, request: pytest.FixtureRequest) -> None:
    """At a desk all of them; on a phone the first two, and all of them before anything else."""
    ends = page.locator(".answer").evaluate_all("answers => answers.map(a => a.getBoundingClientRect().bottom)")
    assert len(ends) == 4
    if "desktop" in request.node.name:
        assert max(ends) <= _FIRST_SCREEN
    else:
        assert ends[1] <= _FIRST_SCREEN
    assert max(ends) <= page.locator("nav").evaluate("nav => nav.getBoundingClientRect().top")


def test_a_table_that_scrolls_says_so_where_it_does(page: Page, request: pytest.FixtureRequest) -> None:
    hints = page.locator(".hint")
    assert hints.count() > 5
    assert all(hints.nth(n).is_visible() == ("phone" in request.node.name) for n in range(hints.count()))
    silent = page.locator(".scroll").evaluate_all(
        """boxes => boxes.filter(box =>
            box.scrollWidth > box.clientWidth + 1 && !box.previousElementSibling.matches('.hint')).length"""
    )
    assert silent == 0


def test_every_chart_is_seen_once_in_legible_letters(page: Page) -> None:
    charts = page.locator("figure")
    assert charts.count() >= 8
    for number in range(charts.count()):
        drawn = charts.nth(number).locator("svg[role=img]")
        seen = [drawn.nth(n) for n in range(drawn.count()) if drawn.nth(n).is_visible()]
        assert len(seen) == 1
        box = seen[0].bounding_box()
        assert box is not None and box["width"] > 250 and box["height"] > 60
        # What the letters come to on the screen, if the picture was scaled.
        scale = box["width"] / float(seen[0].get_attribute("width") or 0)
        assert 12 * scale >= _SMALLEST_LETTERS


def test_no_letters_of_a_chart_are_cut_off_or_on_top_of_each_other(page: Page) -> None:
    bad = page.locator("svg[role=img]").evaluate_all(
        """charts => charts.filter(chart => chart.checkVisibility()).flatMap(chart => {
            const frame = chart.getBoundingClientRect();
            const drawn = [...chart.querySelectorAll('text')];
            const texts = drawn.map(text => [text.textContent, text.getBoundingClientRect()]);
            const cut = texts.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1);
            const over = texts.filter(([, a], n) => texts.slice(n + 1).some(([, b]) =>
                a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 5 && b.top < a.bottom - 5));
            return [...cut, ...over].map(([said]) => `${chart.querySelector('title').textContent}: ${said}`);
        })"""
    )
    assert bad == []


def test_the_contents_lead_to_the_sections(page: Page) -> None:
    links = page.locator("nav a")
    for number in range(links.count()):
        links.nth(number).click()
        target = (links.nth(number).get_attribute("href") or "").removeprefix("#")
        assert page.evaluate("id => document.getElementById(id).getBoundingClientRect().top < innerHeight", target)


def test_it_prints_with_whole_tables_and_the_wide_charts(browser: Browser, report: Path) -> None:
    page = browser.new_page(viewport={"width": PHONE[0], "height": PHONE[1]})
    page.goto(report.as_uri())
    page.emulate_media(media="print")
    assert page.locator(".wide svg").first.is_visible()
    assert not page.locator(".narrow svg").first.is_visible()
    page.set_viewport_size({"width": 720, "height": 1000})  # an A4 page without its margins
    clipped = page.locator("table").evaluate_all("tables => tables.filter(t => t.scrollWidth > innerWidth + 1).length")
    assert clipped == 0
    printed = page.pdf(format="A4")
    assert 1 <= printed.count(b"/Type /Page\n") <= _PAGES_OF_A4
    page.close()


@pytest.fixture(scope="module")
def large_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of a larger company: what the docs show."""
    home = tmp_path_factory.mktemp("large")
    recs(home, "simulate", "--company", "acme", "--customers", "6000", "--days", "1")
    recs(home, "run", "--company", "acme", "--date", "2025-12-02")
    recs(home, "report", "campaign", "acme", "--out", str(home / "report"))
    return home / "report" / "index.html"


@pytest.mark.skipif(not _ASKED_FOR_SCREENSHOTS, reason="UPDATE_SCREENSHOTS=1 takes the pictures of the docs again")
@pytest.mark.parametrize("name, size", [("desktop", DESKTOP), ("phone", PHONE), ("summary", SUMMARY)])
def test_pictures_of_the_docs(browser: Browser, large_report: Path, name: str, size: tuple[int, int]) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(large_report.as_uri())
    path = _IMAGES / f"campaign-report-{name}.png"
    page.screenshot(path=path)
    page.close()
    assert path.stat().st_size < _LARGEST_PICTURE
