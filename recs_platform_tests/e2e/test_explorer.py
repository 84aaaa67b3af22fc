"""The explorer in a browser, of every strategy: by mouse, by keyboard and without scripts, at a desk and on a phone, in
light and dark, and for who hears a page.

Not here: what each page says (`serving/explorer/`).
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from recs_platform.companies.loader import BUILT_IN
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.e2e.server import recs
from recs_platform_tests.serving.running import Running, serve

pytestmark = pytest.mark.e2e

_IMAGES = Path(__file__).parents[2] / "docs" / "images"
_ASKED_FOR_SCREENSHOTS = bool(os.environ.get("UPDATE_SCREENSHOTS"))
_LARGEST_PICTURE = 200_000
DESKTOP, PHONE, NARROWEST = (1280, 900), (390, 844), (360, 640)
STRATEGIES = ("acme", "metro", "concord")
_SMALLEST_LETTERS = 11
_SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's two days of each strategy, with models and a second publication; its largest company, which nobody
    looks at here, is a small one."""
    home = tmp_path_factory.mktemp("explored")
    largest = shutil.copytree(BUILT_IN, home / "companies") / "holley.yaml"
    largest.write_text(re.sub(r"customers: \d+", "customers: 300", largest.read_text()))
    recs(home, "demo")
    return home


@pytest.fixture(scope="module")
def running(explored: Path) -> Iterator[Running]:
    with serve(Terminal(explored)) as started:
        yield started


