"""The doctor on the prediction service: reachable, ready, what it serves, and models that it refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recs_platform.automation.doctor.examined import State
from recs_platform_tests.automation.doctor.patient import Patient
from recs_platform_tests.serving.trace.stand_in import KEY, StandIn, stand_in


@pytest.fixture
def service(patient: Patient) -> Iterator[StandIn]:
    with stand_in() as started:
        patient.variables["RECS_SERVICE_URL"] = started.url
        yield started


def test_an_installation_without_a_service_is_skipped(patient: Patient) -> None:
    assert "no service is configured" in patient.of("service", State.SKIPPED)[0]


def test_a_service_that_is_well_says_what_it_serves(patient: Patient, service: StandIn) -> None:
    service.serves("acme", "offers", 4, "sha256:a")
    service.publications = [{"company": "acme", "product": "recommendations", "version": 12}]
    told = patient.of("service", State.OK)
    assert told[0].strip() == f"{service.url} answers and is ready"
    assert told[1].strip() == "acme: version 4 of offers and version 12 of recommendations"


def test_a_service_that_is_down(patient: Patient) -> None:
    patient.variables["RECS_SERVICE_URL"] = "http://127.0.0.1:1"
    (told,) = patient.of("service", State.WRONG)
    assert told.startswith("nothing answers at http://127.0.0.1:1")
    assert told.endswith("Start it: recs serve")


def test_a_service_that_waits_for_something(patient: Patient, service: StandIn) -> None:
    waits = [{"company": "acme", "why": "recommendations: nobody has looked yet"}]
    service.health = (503, {"live": True, "ready": False, "waiting": 1, "waiting_for": waits})
    (told,) = patient.of("service", State.WRONG)
    assert "is not ready: acme: recommendations: nobody has looked yet" in told


def test_a_model_that_was_refused(patient: Patient, service: StandIn) -> None:
    service.serves("acme", "offers", 3, "sha256:a", refused={"digest": "sha256:b", "why": "row 3 differs"})
    (told,) = patient.of("service", State.WRONG)
    assert told.startswith("acme: a version of offers was refused: row 3 differs; version 3 goes on serving")
    assert told.endswith("recs trace acme")


def test_a_key_that_is_refused(patient: Patient, service: StandIn) -> None:
    service.key = KEY
    told = patient.of("service", State.WARNING)
    assert "refuses the key" in told[0]
    patient.variables["RECS_SERVICE_KEY"] = KEY
    assert patient.of("service", State.WARNING) == []
