"""docs/proofs.md between its markers. `python -m recs_platform_tests.docs.proofs_page` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from recs_platform.companies.model import Company
from recs_platform.pipeline.pipeline import SqlTable
from recs_platform.strategies.catalogue import built_in_companies, pipeline_of
from recs_platform.warehouse.proof.declared import declared_rules
from recs_platform.warehouse.proof.guarantee import Guarantee
from recs_platform.warehouse.slices import Days, key_of_slices

PAGE = Path(__file__).parents[2] / "docs" / "proofs.md"
BEGIN, END = "<!-- proofs: begin -->\n", "\n<!-- proofs: end -->"


def derived() -> str:
    rows = dict[str, tuple[str, str]]()
    for company in sorted(built_in_companies(), key=lambda company: company.name):
        for name, proved in _tables(company):
            rows.setdefault(name, proved)
    keys = [key for key, _ in rows.values()]
    lines = [
        f"Of {len(rows)} tables that queries make, {len(keys) - keys.count('')} have a key: {keys.count('query')} "
        f"follow from their queries alone, {keys.count('query and inputs')} from them and their inputs, and "
        f"{keys.count('counted')} are counted.",
        "",
        "| Table | Key | Columns of a few texts |",
        "|---|---|---|",
        *(f"| `{name}` | {key or 'none'} | {texts or 'none'} |" for name, (key, texts) in sorted(rows.items())),
    ]
    return "\n".join(lines)


def _tables(company: Company) -> Iterator[tuple[str, tuple[str, str]]]:
    pipeline, day = pipeline_of(company), Days.one(company.start_date + timedelta(days=40))
    for name, table in pipeline.tables.items():
        if not isinstance(table, SqlTable):
            continue
        bound, key = pipeline.bind(name, company, day), key_of_slices(table.spec)
        alone, trusting = (
            Guarantee(bound.query.tree, bound.values, bound.views, trusted)
            for trusted in (frozenset[str](), frozenset(view.name for view in bound.views))
        )
        how = "query" if alone.key(key) else "query and inputs" if trusting.key(key) else "counted"
        listed = [rule for rule in declared_rules(table.spec) if rule.word == "isin"]
        words = {rule.column: trusting.words(rule.column) for rule in listed}
        known = {rule.column: (said := words[rule.column]) is not None and said <= {*rule.value} for rule in listed}
        texts = ", ".join(f"`{column}` {'query' if proved else 'counted'}" for column, proved in known.items())
        yield name, (how if table.spec.key else "", texts)


def stated() -> str:
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}{derived()}{END}{rest.partition(END)[2]}", encoding="utf-8")
