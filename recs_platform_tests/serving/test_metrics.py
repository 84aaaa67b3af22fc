"""What the service tells Prometheus: of requests, of what it answers from, and nothing that whoever asks makes up."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from recs_platform.serving.asked import Asked
from recs_platform.serving.metric_families import FAMILIES, families_markdown
from recs_platform.serving.metrics import Counts, PrometheusMetrics
from recs_platform_tests.docs.console import ROOT
from recs_platform_tests.serving.made_up import client, made_up


def asked(company: str | None = "metro", version: int | None = 3, source: str | None = "redis") -> Asked:
    return Asked("id", "GET", "/recommendations/{company}/{customer_id}", company, "recommendations", version, source)


def told(metrics: PrometheusMetrics) -> dict[tuple[str, ...], float]:
    """By name and labels."""
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def counting(*companies: str) -> PrometheusMetrics:
    return PrometheusMetrics(lambda: companies or ("metro",), dict)


ROUTE = "route=/recommendations/{company}/{customer_id}"


def test_requests_are_counted_by_route_company_and_status_and_their_seconds_by_bucket() -> None:
    metrics = counting()
    for seconds in (0.0002, 0.0009, 0.0009, 7.0):
        metrics.answered(asked(), 200, seconds)
    metrics.answered(asked(version=None), 404, 0.003)
    values = told(metrics)
    assert values["recs_service_requests_total", "company=metro", ROUTE, "status=200"] == 4
    assert values["recs_service_requests_total", "company=metro", ROUTE, "status=404"] == 1
    buckets = {
        bound: values["recs_service_request_seconds_bucket", "company=metro", f"le={bound}", ROUTE]
        for bound in ("0.00025", "0.0005", "0.001", "0.003", "5", "+Inf")
    }
    assert buckets == {"0.00025": 1, "0.0005": 1, "0.001": 3, "0.003": 4, "5": 4, "+Inf": 5}
    assert values["recs_service_request_seconds_count", "company=metro", ROUTE] == 5
    assert values["recs_service_request_seconds_sum", "company=metro", ROUTE] == pytest.approx(7.005)


def test_answers_are_counted_by_version_and_source() -> None:
    metrics = counting()
    for version, source in ((3, "redis"), (3, "redis"), (3, "database"), (4, None)):
        metrics.answered(asked(version=version, source=source), 200, 0.5)
    values = told(metrics)
    of = {(3, "redis"): 2, (3, "database"): 1, (4, "model"): 1}
    for (version, source), count in of.items():
        labels = ("company=metro", "product=recommendations", f"source={source}", f"version={version}")
        assert values["recs_service_answers_total", *labels] == count
        assert values["recs_service_answer_seconds_total", *labels] == count * 0.5


def test_of_a_thousand_versions_the_last_three_are_told() -> None:
    counts = Counts(lambda: ("metro",))
    for version in range(1_000):
        for source in ("redis", "database"):
            counts.answered(asked(version=version, source=source), 200, 0.001)
    assert {key[2] for key in counts.answers} == {997, 998, 999}
    counts.answered(asked(version=5), 200, 0.001)  # a rollback
    assert {key[2] for key in counts.answers} == {998, 999, 5}


def test_what_whoever_asks_makes_up_is_no_label() -> None:
    counts = Counts(lambda: ("metro",))
    for number in range(1_000):
        counts.answered(asked(company=f"c{number}"), 404, 0.001)
        counts.answered(Asked("id", "GET"), 404, 0.001)
    assert {key[1] for key in counts.requests} == {""}
    assert {key[0] for key in counts.requests} == {"/recommendations/{company}/{customer_id}", ""}
    assert not counts.answers


@pytest.mark.anyio
async def test_paths_that_there_are_not_and_foreign_companies_make_one_series() -> None:
    service, _ = made_up()
    service.metrics = PrometheusMetrics(lambda: service.companies.by_name, dict)
    async with client(service) as asking:
        for number in range(30):
            await asking.get(f"/made/up/{number}")
            await asking.get(f"/recommendations/nobody{number}/c1")
        await asking.get("/recommendations/metro/c1")
        text = (await asking.get("/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith("recs_service_requests_total")]
    route = ROUTE.replace("=", '="', 1) + '"'
    assert sorted(line.removeprefix("recs_service_requests_total") for line in lines) == [
        '{company="",route="",status="404"} 30.0',
        f'{{company="",{route},status="404"}} 30.0',
        f'{{company="metro",{route},status="200"}} 1.0',
    ]
    assert "c1" not in text.replace("customer_id", "")


def test_the_table_of_the_docs_is_the_declared_one() -> None:
    page = (ROOT / "docs" / "serving-models.md").read_text()
    begin, end = "<!-- metrics: begin -->\n", "\n<!-- metrics: end -->"
    assert page.partition(begin)[2].partition(end)[0] == families_markdown()


def test_names_are_as_prometheus_wants_them() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
    for family in FAMILIES:
        assert family.name.startswith("recs_service_")
        assert family.name.endswith("_total") == (family.kind == "counter")
        assert not {"job", "instance", "le", "quantile"} & set(family.labels)
        assert family.meaning.endswith(".")