@dataclass
class Seen:
    """A page, and whatever it complained of or asked elsewhere."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self._judge(request.url))
        self.page.on("response", lambda response: self._answered(response.status, response.url))

    def open(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def customer(self, company: str) -> Page:
        """The page of the first example."""
        self.open(f"/explorer/{company}")
        return self.first_customer()

    def item(self, company: str) -> Page:
        """Why the first item of the first example is in its list."""
        self.customer(company)
        return self.first_item()

    def first_customer(self) -> Page:
        """From the page of a company."""
        self.page.locator("button[name=customer]").first.click()
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("Customer")
        return self.page

    def first_item(self) -> Page:
        """From the page of a customer."""
        self.page.locator("button[name=item]").first.click()
        expect(self.page.get_by_text("explained below")).to_be_visible()
        return self.page

    def _judge(self, url: str) -> None:
        if not url.startswith((self.base, "data:")):
            self.problems.append(f"asked {url}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.problems.append(f"{status} {url}")


@contextmanager
def seen(browser: Browser, running: Running, size: tuple[int, int] = DESKTOP, **options: Any) -> Iterator[Seen]:
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    opened = Seen(context.new_page(), running.url)
    yield opened
    context.close()
    assert opened.problems == []


def every_page(opened: Seen) -> Iterator[tuple[str, Page]]:
    yield "first", opened.open("/")
    for company in STRATEGIES:
        page = opened.open(f"/explorer/{company}")
        yield f"{company}", page
        opened.first_customer()
        yield f"{company} customer", page
        opened.first_item()
        yield f"{company} item", page
    for company in ("metro", "concord"):
        yield f"{company} models", opened.open(f"/explorer/{company}/models")


@pytest.mark.parametrize("company", STRATEGIES)
def test_without_scripts_somebody_goes_from_the_first_page_to_the_reasons(
    browser: Browser, running: Running, company: str
) -> None:
    with seen(browser, running, java_script_enabled=False) as opened:
        page = opened.open("/")
        page.get_by_role("link", name=company, exact=True).click()
        example = page.locator("button[name=customer]").nth(1)
        customer = example.inner_text()
        page.get_by_role("textbox", name="Customer").fill(customer)
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Customer {customer}")
        gets = page.locator("#gets")
        listed = gets.locator("tbody tr")
        assert listed.count() >= 4
        expect(page.locator("#why")).to_contain_text("live since")
        why = gets.locator("button[name=item]").first
        item = why.get_attribute("value") or ""
        why.click()
        expect(page.get_by_role("heading", name=f"Why {item}")).to_be_in_viewport()
        assert page.locator("#why svg[role=img]").count() >= 2
        assert customer not in page.url and item not in page.url
        page.get_by_role("button", name="Back to the whole list").click()
        expect(page.get_by_role("heading", name="Why", exact=True)).to_be_in_viewport()


def test_the_models_are_shown_with_their_evidence(browser: Browser, running: Running) -> None:
    with seen(browser, running, java_script_enabled=False) as opened:
        page = opened.open("/explorer/metro")
        page.get_by_role("navigation", name="Company").get_by_role("link", name="Models").click()
        expect(page.get_by_role("heading", name="How it was judged")).to_be_visible()
        expect(page.get_by_text("The service holds version")).to_be_visible()
        expect(page.locator("svg[role=img]:visible")).to_have_count(1)


def test_what_changed_since_the_publication_before_is_there(browser: Browser, running: Running) -> None:
    with seen(browser, running) as opened:
        expect(opened.customer("metro").locator("#changed")).to_contain_text("version 1, of")


def test_a_customer_whom_nobody_knows_is_told_of_and_may_be_corrected(browser: Browser, running: Running) -> None:
    with seen(browser, running, java_script_enabled=False) as opened:
        page = opened.open("/explorer/metro")
        page.get_by_role("textbox", name="Customer").fill("nobody <b>&")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("No such customer")
        expect(page.get_by_role("textbox", name="Customer")).to_have_value("nobody <b>&")
        opened.problems = [one for one in opened.problems if not re.match("404 |Failed to load resource", one)]


def test_the_keyboard_alone_is_enough(browser: Browser, running: Running) -> None:
    with seen(browser, running) as opened:
        page = opened.open("/explorer/metro")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        expect(page.get_by_role("textbox", name="Customer")).to_be_focused()
        page.keyboard.type(page.locator("button[name=customer]").first.inner_text())
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Customer")
        page.locator("#customer").focus()
        for _ in range(20):
            page.keyboard.press("Tab")
            name, outline = page.evaluate(
                "[document.activeElement.name, parseFloat(getComputedStyle(document.activeElement).outlineWidth)]"
            )
            assert outline >= 2, "what has the focus does not show it"
            if name == "item":
                break
        page.keyboard.press("Enter")
        expect(page.get_by_text("explained below")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE, NARROWEST], ids=["desktop", "phone", "narrowest"])
def test_every_page_fits_can_be_read_and_axe_finds_nothing_serious(
    browser: Browser, running: Running, size: tuple[int, int]
) -> None:
    """Each page is opened once, and looked at in light and dark: the page does not know which it is shown in."""
    with seen(browser, running, size) as opened:
        for name, page in every_page(opened):
            page.locator("details").evaluate_all("folded => folded.forEach(one => one.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
            smallest = page.locator("svg[role=img]:visible").evaluate_all(
                """drawn => Math.min(99, ...drawn.map(svg =>
                    12 * svg.getBoundingClientRect().width / svg.getAttribute('width')))"""
            )
            assert smallest >= _SMALLEST_LETTERS, name
            small = page.locator("button:visible, a:visible").evaluate_all(
                "all => all.filter(one => one.getBoundingClientRect().height < 24).map(one => one.innerText)"
            )
            assert small == [], name
            for scheme in ("light", "dark") if size != PHONE else ():
                page.emulate_media(color_scheme=scheme)
                assert _serious(page) == [], (name, scheme)


def _serious(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds."""
    found = Axe().run(page)
    assert found["passes"]
    serious = [one for one in found["violations"] if one["impact"] in _SERIOUS]
    return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in serious]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_and_lines_of_charts_follow_the_scheme(browser: Browser, running: Running, scheme: str) -> None:
    with seen(browser, running, color_scheme=scheme) as opened:
        page = opened.customer("acme")
        lights = page.evaluate(
            """() => [document.body, document.querySelector('svg g text')].map((one, number) => {
                const said = getComputedStyle(one)[number ? 'fill' : 'backgroundColor'];
                return said.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3;
            })"""
        )
        page_light, ink_light = lights
        assert (page_light > 200 > 60 > ink_light) if scheme == "light" else (page_light < 60 < 200 < ink_light)


PICTURES = {
    "company": ("acme", "light", DESKTOP, None),
    "customer": ("metro", "light", (1280, 1500), None),
    "why": ("metro", "dark", (1280, 1250), "#why"),
    "models": ("metro", "light", (1280, 1250), None),
    "phone": ("concord", "light", PHONE, None),
    "phone-dark": ("concord", "dark", PHONE, "#why"),
}


@pytest.mark.skipif(not _ASKED_FOR_SCREENSHOTS, reason="UPDATE_SCREENSHOTS=1 takes the pictures of the docs again")
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_of_the_docs(browser: Browser, running: Running, name: str) -> None:
    company, scheme, size, anchor = PICTURES[name]
    with seen(browser, running, size, color_scheme=scheme, reduced_motion="reduce") as opened:
        match name:
            case "company":
                page = opened.open(f"/explorer/{company}")
            case "models":
                page = opened.open(f"/explorer/{company}/models")
            case "customer" | "phone":
                page = opened.customer(company)
            case _:
                page = opened.item(company)
        if anchor:
            page.locator(anchor).evaluate("found => found.scrollIntoView()")
        path = _IMAGES / f"explorer-{name}.png"
        page.screenshot(path=path)
    with Image.open(path) as taken:
        taken.convert("RGB").quantize(method=Image.Quantize.MAXCOVERAGE).save(path, optimize=True)
    assert path.stat().st_size < _LARGEST_PICTURE
