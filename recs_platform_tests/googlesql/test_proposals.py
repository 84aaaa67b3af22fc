"""The expressions that `recs companies new --from` proposes are valid GoogleSQL over the texts of a CSV file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from recs_platform.companies.source_expression import columns_of
from recs_platform.schemas.landing import source
from recs_platform.schemas.table import spec_of
from recs_platform.sources.proposal.company_text import company_yaml
from recs_platform.sources.proposal.origin import propose_from
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.googlesql.server import GoogleSql
from recs_platform_tests.sources.proposal import worlds

pytestmark = pytest.mark.googlesql

_FILES = {
    "offers": "offer_id,sku,discount,valid_from,valid_to\n"
    "1,s1,20,2025-09-01,2025-09-08\n2,s2,5,2025-09-01,2025-09-08\n",
    "orders": "order_id,customer_id,sku,qty,amount,promo,date\n"
    + "".join(f"o{n},c{n},s{n},2,5.00 EUR,{'yes' if n % 2 else 'no'},{1756720000 + n}\n" for n in range(20)),
    "opens_clicks": "message_id,event,time\n1,open,2025-09-01 10:00:00\n2,click,2025-09-01 10:00:01\n",
    "mailings": "customer,campaign,template,sent_at\nc1,a,t,2025-09-01 09:00:00\nc2,a,t,2025-09-01 09:00:00\n",
    "products": "sku,title,price_cents,category\ns1,Oil,250,Food\ns2,Bread,199,Food\n",
}
"""A shop whose columns need every kind of expression."""


def _inline(folder: Path) -> None:
    folder.mkdir()
    for name, content in _FILES.items():
        (folder / f"{name}.csv").write_text(content)


@pytest.mark.slow
@pytest.mark.parametrize("world", [_inline, worlds.tidy, worlds.ugly])
def test_proposed_expressions_are_valid(world: Any, tmp_path: Path, googlesql: GoogleSql) -> None:
    world(tmp_path / "shop")
    company = yaml.safe_load(company_yaml(propose_from("shop", str(tmp_path / "shop"), STRATEGIES, "offer_ranking")))
    found = {(t, c): e for t, of in company["sources"].items() for c, e in of.get("expressions", {}).items()}
    if world is _inline:
        assert {column for _, column in found} >= {"send_id", "event_ts", "unit_price", "kind", "price", "discount"}
    specs = {spec_of(model).name: spec_of(source(model)) for model in STRATEGIES["offer_ranking"].source_tables}
    for (table, column), expression in found.items():
        texts = dict.fromkeys(columns_of(expression), "STRING")
        given = googlesql.analyze(f"SELECT {expression} AS v FROM file", {"file": texts}, {})["v"]
        assert given in ("STRING", specs[table].sql_types[column]), f"{table}.{column}: {expression}"
