"""The doctor on what customers are served: which version lake, database and Redis hold. A store that lags is healed."""

from __future__ import annotations

import redis
from sqlalchemy import delete
from sqlalchemy.orm import Session

from recs_platform.automation.doctor.checkup import PARTS
from recs_platform.automation.doctor.examined import State
from recs_platform.platform_db.engine import opened_database
from recs_platform.platform_db.serving_tables import ServedList, ServedVersion
from recs_platform.platform_db.tables import Publication
from recs_platform.publication.publish import publish, reconcile
from recs_platform.publication.stage import outlet_of
from recs_platform.publication.verify import verify
from recs_platform.schemas.vehicle_fitment import VehicleRecommendations
from recs_platform.strategies.catalogue import company_named, pipeline_of
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import Subject
from recs_platform.warehouse.slices import Days
from recs_platform_tests.automation.doctor.patient import Patient
from recs_platform_tests.publication.garage import DAY, arrow, owners
from recs_platform_tests.publication.shop import NOON, compared
from recs_platform_tests.stores.redis_server import RedisServer


def publish_acme(patient: Patient) -> Publication:
    """Three owners' recommendations go live; all stores are read back."""
    with patient.inside():
        company = company_named("acme")
        pipeline = pipeline_of(company)
        outlet = outlet_of(pipeline, "recommendations", company, open_warehouse(), opened_database())
        rows = arrow(VehicleRecommendations, [owner.row(DAY) for owner in owners(3)])
        subject = Subject(outlet.source.name, company.name, outlet.source, Days.one(DAY))
        outlet.warehouse.replace(subject, rows.to_reader())
        publish(outlet, DAY, compared(outlet, DAY), by="ann", at=NOON)
        live = reconcile(outlet)
        assert live is not None
        verify(outlet, live)
        return live


def told(patient: Patient) -> list[tuple[State, str]]:
    examined = [one.examined for one in patient.examined(parts={"serving": PARTS["serving"]})]
    return [(one.state, f"{one.says} {one.remedy}".strip()) for one in examined]


def test_nothing_is_live_yet(patient: Patient) -> None:
    assert told(patient) == [(State.OK, "nothing is live yet")]


def test_what_is_live_is_served_by_all(patient: Patient, redis_url: str) -> None:
    publish_acme(patient)
    what = "acme: version 1 of recommendations (2025-09-10) is live in the lake"
    assert told(patient) == [(State.OK, f"{what} and served by the platform database")]
    patient.variables["RECS_REDIS_URL"] = redis_url
    # It was never told.
    assert told(patient) == [(State.WARNING, f"{what}, but Redis serves nothing: they are in line by now")]
    assert told(patient) == [(State.OK, f"{what} and served by the platform database and Redis")]


def test_a_database_and_a_redis_that_lost_what_is_served_are_filled(patient: Patient, redis_url: str) -> None:
    patient.variables["RECS_REDIS_URL"] = redis_url
    publish_acme(patient)
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
    with patient.database() as database, Session(database) as session, session.begin():
        session.execute(delete(ServedList))
        session.execute(delete(ServedVersion))
    ((state, say),) = told(patient)
    assert state is State.WARNING
    assert "the platform database serves nothing and Redis serves nothing: they are in line by now" in say
    assert [state for state, _ in told(patient)] == [State.OK]


def test_a_redis_that_does_not_answer_is_a_warning(patient: Patient, redis_server: RedisServer) -> None:
    patient.variables["RECS_REDIS_URL"] = redis_server.url
    publish_acme(patient)
    redis_server.kill()
    ((state, say),) = told(patient)
    assert state is State.WARNING
    assert "is live in the lake, but Redis does not answer" in say
    assert "; the platform database answers meanwhile See that it runs, then: recs publications acme" in say
