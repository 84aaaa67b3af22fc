"""What people see of a check: in Dagster's pages, on the terminal and in alerts."""

from typing import Any

import dagster as dg

from recs_platform.automation.figures import company_figures, figures_of
from recs_platform.automation.markdown import markdown_table
from recs_platform.clock import Tally
from recs_platform.platform_db.tables import shortened
from recs_platform.warehouse.check import Check, CheckVerdict, Severity
from recs_platform.warehouse.protocol import BoundQuery


def check_result(
    check: Check, verdict: CheckVerdict, bound: BoundQuery, company: str, spent: Tally, *, together: int = 1
) -> dg.AssetCheckResult:
    """What people see of a check: the rule in words, how often it is broken, a few masked rows, and what it took
    together with those that were judged at once."""
    figures = {
        "violations": verdict.violations,
        "share": round(verdict.share, 6),
        "tolerance": verdict.allowed,
        f"rows of {check.of}": verdict.rows,
    }
    took = {"seconds": round(spent.took.seconds, 3), **figures_of(spent.took, spent.inputs)}
    figures |= took if together == 1 else {f"{name} of {together} checks": figure for name, figure in took.items()}
    metadata = _about(check, bound) | company_figures(company, figures)
    if verdict.examples:
        metadata["examples"] = dg.MetadataValue.md(markdown_table(verdict.examples))
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=verdict.passed,
        severity=_severity(check),
        metadata=metadata,
        description=_described(check, verdict),
    )


def not_judged(check: Check, why: str, bound: BoundQuery) -> dg.AssetCheckResult:
    """Of a check that has nothing to judge: it was not run, and warns of nothing."""
    return dg.AssetCheckResult(
        check_name=check.name,
        passed=True,
        severity=_severity(check),
        metadata=_about(check, bound),
        description=f"Nothing to judge: {why}.",
    )


def _about(check: Check, bound: BoundQuery) -> dict[str, Any]:
    return {"rule": check.query.description, "sql": dg.MetadataValue.md(f"```sql\n{bound.query.text}\n```")}


def _severity(check: Check) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if check.severity is Severity.ERROR else dg.AssetCheckSeverity.WARN


def _described(check: Check, verdict: CheckVerdict) -> str:
    """What a terminal and an alert say of a verdict, on one line."""
    sentences = [verdict.finding]
    if verdict.counters:
        sentences.append(" ".join(verdict.counters.split()).removesuffix("."))
    remedy = f" {check.remedy}" if check.remedy and not verdict.passed else ""
    return shortened(f"{': '.join(sentences)}.{remedy}")
