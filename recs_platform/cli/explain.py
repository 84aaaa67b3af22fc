"""`recs explain`: why a customer is or is not recommended an offer, and what its chance is made of."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from recs_platform.cli.output import JsonOption, console, day_of, print_json, print_table
from recs_platform.errors import ConfigError

if TYPE_CHECKING:
    from recs_platform.strategies.offer_ranking.explain import Explanation, Part

_NOTHING = 5e-4
"""Log-odds that round to nothing."""


def register(app: typer.Typer) -> None:
    app.command("explain")(explain)


def explain(
    company: Annotated[str, typer.Argument(help="A company's name.")],
    customer: Annotated[str, typer.Option(help="A customer's id.")],
    offer: Annotated[str, typer.Option(help="An offer's id.")],
    date: Annotated[str | None, typer.Option(help="The day. Default: the newest with recommendations.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Why a customer is or is not recommended an offer, and what makes the chance that it is redeemed."""
    from recs_platform.companies.loader import company as find
    from recs_platform.models.shelf import open_shelf
    from recs_platform.pipeline.catalogue import pipelines
    from recs_platform.pipeline.day_reader import DayReader, day_to_explain
    from recs_platform.resources import open_warehouse
    from recs_platform.strategies.offer_ranking.explain import explain as explain_pair
    from recs_platform.strategies.offer_ranking.parameters import OfferRankingParameters

    found = find(company)
    if not isinstance(found.parameters, OfferRankingParameters):
        raise ConfigError(f"`recs explain` explains offer_ranking, and {company} is a company of {found.strategy}.")
    pipeline, warehouse = pipelines()[found.strategy], open_warehouse()
    asked = day_of(date, "--date") if date else None
    day = day_to_explain(warehouse, pipeline, found, asked, recommendations="offer_recommendations")
    models = open_shelf(found.name, run_id="recs explain")
    explanation = explain_pair(DayReader(warehouse, pipeline, found, day), models, customer.strip(), offer.strip())
    if as_json:
        print_json(asdict(explanation))
    else:
        _show(explanation)


def _show(explanation: Explanation) -> None:
    _say(f"[bold]{escape(explanation.company)} {explanation.date}[/]: {_pair(explanation)}")
    colour = "green" if explanation.verdict == "recommended" else "yellow"
    _say(f"[{colour}]{explanation.verdict.capitalize()}.[/] {escape(explanation.words)}")
    if explanation.probability is None:
        return
    _say(_chance(explanation))
    _say(f"Found because {_found(explanation.generators)}.")
    if explanation.model_version is None:
        _say("No model has scored the day: the chance is how often the offer was redeemed when it was shown.")
        print_table(
            "What is known of the pair", ("", "value"), [(p.means, p.value or "unknown") for p in explanation.parts]
        )
        return
    _show_parts(explanation)
    if not explanation.adds_up:
        _say(
            "[yellow]The parts do not give the stored score: the day's features were made again after it was scored.[/]"
        )


def _pair(explanation: Explanation) -> str:
    kind = explanation.business_type or "business of unknown kind"
    item = explanation.item or explanation.item_id
    return escape(
        f"customer {explanation.customer_id} ({kind}), offer {explanation.offer_id}: {explanation.discount:.0%} off "
        f"{item} ({explanation.category}), {explanation.starts_on} to {explanation.ends_on}"
    )


def _chance(explanation: Explanation) -> str:
    margin = explanation.expected_margin
    earned = "" if margin is None else f", worth {margin:,.2f} of margin"
    return (
        f"The chance that it is redeemed is [bold]{explanation.probability:.1%}[/]{earned}: place {explanation.place} "
        f"of the customer's {explanation.candidates} candidates."
    )


def _found(generators: tuple[str, ...]) -> str:
    from recs_platform.strategies.offer_ranking.not_found import FOUND_AS

    return "; ".join(FOUND_AS[name] for name in generators)


def _show_parts(explanation: Explanation) -> None:
    from recs_platform.models.manifest import short

    rows = [(part.means, part.value or "unknown", *_moves(part)) for part in explanation.parts]
    print_table("What its chance is made of", ("", "value", "adds", "odds", ""), rows, right=2)
    digest = short(explanation.scored_by or "")
    _say(
        f"All of them, added to the model's start of {explanation.start:+.3f}, give a raw score of "
        f"{explanation.raw_score:+.3f}. Model version {explanation.model_version} of {explanation.model_of} ({digest})."
    )


def _moves(part: Part) -> tuple[str, str, str]:
    """What the feature adds, the odds of a redemption that this makes of even ones, and in words."""
    adds = part.adds or 0.0
    if abs(adds) < _NOTHING:
        return "0.000", "x 1.00", "nothing"
    return f"{adds:+.3f}", f"x {math.exp(adds):.2f}", "raises it" if adds > 0 else "lowers it"


def _say(words: str) -> None:
    console.print(words, highlight=False, soft_wrap=True)
