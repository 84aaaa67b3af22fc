"""Models change while many ask: no request fails, and every answer is wholly of the version that it names."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from recs_platform.models.boosted import BoostedRanker
from recs_platform.models.model import Model
from recs_platform.serving.models.scoring import score_table
from recs_platform.strategies.offer_ranking.features import TASK as OFFERS
from recs_platform_tests.models.worlds import linear, trained
from recs_platform_tests.serving.made_up import client
from recs_platform_tests.serving.models.services import Scoring, known_pairs, scoring
from recs_platform_tests.serving.models.worlds import (
    House,
    base_raw,
    constant,
    feature_rows,
    fitted,
    lying,
    truncate,
    version,
)

pytestmark = pytest.mark.anyio
SWAPS = 20
ROWS = feature_rows(OFFERS.features, 120, seed=11)
"""More than are scored on the event loop."""
PAIRS = [{"customer_id": f"c{n // 10}", "offer_id": f"o{n % 10}"} for n in range(1_000)]
BAD: dict[int, Callable[[int], Model]] = {
    4: lying,
    8: version,  # spoiled
    11: constant,
    15: version,  # spoiled
    18: lambda _: trained(linear).candidate,  # other features
}


def another_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{}")


SPOILED = {8: truncate, 15: another_manifest}


@pytest.mark.slow
async def test_twenty_swaps_under_load_fail_no_request_and_mix_no_answer(house: House) -> None:
    house.keep(version(1))
    made = await scoring(house)
    digests: dict[int, str] = {row.version: row.digest for row in house.shelf("metro").versions(OFFERS.model)}
    answers: list[tuple[str, httpx.Response]] = []
    async with client(made.service) as asking, asyncio.timeout(300), asyncio.TaskGroup() as asked:
        askers = [asked.create_task(ask(asking, n, answers)) for n in range(3)]
        for number in range(2, SWAPS + 2):
            digests[number] = await asyncio.to_thread(new_version, house, number)
            await made.models.look()
            held = made.models.held["metro", "offer_ranking"]
            assert (held.refused is not None) == (number in BAD), number
            seen = len(answers)
            while len(answers) < seen + 6:
                await asyncio.sleep(0.001)
        for asker in askers:
            asker.cancel()
    assert {response.status_code for _, response in answers} == {200}
    told = {response.json()["version"] for _, response in answers}
    assert told == {number for number in range(1, SWAPS + 2) if number not in BAD}
    for kind, response in answers:
        of_one_version(kind, response, digests)


def new_version(house: House, number: int) -> str:
    """Active, whatever is wrong with it; its digest."""
    row = house.keep(BAD.get(number, version)(number), active=number not in BAD)
    if number in SPOILED:
        house.store.spoil[row.digest] = SPOILED[number]
    if number in BAD:
        house.activate(number)
    return row.digest


async def ask(asking: httpx.AsyncClient, number: int, answers: list[tuple[str, httpx.Response]]) -> None:
    """Over and over, until it is cancelled."""
    bodies = (
        ("few", {"rows": ROWS.slice(0, 3).to_pylist()}),
        ("rows", {"rows": ROWS.to_pylist()}),
        ("pairs", {"pairs": PAIRS[:300]}),
    )
    kind, body = bodies[number % 3]
    while True:
        await asyncio.sleep(0.002)  # nothing of a few rows waits for anything: nobody else would have a turn
        answers.append((kind, await asking.post("/score", json={"company": "metro", **body})))


BASE = {"rows": ROWS, "pairs": known_pairs().slice(0, 300)}


def of_one_version(kind: str, response: httpx.Response, digests: dict[int, str]) -> None:
    told = response.json()
    assert told["digest"] == digests[told["version"]]
    raw = np.array([one["raw"] for one in told["scores"]])
    base = base_raw(BASE.get(kind, ROWS.slice(0, 3)))
    assert np.abs(raw - base - 100.0 * told["version"]).max() < 1e-6


async def test_a_swap_between_lookup_and_score_leaves_the_answer_with_one_version(house: House) -> None:
    """The warehouse takes its time; meanwhile another version becomes active."""
    house.keep(version(1))
    made = await scoring(house)
    loop, plain = asyncio.get_running_loop(), made.warehouse

    def slow(*arguments):  # type: ignore[no-untyped-def]  # a warehouse's
        house.keep(version(2))
        asyncio.run_coroutine_threadsafe(made.models.look(), loop).result(10)
        return plain(*arguments)

    made.service.lookup._ask = slow
    async with client(made.service) as asking:
        first = (await asking.post("/score", json={"company": "metro", "pairs": PAIRS[:5]})).json()
        second = (await asking.post("/score", json={"company": "metro", "pairs": PAIRS[:5]})).json()
    assert (first["version"], second["version"]) == (1, 2)
    for told in (first, second):
        raw = np.array([one["raw"] for one in told["scores"]])
        assert raw - base_raw(known_pairs().slice(0, 5)) == pytest.approx(100.0 * told["version"])


async def test_two_companies_swap_apart(house: House) -> None:
    model, _ = fitted("replenishment", "boosted")
    house.keep(version(1))
    house.keep(model, "concord", "replenishment")
    made = await scoring(house)
    house.keep(version(2))
    await made.look()
    async with client(made.service) as asking:
        items = made.service.companies.by_name["concord"].company.strategy.model.task.features  # type: ignore[union-attr]
        of_items = {"company": "concord", "rows": feature_rows(items, 2).to_pylist()}
        of_offers = {"company": "metro", "rows": ROWS.slice(0, 2).to_pylist()}
        told = [(await asking.post("/score", json=body)).json() for body in (of_items, of_offers)]
    assert [(one["company"], one["version"]) for one in told] == [("concord", 1), ("metro", 2)]


def of_trees(number: int) -> Model:
    """Another digest, other trees in memory, and the same scores."""
    model, _ = fitted(kind="boosted")
    assert isinstance(model.ranker, BoostedRanker)
    return replace(model, manifest=model.manifest.model_copy(update={"code_version": f"1.0.{number}"}))


@pytest.mark.slow
async def test_fifty_swaps_leave_one_model_in_memory(house: House) -> None:
    house.keep(of_trees(0))
    made = await scoring(house)
    seen: list[weakref.ref[object]] = []
    async with client(made.service) as asking:
        for number in range(1, 51):
            house.keep(of_trees(number))
            await made.models.look()
            answer = await asking.post("/score", json={"company": "metro", "rows": ROWS.to_pylist()})
            assert answer.json()["version"] == number + 1
            held = made.models.held["metro", "offer_ranking"].loaded
            assert held is not None
            assert isinstance(held.model.ranker, BoostedRanker)
            seen.append(weakref.ref(held.model.ranker._booster))
            del held
    gc.collect()
    assert sum(booster() is not None for booster in seen) == 1


async def test_threads_score_by_the_same_trees_at_once(house: House) -> None:
    house.keep(of_trees(0))
    made: Scoring = await scoring(house)
    loaded = made.models.held["metro", "offer_ranking"].loaded
    assert loaded is not None
    alone = score_table(loaded, ROWS, explain=True)
    with ThreadPoolExecutor(8) as threads:
        for one in threads.map(lambda _: score_table(loaded, ROWS, explain=True), range(64)):
            assert np.array_equal(one.raw, alone.raw)
            assert np.array_equal(one.contributions, alone.contributions)  # type: ignore[arg-type]  # it was asked for


async def test_ten_thousand_pairs_are_answered_in_order(house: House) -> None:
    house.keep(of_trees(0))
    made = await scoring(house)
    async with client(made.service) as asking:
        answer = await asking.post("/score", json={"company": "metro", "pairs": PAIRS * 10})
    raw = np.array([one["raw"] for one in answer.json()["scores"]])
    assert np.array_equal(raw, np.tile(of_trees(0).raw_scores(known_pairs()), 10))
