"""`recs trace`: whether what was trained and published truly arrives at customers, link by link."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import FAILED, JsonOption, Part, print_json, say
from recs_platform.errors import ConfigError
from recs_platform.plurals import counted

if TYPE_CHECKING:
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.serving.trace.link import Chain, Link

_SHOWN = {"ok": ("ok", "green"), "broken": ("BROKEN", "bold red"), "unknown": ("unknown", "yellow")}
_WIDTH = 8


def register(app: typer.Typer) -> None:
    app.command("trace", cls=CompanyCommand)(trace)


def trace(
    name: CompanyArgument,
    version: Annotated[
        int | None,
        typer.Option(
            "--version",
            min=1,
            metavar="VERSION",
            help="Follow this version of the model. Default: what was trained last.",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="Follow this model alone.")] = None,
    product: Annotated[str | None, typer.Option("--product", metavar="NAME", help="Follow this product alone.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Follow what was trained and published to the customers, link by link.

    It changes nothing. Of what is broken it says the likely cause and the next command, and ends with exit code 1.
    """
    from recs_platform.serving.trace.open import model_chain, publication_chain
    from recs_platform.settings import require_home
    from recs_platform.strategies.catalogue import company_named, pipeline_of

    company = company_named(name)
    pipeline = pipeline_of(company)
    models, products = _chosen(company, pipeline, model, product, version)
    require_home()
    looks = [partial(model_chain, company, one, version) for one in models]
    looks += [partial(publication_chain, company, pipeline, one) for one in products]
    chains = []
    for look in looks:
        chains.append(look())
        if not as_json:
            _tell(chains[-1], first=len(chains) == 1)
    if as_json:
        print_json([chain.to_json() for chain in chains])
    return FAILED if any(chain.broken for chain in chains) else 0


def _chosen(
    company: Company, pipeline: Pipeline, model: str | None, product: str | None, version: int | None
) -> tuple[list[str], list[str]]:
    """All models and products, unless one is named."""
    trained = [company.strategy.model.task.model] if company.strategy.model else []
    published = list(pipeline.products)
    if not (trained or published):
        raise ConfigError(f"{company.name} trains and publishes nothing: its strategy is {company.strategy}.")
    if product is not None and (model is not None or version is not None):
        raise ConfigError("--product: a product has no --model and no --version; follow one of them.")
    if (model is not None or version is not None) and not trained:
        raise ConfigError(f"{company.name} trains no models: its strategy, {company.strategy}, ranks without one.")
    if model not in (None, *trained):
        raise ConfigError(f"--model: {company.name} trains {trained[0]}, not {model}.")
    if product is not None and product not in published:
        raise ConfigError(f"--product: {company.name} publishes {' and '.join(published) or 'nothing'}, not {product}.")
    if product is not None:
        return [], [product]
    return trained, [] if model is not None or version is not None else published


def _tell(chain: Chain, *, first: bool) -> None:
    if not first:
        say()
    version = f" version {chain.version}" if chain.version else ""
    say((f"{chain.company}: {chain.of}{version}", "bold"))
    for link in chain.links:
        _tell_link(link)
    say(*_summary(chain))


def _tell_link(link: Link) -> None:
    text, style = _SHOWN[link.state]
    say((f"{text:<{_WIDTH}}", style), (link.name, "bold"), f": {link.seen}")
    indent = " " * _WIDTH
    if link.cause:
        say(indent, "cause: ", link.cause)
    if link.command:
        say(indent, "next:  ", (link.command, "bold"))


def _summary(chain: Chain) -> list[Part]:
    if chain.broken:
        first = chain.broken[0]
        return [("BROKEN", "bold red"), f" at {first.name}. Begin there: ", (first.command, "bold")]
    if chain.unknown:
        return [("Nothing is broken", "green"), f"; {counted(len(chain.unknown), 'link')} could not be looked at."]
    return [("All ok", "bold green"), ": what was made is what customers get."]
