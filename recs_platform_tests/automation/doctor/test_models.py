"""The doctor on artifacts of active models: there, gone, or in a store that lets nobody in."""

from __future__ import annotations

from datetime import date

import pytest

from recs_platform.automation.doctor.checkup import PARTS
from recs_platform.automation.doctor.examined import State
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import open_shelf
from recs_platform.models.challenge import ChallengeVerdict
from recs_platform.models.model import Model
from recs_platform_tests.automation.doctor.patient import Patient
from recs_platform_tests.models.test_golden import golden_of

MODEL = "offer_ranking"


@pytest.fixture
def trained() -> Model:
    return golden_of("logistic")


def keep(patient: Patient, company: str, model: Model) -> Registered:
    with patient.inside():
        verdict = ChallengeVerdict(True, "It is the first.", model.manifest.quality["test"], None)
        return open_shelf(company, run_id="run-1").keep(MODEL, model, date(2025, 10, 1), verdict)


def told(patient: Patient) -> list[tuple[State, str, str]]:
    examined = [one.examined for one in patient.examined(parts={"models": PARTS["models"]})]
    return [(one.state, one.says, one.remedy) for one in examined]


def test_no_model_is_active_yet(patient: Patient) -> None:
    assert told(patient) == [(State.OK, "no model is active yet", "")]


def test_a_tag_that_is_gone_is_told_and_the_others_are_looked_at(patient: Patient, trained: Model) -> None:
    kept = keep(patient, "acme", trained)
    keep(patient, "holley", trained)
    whole = "version 1 of offer_ranking is active, and its artifact is in"
    assert [says for _, says, _ in told(patient)] == [
        f"acme: {whole} acme-offer_ranking",
        f"holley: {whole} holley-offer_ranking",
    ]
    (patient.home / "artifacts" / str(kept.repository) / "index.json").unlink()
    (state, says, remedy), (other, *_) = told(patient)
    assert (state, other, remedy) == (State.WRONG, State.OK, "Follow it: recs trace acme")
    assert says.endswith("active, but its artifact is not there: acme-offer_ranking has no tag 1.")


def test_a_store_that_cannot_be_asked_is_told_once(patient: Patient, trained: Model) -> None:
    """Every version is asked of the same store, and each question would wait as long again."""
    for company in ("acme", "holley"):
        keep(patient, company, trained)
    for folder in (patient.home / "artifacts").iterdir():
        (folder / "index.json").unlink()
        (folder / "index.json").mkdir()
    (only,) = told(patient)
    assert only[0] is State.WRONG
