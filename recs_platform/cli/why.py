"""`recs why`: why a customer is recommended these parts, or nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.output import JsonOption, console, day_of, print_json, print_table
from recs_platform.errors import ConfigError

if TYPE_CHECKING:
    from recs_platform.strategies.vehicle_fitment.why import Explanation, Part, Passed, Popularity

_PASSED_SHOWN = 12
_KINDS = {"product_viewed": "view", "cart_updated": "cart", "order_line": "order"}


def register(app: typer.Typer) -> None:
    app.command("why")(why)


def why(
    company: Annotated[str, typer.Argument(help="A company's name.")],
    customer: Annotated[str, typer.Argument(help="A customer's id or e-mail address.")],
    date: Annotated[str | None, typer.Option(help="The day. Default: the newest with recommendations.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Why a customer is recommended these four parts and no others, or nothing, and what would change that."""
    from recs_platform.companies.loader import company as find
    from recs_platform.pipeline.catalogue import pipelines
    from recs_platform.pipeline.day_reader import DayReader, day_to_explain
    from recs_platform.resources import open_warehouse
    from recs_platform.strategies.vehicle_fitment.evidence import gather
    from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters
    from recs_platform.strategies.vehicle_fitment.why import explain

    found = find(company)
    parameters = found.parameters
    if not isinstance(parameters, VehicleFitmentParameters):
        raise ConfigError(f"`recs why` explains vehicle_fitment, and {company} is a company of {found.strategy}.")
    pipeline, warehouse = pipelines()[found.strategy], open_warehouse()
    asked = day_of(date, "--date") if date else None
    day = day_to_explain(warehouse, pipeline, found, asked, recommendations="recommendations")
    known = gather(DayReader(warehouse, pipeline, found, day), found, day, customer)
    explanation = explain(found.name, parameters, known)
    if explanation.parts:
        explanation = replace(explanation, published=_published(explanation))
    if as_json:
        print_json(asdict(explanation))
    else:
        _show(explanation)


def _published(explanation: Explanation) -> str:
    """Which publication customers see, and whether it is of this day."""
    from recs_platform.platform_db.engine import engine, upgrade
    from recs_platform.platform_db.tables import PublicationStatus
    from recs_platform.publication.inventory import listed
    from recs_platform.publication.product import RECOMMENDATIONS
    from recs_platform.settings import settings

    database = engine(settings().database)
    upgrade(database)
    versions = listed(database, explanation.company, RECOMMENDATIONS)
    live = next((p for p in versions if p.status is PublicationStatus.LIVE), None)
    if live is None:
        return "not published"
    if live.as_of == explanation.date:
        return f"live since {live.published_at:%Y-%m-%d %H:%M} as version {live.version}"
    return f"not live: customers see version {live.version}, of {live.as_of}"


def _show(explanation: Explanation) -> None:
    who = f"{explanation.customer_id} ({explanation.email or 'no e-mail'}), {explanation.vehicle or 'no known vehicle'}"
    console.print(f"[bold]{explanation.company} {explanation.date}[/]: {who}", highlight=False, soft_wrap=True)
    if explanation.nothing:
        console.print(f"[yellow]Nothing is recommended: {explanation.nothing.reason}.[/] {explanation.nothing.words}")
        console.print(f"What would change it: {explanation.nothing.remedy}", highlight=False)
        return
    columns = ("", "part", "name", "part type", "tier", "price", "score", "= intent", "+ popularity")
    rows = [
        (p.rank, p.item_id, p.name, p.part_type, p.tier, f"{p.price:,.2f}", *_six(p.score, p.intent, p.popularity))
        for p in explanation.parts
    ]
    print_table("", columns, rows, right=5)
    for part in explanation.parts:
        _show_part(part)
    _show_passed(explanation.passed)
    console.print(f"[bold]Publication[/]: {explanation.published}.", highlight=False)
    if not all(part.adds_up for part in explanation.parts):
        console.print(
            "[yellow]The working does not give the stored scores: the company's parameters have changed since this day "
            "was made.[/]"
        )


def _show_part(part: Part) -> None:
    console.print(f"[bold]{part.rank}. {part.item_id}[/]", highlight=False)
    if part.events:
        print_table(
            f"intent {part.intent:.6f}"
            + (f", bounded from {part.intent_before_bound:.6f}" if part.intent_before_bound > part.intent else ""),
            ("event", "on", "days ago", "weight", "adds"),
            [
                (_KINDS[e.event_name], e.event_date, e.age_days, f"{e.weight:g}", f"{e.contribution:.6f}")
                for e in part.events
            ],
            right=2,
        )
    work = part.working
    print_table(
        f"popularity {part.popularity:.6f} = {_formula(work)}",
        ("tier", "segment", "orders", "weighted", "of all", "share", "shrunk share"),
        [
            (
                s.tier,
                s.segment,
                s.orders,
                f"{s.weighted_orders:,.2f}",
                f"{s.segment_orders:,.2f}",
                f"{s.share:.4%}",
                f"{s.shrunk_share:.4%}",
            )
            for s in work.segments
        ],
        right=2,
    )
    console.print(
        f"fits {work.vehicles_fitted:,} of {work.vehicles:,} vehicles, and so loses {work.lost_share:.2%}; "
        f"ordered {work.orders:,} times by anybody",
        highlight=False,
    )


def _formula(work: Popularity) -> str:
    if work.by_everybody:
        return f"2 x ln(1 + {work.orders:,} orders)"
    return f"2 x ln(1 + 1000 x {work.segments[0].shrunk_share:.4%}) x (1 - {work.lost_share:.2%})"


def _show_passed(passed: tuple[Passed, ...]) -> None:
    if not passed:
        console.print("No part would have stood before the fourth.")
        return
    print_table(
        "Stronger, and not recommended",
        ("part", "part type", "score", "intent", "because"),
        [(p.item_id, p.part_type, *_six(p.score, p.intent), "; ".join(p.reasons)) for p in passed[:_PASSED_SHOWN]],
    )
    if len(passed) > _PASSED_SHOWN:
        console.print(f"[dim]and {len(passed) - _PASSED_SHOWN} more: --json shows all.[/]")


def _six(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:.6f}" for value in values)
