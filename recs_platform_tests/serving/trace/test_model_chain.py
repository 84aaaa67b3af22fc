"""The chain of a model, whole and broken at each link in every known way, on real databases and artifact stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.model_registry.registry import Registered
from recs_platform.platform_db.engine import existing_database
from recs_platform.serving.trace.link import Name
from recs_platform_tests.serving.trace.house import (
    COMPANY,
    FIRST,
    MODEL,
    REFUSED,
    SECOND,
    House,
    all_ok,
    boosted,
    first_broken,
    logistic,
    scores,
    states,
)
from recs_platform_tests.serving.trace.stand_in import KEY
from recs_platform_tests.stores.proxy import OVERLOADED, Fault, Proxy

AGAIN = f"recs run {COMPANY} --date {FIRST}"


@pytest.fixture
def served(house: House) -> Registered:
    """Version 1, trained and served."""
    version = house.train(FIRST, boosted())
    assert version is not None
    house.serve(version)
    return version


def test_a_whole_chain_is_all_ok(house: House, served: Registered) -> None:
    chain = house.chain()
    assert all_ok(chain), chain.links
    assert [link.name for link in chain.links] == ["run", "artifact", "registry row", "service", "golden prediction"]
    assert chain.version == served.version == 1
    assert "32 golden rows are scored as at training" in chain.link(Name.GOLDEN).seen
    assert all_ok(house.chain(version=1))


def test_the_newest_training_is_followed(house: House, served: Registered) -> None:
    second = house.train(SECOND, logistic(), run="run-2")
    assert second is not None
    name, seen, cause, command = first_broken(house.chain())
    assert (name, command) == ("service", "recs doctor")
    assert "serves version 1" in seen and "not version 2" in seen
    assert "has not picked up" in cause
    house.service.models[0]["registry_age_seconds"] = 75.2
    assert first_broken(house.chain())[2] == "it has not been able to read the registry for 75 s"
    house.serve(second)
    assert all_ok(house.chain())
    assert house.chain().version == 2


def test_a_run_that_pushed_nothing(house: House) -> None:
    house.shelf("run-1").begin(MODEL, FIRST, [])
    house.shelf("run-1").end(MODEL, FIRST, "trained", "It goes active.")
    chain = house.chain()
    assert first_broken(chain)[0] == "artifact"
    assert first_broken(chain)[2:] == ("the run pushed nothing", AGAIN)
    assert states(chain) == {
        "run": "ok",
        "artifact": "broken",
        "registry row": "broken",
        "service": "broken",
        "golden prediction": "unknown",
    }


def test_a_row_that_is_missing(house: House) -> None:
    house.train(FIRST, boosted(), register=False)
    name, seen, cause, command = first_broken(house.chain())
    assert (name, command) == ("registry row", AGAIN)
    assert seen == f"no row of what was trained for {FIRST}: no version is active"
    assert "never written" in cause
    assert states(house.chain())["artifact"] == "ok"


def test_a_version_that_never_was(house: House, served: Registered) -> None:
    assert states(house.chain(version=7))["artifact"] == "broken"
    assert house.chain(version=7).link(Name.REGISTRY).seen == "no row of version 7: version 1 is active"


def test_a_tag_that_was_moved(house: House, served: Registered, move_tag: Callable[[Registered, str], None]) -> None:
    move_tag(served, house.push(logistic()))
    name, seen, cause, command = first_broken(house.chain())
    assert name == "artifact"
    assert "has moved" in seen
    assert "somebody pushed other content" in cause
    in_registry = f"oras tag {served.repository}@{served.artifact_digest} 1"
    assert command == (in_registry if "/" in str(served.repository) else f"recs verify {COMPANY}")
    assert states(house.chain())["golden prediction"] == "ok", "the service goes by the digest"


def test_a_digest_that_differs(house: House, served: Registered) -> None:
    house.change(1, digest="sha256:" + "0" * 64)
    name, seen, cause, command = first_broken(house.chain())
    assert (name, command) == ("artifact", AGAIN)
    assert "does not hold the model of version 1" in seen
    assert "its digest is not sha256:0000" in cause


def test_a_candidate_that_its_verdict_kept_back(house: House, served: Registered) -> None:
    house.train(SECOND, logistic(), activate=False, run="run-2")
    chain = house.chain()
    assert all_ok(chain), "the active version is followed"
    assert chain.version == 1
    assert chain.link(Name.RUN).seen == f"run run-2 of {SECOND} trained version 2, which stays a candidate: {REFUSED}"
    name, seen, cause, command = first_broken(house.chain(version=2))
    assert (name, cause, command) == ("registry row", REFUSED, f"recs models activate {COMPANY} 2")
    assert seen == "version 2 is a candidate, not active; version 1 is active"
    assert states(house.chain(version=2))["service"] == "unknown"


def test_a_candidate_that_should_be_active(house: House, served: Registered) -> None:
    house.train(SECOND, logistic(), run="run-2")
    house.change(2, status="candidate", activated_at=None)
    house.change(1, status="active")
    name, seen, cause, command = first_broken(house.chain())
    assert (name, command) == ("registry row", f"recs models activate {COMPANY} 2")
    assert seen == "version 2 is a candidate, not active; version 1 is active"
    assert cause.startswith("its verdict lets it serve, and nobody activated it")


def test_a_service_that_refused_the_new_digest(house: House, served: Registered) -> None:
    second = house.train(SECOND, logistic(), run="run-2")
    assert second is not None
    refused = {"version": 2, "digest": second.digest, "why": "row 3 differs"}
    house.service.serves(COMPANY, MODEL, 1, served.digest, refused=refused)
    name, _, cause, command = first_broken(house.chain())
    assert (name, cause, command) == (
        "service",
        "it refused version 2: row 3 differs",
        f"recs models rollback {COMPANY}",
    )


def test_a_service_that_predicts_constants(house: House, served: Registered) -> None:
    house.service.score = lambda rows: (served.digest, [0.25] * len(rows))
    name, seen, cause, _ = first_broken(house.chain())
    assert (name, cause) == ("golden prediction", "the service predicts constants")
    assert seen == "all 32 golden rows get the same score"
    assert states(house.chain())["service"] == "ok"


@pytest.mark.parametrize("off_by", [2e-9, -0.5])
def test_a_service_that_answers_otherwise_than_at_training(house: House, served: Registered, off_by: float) -> None:
    model = house.stored[served.digest]
    house.service.score = lambda rows: (served.digest, [x + off_by * max(1, abs(x)) for x in scores(model, rows)])
    name, seen, _, _ = first_broken(house.chain())
    assert name == "golden prediction"
    assert "32 of 32 golden rows are scored otherwise than at training" in seen


def test_several_servers_that_differ(house: House, served: Registered) -> None:
    model = house.stored[served.digest]
    house.service.score = lambda rows: ("sha256:other", scores(model, rows))
    assert first_broken(house.chain())[2] == "several servers stand behind one address, and differ"


def test_a_database_that_is_down(house: House, served: Registered) -> None:
    def down() -> Engine:
        return existing_database("postgresql+psycopg://recs@127.0.0.1:1/recs")

    house.opened = down
    chain = house.chain()
    name, seen, _, command = first_broken(chain)
    assert (name, seen, command) == ("registry row", "the platform database does not answer", "recs doctor")
    assert states(chain) == {
        "run": "unknown",
        "artifact": "unknown",
        "registry row": "broken",
        "service": "unknown",
        "golden prediction": "unknown",
    }
    assert "serves version 1" in chain.link(Name.SERVICE).seen


def test_a_registry_that_cannot_be_reached(
    house: House, served: Registered, reached: tuple[Proxy, str] | None, tmp_path: Path
) -> None:
    if reached is None:
        (tmp_path / "artifacts" / str(served.repository)).rename(tmp_path / "elsewhere")
        assert first_broken(house.chain())[::2] == ("artifact", "it was deleted, or the run pushed nothing")
        return
    reached[0].faults.append(Fault(OVERLOADED, "", times=10_000))
    name, seen, cause, command = first_broken(house.chain())
    assert (name, seen, command) == ("artifact", "the artifact store cannot be asked", "recs doctor")
    assert "does not answer" in cause
    assert states(house.chain())["registry row"] == states(house.chain())["service"] == "ok"
    assert states(house.chain())["golden prediction"] == "unknown"


def test_a_service_that_is_down(house: House, served: Registered) -> None:
    house.service.url = "http://127.0.0.1:1"
    name, seen, cause, command = first_broken(house.chain())
    assert (name, seen, command) == ("service", "nothing answers at http://127.0.0.1:1", "recs serve")
    assert "the service is down" in cause


def test_a_wrong_key(house: House, served: Registered) -> None:
    house.service.key = KEY
    name, seen, cause, command = first_broken(house.chain())
    assert (name, command) == ("service", f"recs keys new {COMPANY}")
    assert seen == "the service refuses the key (status 401)"
    assert cause == "it wants a key, and RECS_SERVICE_KEY is empty"
    house.key = f"{KEY}x"
    assert first_broken(house.chain())[2] == "RECS_SERVICE_KEY is not a valid key"
    house.key = KEY
    assert all_ok(house.chain())
    assert KEY not in json.dumps(house.chain().to_json())


def test_something_else_at_the_url(house: House, served: Registered) -> None:
    for answer in ((200, b"<html>"), (200, {"models": 3}), (302, b""), (500, b"")):
        house.service.answers_with = answer
        assert first_broken(house.chain())[0] == "service"


def test_a_run_that_failed_or_was_killed(house: House) -> None:
    shelf = house.shelf("run-1")
    assert first_broken(house.chain())[:2] == ("run", f"no run ever trained {MODEL}")
    shelf.begin(MODEL, FIRST, [])
    assert first_broken(house.chain())[2] == "its process was killed"
    shelf.end(MODEL, FIRST, "failed", "MemoryError")
    assert first_broken(house.chain())[:3] == (
        "run",
        f"run run-1 of {FIRST} failed: nothing was registered",
        "MemoryError",
    )


def test_a_service_that_is_not_asked(house: House, served: Registered) -> None:
    house.service.models = []
    assert "does not know" in first_broken(house.chain())[1]
