"""`recs compare`: what changed between two days' recommendations."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from recs_platform.cli.output import JsonOption, console, day_of, print_json, print_table

_SHOWN_SWAPS = 10


def register(app: typer.Typer) -> None:
    app.command("compare")(compare)


def compare(
    company: Annotated[str, typer.Argument(help="A company's name.")],
    a: Annotated[str, typer.Option("--a", help="The day that is compared with.")],
    b: Annotated[str, typer.Option("--b", help="The day that is compared.")],
    as_json: JsonOption = False,
) -> None:
    """What changed between two days' recommendations: customers gained and lost, parts, prices, the largest swaps."""
    from recs_platform.companies.loader import company as find
    from recs_platform.pipeline.catalogue import pipelines
    from recs_platform.reporting.compare import compare_days
    from recs_platform.resources import open_warehouse

    found = find(company)
    before, after = day_of(a, "--a"), day_of(b, "--b")
    figures = compare_days(open_warehouse(), pipelines()[found.strategy], found, before, after)
    if as_json:
        named = [{name: value for name, value in figure.items() if name != "as_of"} for figure in figures]
        print_json({"company": company, "a": before, "b": after, "figures": named})
        return
    sections: dict[str, list[dict[str, Any]]] = {}
    for figure in figures:
        sections.setdefault(figure["section"], []).append(figure)
    console.print(f"[bold]{company}[/]: {before} -> {after}", highlight=False)
    _counts("Customers", "", sections.get("customers", []))
    _counts("Lost because", "cause", sections.get("lost_because", []))
    _counts("Parts changed per customer", "parts", _by_name(sections.get("changed_per_customer", [])))
    _counts("Changed at position", "position", _by_name(sections.get("changed_at_position", [])))
    _counts("Scores", "", sections.get("scores", []))
    _prices(_by_name(sections.get("average_price", [])), str(before), str(after))
    _swaps(sections.get("swaps", []))


def _by_name(figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(figures, key=lambda figure: str(figure["name"]))


def _counts(title: str, what: str, figures: list[dict[str, Any]]) -> None:
    if figures:
        rows = [(figure["name"], figure["count"], _percent(figure["share"])) for figure in figures]
        print_table(title, (what, "count", "share"), rows, right=1)


def _prices(figures: list[dict[str, Any]], before: str, after: str) -> None:
    rows = [(f["name"], f["before"], f["after"], _percent(f["share"], sign="+")) for f in figures]
    print_table("Average price", ("position", before, after, "moved"), rows, right=1)


def _swaps(figures: list[dict[str, Any]]) -> None:
    if not figures:
        console.print("No part replaced another.")
        return
    rows = [(f["name"], f["count"], _percent(f["share"]), f["detail"]) for f in figures[:_SHOWN_SWAPS]]
    print_table("Largest swaps", ("swap", "customers", "share", "orders and scores of everybody"), rows)


def _percent(share: float | None, *, sign: str = "") -> str:
    return "" if share is None else f"{share:{sign}.2%}"
