"""The page: four answers on top, the questions as sections, one file that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from recs_platform.campaign.report import (
    answers,
    experiments,
    messages,
    next_treatments,
    order_value,
    orders,
    provided,
    revenue,
    summary,
    treatments,
)
from recs_platform.campaign.report.reading import Findings, Row
from recs_platform.pipeline.coverage import lacking_in_words
from recs_platform.reporting.blocks import ReportSection
from recs_platform.reporting.figures import day, days
from recs_platform.reporting.markup import Html, element

_FOR_MACHINES = ("metric_sums.csv",)
GENERATOR = "recs report campaign"
"""How a page says that it is ours: a folder with another page in it is not written to."""


def page(findings: Findings, csv_names: Sequence[str]) -> str:
    """The whole page; the CSVs that stand beside it are linked."""
    title = f"{findings.company.name}: campaign results, {days(findings.sent)}"
    sections = [] if findings.summary is None else list(_sections(findings))
    top = summary.nothing_sent(findings) if findings.summary is None else _top(findings, findings.summary)
    body = element(
        "body",
        element(
            "header",
            element("h1", f"{findings.company.name}: campaign results"),
            element("p", f"Messages sent {days(findings.sent)}, as known on {day(findings.as_of)}"),
            *_what_it_lacks(findings),
        ),
        element("main", *top, *_contents(sections), *map(_section, sections)),
        _files(csv_names),
    )
    html = element("html", head(title, GENERATOR), body, lang="en")
    return f"<!DOCTYPE html>\n{html}\n"


def _what_it_lacks(findings: Findings) -> Iterable[Html]:
    if findings.lacking:
        lacks = f"This report lacks {lacking_in_words(findings.lacking)}: nothing of it is in any figure."
        yield element("p", element("strong", lacks), class_="lacking")


def _top(findings: Findings, sent: Row) -> Iterable[Html]:
    yield answers.four_answers(findings, sent)
    yield summary.may_change(findings)


def _sections(findings: Findings) -> Iterable[ReportSection]:
    """Those that can be: what stands on a feed which the company does not provide is left out."""
    for section in _all_sections(findings):
        if section is not None and provided.is_shown(findings.company, section.anchor):
            yield section


def _all_sections(findings: Findings) -> Iterable[ReportSection | None]:
    """What the experiments say and what to send next, the analysts' questions in their order, how to read it all."""
    yield experiments.did_it_work(findings)
    yield next_treatments.where_next(findings)
    if findings.summary is not None:
        yield summary.in_plain_words(findings, findings.summary)
    yield messages.funnel(findings)
    yield orders.paths(findings)
    yield revenue.revenue(findings)
    yield orders.time_to_purchase(findings)
    yield treatments.treatments(findings)
    yield messages.failures(findings)
    yield order_value.mailed_against_not(findings)
    yield messages.hours(findings)
    yield orders.largest_orders(findings)
    if findings.summary is not None:
        yield summary.nutshell(findings, findings.summary)
    yield messages.machines(findings)
    yield summary.how_to_read(findings)


def head(title: str, generator: str) -> Html:
    """Of every page that is a report: it looks like the others, and says what wrote it."""
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=generator),
        element("title", title),
        element("style", Html(style)),
    )


def _contents(sections: Sequence[ReportSection]) -> Iterable[Html]:
    if sections:
        links = [element("li", element("a", section.title, href=f"#{section.anchor}")) for section in sections]
        yield element("nav", element("h3", "Contents"), element("ol", *links), aria_label="Contents")


def _section(section: ReportSection) -> Html:
    return element("section", element("h2", section.title), *section.body, id=section.anchor)


def _files(names: Sequence[str]) -> Html:
    for_people = [name for name in names if name not in _FOR_MACHINES]
    for_machines = [name for name in names if name in _FOR_MACHINES]
    said = [element("p", "All rows behind every section, unrounded: ", *_links(for_people), ".")]
    if for_machines:
        sums = "For machines, sums over customers from which the intervals of arms and periods are made again: "
        said.append(element("p", sums, *_links(for_machines), "."))
    return element("footer", *said)


def _links(names: Sequence[str]) -> list[str]:
    return [part for name in names for part in (element("a", name, href=name), ", ")][:-1]
