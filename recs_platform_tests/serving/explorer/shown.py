"""Facts for pages, and a page as a strict parser reads it. Not here: what is expected of pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

from recs_platform.declarations.guardrails import Guardrail
from recs_platform.model_registry.registry import Registered
from recs_platform.serving.explorer.facts import CompanyFacts, CustomerFacts, Given, Live, Row

AT = datetime(2025, 9, 3, 8, tzinfo=UTC)
LIVE = Live("recommendations", 3, date(2025, 9, 2), AT, AT, 1_200, by="run 1234abcd")
KEPT = Guardrail("stability", 0.9, 0.7, True, "90.00% keep all; min_stability is 70.00%")
BROKEN = Guardrail("price_move", 0.3, 0.15, False, "the average price moves by 30.00%; max_price_move is 15.00%")
NASTY = """<script>alert("it's & not")</script>"""


def items(*names: str, **more: Any) -> list[Row]:
    return [{"rank": rank, "item_id": name, "score": 1 / rank, **more} for rank, name in enumerate(names, 1)]


def given(rows: Sequence[Row], version: int = 3) -> Given:
    return Given(version, LIVE.as_of if version == LIVE.version else date(2025, 8, 30), AT, rows)


def customer(**changed: Any) -> CustomerFacts:
    facts = CustomerFacts("metro", "C1", LIVE, "redis", given(items("a", "b")), None, None, ())
    return replace(facts, **changed)


def company(**changed: Any) -> CompanyFacts:
    return replace(CompanyFacts("metro", "offer_ranking", True, (LIVE,), ("C1", "C2"), has_models=True), **changed)


def version(number: int, status: str, **changed: Any) -> Registered:
    made = Registered(
        company="metro",
        model="offer_ranking",
        version=number,
        digest=f"sha256:{number:064d}",
        uri="",
        as_of=date(2025, 9, number),
        status=status,
        metrics={"candidate": {"roc_auc": 0.8058, "rows": 1200, "constant": False}, "champion": None},
        words="It beats the base rate.",
        run_id="1234abcd",
        code_version="1",
        trained_at=AT,
        activated_at=AT if status == "active" else None,
        by="run 1234abcd" if status == "active" else None,
        features=({"name": "price", "kind": "number"},),
        champion=None,
        replaced=None,
        repository="models/metro-offer_ranking",
        tag=str(number),
        artifact_digest=f"sha256:{number:064d}",
    )
    return replace(made, **changed)


def texts(page: ElementTree.Element, path: str) -> list[str]:
    return [" ".join("".join(found.itertext()).split()) for found in page.findall(f".//{path}")]
