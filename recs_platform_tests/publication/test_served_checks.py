"""The checks of what is served, in real runs of Dagster, beside a service that a test makes lag behind."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from recs_platform.assembly import served_checks
from recs_platform.automation.partitions import partition_key, partitions_of
from recs_platform.companies.model import Company
from recs_platform.publication.publish import publications
from recs_platform.serving.trace import served
from recs_platform.serving.trace.link import Chain, Name, broken, ok
from recs_platform.serving.trace.served import MODEL_CHECK, PUBLICATION_CHECK
from recs_platform.settings import settings
from recs_platform.strategies.catalogue import load_companies, pipeline_of
from recs_platform_tests.publication.garage import DAY, NAME, Garage, owners
from recs_platform_tests.serving.trace.stand_in import StandIn, stand_in

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::dagster.BetaWarning", "ignore::dagster.PreviewWarning", "ignore:Asset job"),
]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    monkeypatch.setattr(served, "PATIENCE_SECONDS", 0.0)
    with stand_in() as started:
        monkeypatch.setenv("RECS_SERVICE_URL", started.url)
        settings.cache_clear()
        yield started


def verdict(run: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = [
        one for one in run.get_asset_check_evaluations()
        if (one.check_name, one.asset_key.path[-1]) == (PUBLICATION_CHECK, "publication")
    ]  # fmt: skip
    return found


def test_without_a_service_the_check_says_that_it_was_not_made(garage: Garage) -> None:
    garage.plan(DAY, owners(10))
    run = garage.run(DAY)
    assert run.success
    assert verdict(run).passed
    assert verdict(run).description == "Not checked: no service is asked: RECS_SERVICE_URL is not set."


def test_a_service_that_is_behind_fails_the_check_and_nothing_else(garage: Garage, service: StandIn) -> None:
    service.publications = [{"company": NAME, "product": "recommendations", "version": None}]
    garage.plan(DAY, owners(10))
    run = garage.run(DAY)
    assert run.success, "the day is as good as before"
    found = verdict(run)
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert found.description is not None
    assert found.description.startswith(f"service: {service.url} serves version None, not 1 (")
    assert found.description.endswith(" Next: recs doctor")
    assert [str(one.status) for one in publications(garage.outlet)] == ["live"]


def test_a_model_that_does_not_arrive_fails_its_check(monkeypatch: pytest.MonkeyPatch, service: StandIn) -> None:
    behind = broken(Name.SERVICE, "it serves version 1, not version 2", "it refused it: constants", "recs doctor")
    links = (ok(Name.ARTIFACT, "there"), ok(Name.REGISTRY, "active"), behind)
    asked = []

    def chain(company: Company, model: str) -> Chain:
        asked.append((company.name, model))
        return Chain(company.name, "model", model, 2, links)

    monkeypatch.setattr(served_checks, "model_chain", chain)
    (found,) = _model_check().get_asset_check_evaluations()
    assert asked == [("metro", "offer_ranking")]
    assert (found.check_name, found.passed, found.severity) == (MODEL_CHECK, False, dg.AssetCheckSeverity.WARN)
    assert found.description == f"{behind.finding}. Next: recs doctor"
    assert "| service | broken | it serves version 1, not version 2 |" in str(found.metadata["chain"].value)
    links = links[:2]
    (found,) = _model_check().get_asset_check_evaluations()
    assert found.passed


def _model_check() -> dg.ExecuteInProcessResult:
    """Its run beside a table of which nothing else is made."""
    metro = load_companies()["metro"]
    pipeline, model = pipeline_of(metro), metro.strategy.model
    assert model is not None
    partitions = partitions_of([metro])

    @dg.asset(key=[pipeline.strategy.name, model.trained], partitions_def=partitions)
    def trained() -> None: ...

    definitions = dg.Definitions(
        assets=[trained],
        asset_checks=[served_checks.served_model_check(pipeline, model, {"metro": metro}, partitions)],
        jobs=[dg.define_asset_job("day", selection="*", partitions_def=partitions)],
        resources={
            "warehouse": dg.ResourceDefinition.none_resource(),
            "journal": dg.ResourceDefinition.none_resource(),
        },
    )
    return definitions.resolve_job_def("day").execute_in_process(partition_key=partition_key("metro", DAY))
