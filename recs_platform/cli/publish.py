"""`recs publish`, `recs publications` and `recs rollback`: what a company's customers see."""

from __future__ import annotations

import getpass
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recs_platform.cli.company import CompanyArgument, CompanyCommand
from recs_platform.cli.output import FAILED, JsonOption, day_of, print_json, print_table, say
from recs_platform.errors import ConfigError

if TYPE_CHECKING:
    from recs_platform.companies.model import Company
    from recs_platform.pipeline.pipeline import Pipeline
    from recs_platform.platform_db.tables import Publication
    from recs_platform.publication.outlet import Outlet
    from recs_platform.publication.proposal import Proposal

ProductOption = Annotated[
    str | None,
    typer.Option("--product", metavar="NAME", help="Which product. Default: the recommendations, or the only product."),
]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Your name, for the record. Default: this machine's user.")
]


def register(app: typer.Typer) -> None:
    app.command("publish", cls=CompanyCommand)(publish)
    app.command("publications", cls=CompanyCommand)(publications)
    app.command("rollback", cls=CompanyCommand)(rollback)


def publish(
    name: CompanyArgument,
    date: Annotated[str | None, typer.Option(metavar="DAY", help="The day. Default: the newest that was made.")] = None,
    approve: Annotated[str | None, typer.Option(metavar="ID", help="Approve this comparison.")] = None,
    product: ProductOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> int:
    """Publish a day's recommendations, unless a check or a guardrail refuses.

    They are compared with what is live. --approve publishes what a guardrail refused, but not what a check did.
    """
    from recs_platform.publication.proposal import Standing, accept, newest_day, propose

    company, pipeline, outlet = opened(name, product)
    day = day_of(date, "--date") if date else newest_day(outlet, pipeline, company)
    proposal = propose(outlet, pipeline, company, day)
    made = accept(proposal, outlet, by=who(by), at=datetime.now(UTC), approve=approve)
    if as_json:
        print_json(_proposal_json(proposal, made))
    else:
        _tell_proposal(proposal, made)
    return 0 if made or proposal.standing in (Standing.LIVE, Standing.EMPTY) else FAILED


def publications(name: CompanyArgument, product: ProductOption = None, as_json: JsonOption = False) -> None:
    """List what was published, the newest first."""
    from recs_platform.publication.publish import publications as listed

    _, _, outlet = opened(name, product)
    versions = listed(outlet)
    if as_json:
        print_json([_publication_json(publication) for publication in versions])
        return
    if not versions:
        command = f"recs publish {name}{outlet.product.option}"
        say(f"{outlet.name} has published nothing yet. Next: ", (command, "bold"))
        return
    titles = ("version", "as of", "status", "kind", "customers", "rows", "published at", "by", "approved", "note")
    rows = [
        (p.version, p.as_of, p.status, p.kind, p.customers, p.rows, p.published_at, p.published_by, p.approved, p.note)
        for p in versions
    ]
    print_table("", titles, rows)


def rollback(
    name: CompanyArgument,
    to: Annotated[int, typer.Option("--to", min=1, metavar="VERSION", help="The version to go back to.")],
    product: ProductOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an earlier publication live again, and read it back."""
    from recs_platform.publication.publish import rollback as go_back
    from recs_platform.publication.verify import figures_of

    _, _, outlet = opened(name, product)
    made = go_back(outlet, to, by=who(by), at=datetime.now(UTC))
    if as_json:
        print_json(_publication_json(made))
        return
    say(
        ("ok", "green"),
        f"  {outlet.name}: back to version {to}, which is live as version {made.version}: "
        f"{figures_of(made).content}, read back and complete.",
    )


def opened(name: str, product: str | None) -> tuple[Company, Pipeline, Outlet]:
    """A company's product, where it becomes visible."""
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.publication.stage import outlet_of
    from recs_platform.strategies.catalogue import company_named, pipeline_of
    from recs_platform.warehouse.environment import existing_warehouse

    company = company_named(name)
    pipeline = pipeline_of(company)
    chosen = _chosen(company, pipeline, product)
    return company, pipeline, outlet_of(pipeline, chosen, company, existing_warehouse(), opened_database())


def _chosen(company: Company, pipeline: Pipeline, product: str | None) -> str:
    """The product that is named; otherwise the recommendations, or the only one there is."""
    from recs_platform.declarations.product import RECOMMENDATIONS

    there = list(pipeline.products)
    if not there:
        raise ConfigError(
            f"{company.name} publishes nothing: its strategy, {company.strategy}, has no published table."
        )
    if product is None:
        return RECOMMENDATIONS if RECOMMENDATIONS in there else there[0]
    if product not in there:
        raise ConfigError(f"--product: {company.name} publishes {' and '.join(there)}, not {product}.")
    return product


def who(by: str | None) -> str:
    try:
        return by or os.environ.get("USER") or getpass.getuser()
    except (KeyError, OSError):
        raise ConfigError("--by: this machine does not know who you are; say it.") from None


def _tell_proposal(proposal: Proposal, made: Publication | None) -> None:
    from recs_platform.publication.verify import figures_of

    say(proposal.summary(made))
    if proposal.compared is None:
        return
    say(proposal.compared.summary())
    for table in proposal.compared.sections():
        print_table(table.title, table.columns, table.rows, right=1)
    for guardrail in proposal.guardrails:
        say(("ok     ", "green") if guardrail.passed else ("refused", "red"), f" {guardrail.words}")
    for hole in proposal.holes:
        say(("refused", "red"), f" {hole}")
    for failed in proposal.failed_checks:
        say(("failed", "red"), f"  {failed}")
    if made:
        say(
            ("Published", "green"),
            f" as version {made.version}: {figures_of(made).content}, read back and complete.",
        )
    elif proposal.failed_checks:
        say(("Not published:", "red"), " a check failed, and nobody can approve that. Make the day again.")
    else:
        say(("Not published.", "red"), " To approve this comparison, and no other: ", (proposal.approval, "bold"))


def _proposal_json(proposal: Proposal, made: Publication | None) -> dict[str, Any]:
    return {
        "company": proposal.company,
        "product": proposal.product.name,
        "date": proposal.day,
        "standing": proposal.standing,
        "live_version": proposal.live.version if proposal.live else None,
        "comparison_id": proposal.comparison_id,
        "comparison": [dict(row) for row in proposal.compared.rows] if proposal.compared else [],
        "guardrails": [asdict(guardrail) for guardrail in proposal.guardrails],
        "failed_checks": proposal.failed_checks,
        "holes": proposal.holes,
        "published": _publication_json(made) if made else None,
    }


def _publication_json(publication: Publication) -> dict[str, Any]:
    columns = publication.__table__.columns
    return {column.name: getattr(publication, column.name) for column in columns if column.name != "id"}
