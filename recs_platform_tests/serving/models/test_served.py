"""A real `recs serve`: what becomes active at the terminal is what answers, a moment later, without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.platform_db.engine import opened_database
from recs_platform.strategies.offer_ranking.features import TASK as OFFERS
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.serving.models.worlds import House, feature_rows, lying, version
from recs_platform_tests.serving.models.worlds import house as open_house
from recs_platform_tests.serving.running import Running, serve

pytestmark = pytest.mark.slow
PATIENCE = 60.0


def until(running: Running, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What is told of metro's model, once it is so."""
    deadline = time.monotonic() + PATIENCE
    while True:
        (metro,) = [one for one in running.get("/models").json()["models"] if one["company"] == "metro"]
        if is_so(metro):
            return dict(metro)
        assert time.monotonic() < deadline, metro
        time.sleep(0.05)


def serves(number: int) -> Callable[[dict[str, Any]], bool]:
    return lambda metro: metro["served"] is not None and metro["served"]["version"] == number


def test_activation_refusal_and_rollback_reach_a_running_service(terminal: Terminal) -> None:
    with terminal.inside():
        house: House = open_house(opened_database(), terminal.folder)
        first = house.keep(version(1))
    rows = {"company": "metro", "rows": feature_rows(OFFERS.features, 3).to_pylist()}
    with serve(terminal) as running:
        until(running, serves(1))
        assert running.post("/score", rows).json()["digest"] == first.digest
        with terminal.inside():
            second = house.keep(version(2))
        until(running, serves(2))
        told = running.post("/score", rows).json()
        assert (told["version"], told["digest"]) == (2, second.digest)
        assert told["scores"][0]["raw"] == pytest.approx(version(2).raw_scores(feature_rows(OFFERS.features, 3))[0])
        with terminal.inside():
            house.keep(lying(3))
        metro = until(running, lambda told: told["refused"] is not None)
        assert (metro["served"]["version"], metro["active"]["version"]) == (2, 3)
        assert 'recs_service_model_refused{company="metro",model="offer_ranking"} 1.0' in running.get("/metrics").text
        ended = terminal.recs("models", "rollback", "metro")
        assert ended.code == 0, ended.err
        until(running, lambda told: serves(2)(told) and told["refused"] is None)
        assert "version 3 is refused: it answers 32 of its 32 golden rows otherwise" in running.log
        assert running.end() == 0


def test_a_version_that_lies_is_not_activated_at_the_terminal(terminal: Terminal) -> None:
    with terminal.inside():
        house = open_house(opened_database(), terminal.folder)
        house.keep(version(1))
        house.keep(lying(2), active=False)
    ended = terminal.recs("models", "activate", "metro", "2")
    assert ended.code == 2
    assert "answers 32 of its 32 golden rows otherwise than at training" in ended.err
    with terminal.inside():
        shelf: ModelShelf = house.shelf("metro")
        active = shelf.active(OFFERS.model)
    assert active is not None
    assert active.version == 1
