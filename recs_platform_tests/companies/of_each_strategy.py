"""A simulated company of each strategy: the built-in ones, and one for a strategy that has none."""

from __future__ import annotations

from recs_platform.companies.model import Company
from recs_platform.strategies.catalogue import KNOWN, STRATEGIES, built_in_companies


def companies_of_each_strategy() -> dict[str, Company]:
    """By the name of the strategy."""
    built_in = {company.strategy.name: company for company in built_in_companies()}
    return {name: built_in.get(name) or _made_up(name) for name in STRATEGIES}


def _made_up(strategy: str) -> Company:
    given = {"name": f"of_{strategy}", "strategy": strategy, "dataset": f"of_{strategy}", "timezone": "UTC"}
    return Company.model_validate(
        {**given, "currency": "EUR", "start_date": "2025-09-01", "simulation": {"customers": 50}}, context=KNOWN
    )
