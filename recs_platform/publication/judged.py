"""How what is live stood to its guardrails when it was published, for who looks at it later.

Not here: judging what could go live (proposal.py).
"""

from __future__ import annotations

from recs_platform.companies.model import Company
from recs_platform.declarations.guardrails import Guardrail
from recs_platform.pipeline.pipeline import Pipeline
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.outlet import Outlet
from recs_platform.warehouse.slices import Days


def judged_when_published(
    outlet: Outlet, pipeline: Pipeline, company: Company, live: Publication
) -> tuple[Guardrail, ...] | None:
    """By the stored comparison of its day and the limits of today; None where the comparison was made again since, and
    so is one with itself, or was never stored."""
    comparisons = pipeline.ref(outlet.product.comparison, company)
    made = [one for one in outlet.warehouse.slices(comparisons) if one.day == live.as_of]
    if not made or made[0].made_at > live.published_at:
        return None
    with outlet.warehouse.read(comparisons, Days.one(live.as_of)) as reader:
        rows = reader.read_all().to_pylist()
    return outlet.product.judge(outlet.product.compared(rows), company.parameters)
