"""What is active is held once it has been proved; whatever goes wrong, what served goes on serving, and why is told."""

from __future__ import annotations

import asyncio
import re
import shutil

import pytest
from sqlalchemy.exc import OperationalError

from recs_platform.errors import UnavailableError
from recs_platform.model_registry import registry
from recs_platform.models.model import Model
from recs_platform.serving.models.holder import RegistryModels
from recs_platform.serving.models.loaded import Held
from recs_platform.strategies.offer_ranking.features import TASK as OFFERS
from recs_platform_tests.models.worlds import linear, trained
from recs_platform_tests.serving.made_up import made_up
from recs_platform_tests.serving.models.worlds import AT, House, constant, fitted, lying, truncate, version

pytestmark = pytest.mark.anyio
METRO = ("metro", OFFERS.model)


def models(house: House) -> RegistryModels:
    return house.holder(made_up()[0].companies)


def served(held: Held) -> int | None:
    return held.loaded.version if held.loaded else None


async def test_what_is_active_is_held_and_named(house: House) -> None:
    kept, holder = house.keep(version(1)), models(house)
    assert {name for name, _ in holder.not_ready()} == {"metro", "concord"}
    await holder.look()
    held = holder.held[METRO]
    assert held.loaded is not None
    assert (held.loaded.version, held.loaded.digest, held.loaded.loaded_at) == (1, kept.digest, AT)
    assert held.loaded.golden == "32 golden rows answered as at training"
    assert held.active == (1, kept.digest)
    assert holder.not_ready() == []  # concord has no model yet, and that is no trouble


async def test_a_new_active_version_takes_its_place_and_a_rollback_gives_it_back(house: House) -> None:
    house.keep(version(1))
    holder = models(house)
    await holder.look()
    house.keep(version(2))
    await holder.look()
    assert served(holder.held[METRO]) == 2
    house.shelf("metro").rollback(OFFERS.model, OFFERS.features, by="ann")
    await holder.look()
    assert served(holder.held[METRO]) == 1


async def test_what_is_active_already_is_not_loaded_again(house: House) -> None:
    house.keep(version(1))
    holder = models(house)
    for _ in range(5):
        await holder.look()
    assert house.store.pulls == 1


def of_other_features() -> Model:
    return trained(linear).candidate


BAD = {
    "truncated": (lambda: version(2), truncate, r"model\.json: its bytes are not those that the manifest names"),
    "another digest": (
        lambda: version(2),
        lambda folder: (folder / "manifest.json").write_bytes(b"{}"),
        r"manifest\.json: its bytes are not those",
    ),
    "gone": (lambda: version(2), shutil.rmtree, r"manifest\.json: it cannot be read \(No such file"),
    "lying": (lambda: lying(2), None, "it answers 32 of its 32 golden rows otherwise than at training"),
    "constant": (lambda: constant(2), None, "it gives all of its 32 golden rows the same score"),
    "constant, before golden rows": (
        lambda: constant(2).judged,
        None,
        "it makes nothing of its features, and gives everybody the same score",
    ),
    "other features": (of_other_features, None, r"manifest\.json: feature 1 of the model is taste"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_version_never_takes_the_place_of_a_good_one(house: House, case: str) -> None:
    make, spoil, why = BAD[case]
    house.keep(version(1))
    holder = models(house)
    await holder.look()
    bad = house.keep(make(), active=False)
    if spoil:
        house.store.spoil[bad.digest] = spoil  # type: ignore[assignment]  # what it returns does not matter
    house.activate(2)
    await holder.look()
    held = holder.held[METRO]
    assert served(held) == 1
    assert held.active == (2, bad.digest)
    assert held.refused is not None
    assert (held.refused.version, held.refused.digest, held.refused.at) == (2, bad.digest, AT)
    assert re.match(why, held.refused.why), held.refused.why
    assert str(house.store.scratch) not in held.refused.why
    assert holder.not_ready() == []  # the good one answers
    house.keep(version(3))
    await holder.look()
    assert (served(holder.held[METRO]), holder.held[METRO].refused) == (3, None)


async def test_at_the_start_a_bad_version_leaves_the_company_unready_and_the_others_ready(house: House) -> None:
    house.keep(lying(1))
    holder = models(house)
    await holder.look()
    ((company, why),) = holder.not_ready()
    assert company == "metro"
    assert why.startswith("offer_ranking: version 1 is not served: it answers 32 of its 32 golden rows otherwise")


async def test_a_version_that_lies_is_not_tried_again_until_the_row_changes(house: House) -> None:
    house.keep(version(1))
    house.keep(lying(2))
    holder = models(house)
    for _ in range(3):
        house.now += 10_000
        await holder.look()
    assert house.store.pulls == 1


async def test_an_artifact_that_is_mended_is_taken_although_its_row_is_the_same(house: House) -> None:
    house.keep(version(1))
    holder = models(house)
    await holder.look()
    bad = house.keep(version(2))
    house.store.spoil[bad.digest] = truncate
    await holder.look()
    house.store.spoil.clear()
    await holder.look()
    assert served(holder.held[METRO]) == 1  # not at once
    house.now += 31
    await holder.look()
    assert (served(holder.held[METRO]), holder.held[METRO].refused) == (2, None)


async def test_a_store_that_does_not_answer_is_asked_again_ever_more_seldom(house: House) -> None:
    house.keep(version(1))
    holder = models(house)
    await holder.look()
    house.keep(version(2))
    house.store.trouble = UnavailableError("https://somewhere: it does not answer.")
    before = house.store.pulls
    for _ in range(300):
        await holder.look()
        house.now += 1
    held = holder.held[METRO]
    assert served(held) == 1
    assert held.refused is not None
    assert held.refused.why == "the artifact store cannot be read (UnavailableError)"
    assert house.store.pulls - before == held.refused.tries == 10  # 1, 2, 4 ... 32, 60, 60 ... seconds apart
    house.store.trouble = None
    house.now += 60
    await holder.look()
    assert served(holder.held[METRO]) == 2


async def test_while_the_registry_is_away_what_serves_goes_on_and_its_age_grows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.keep(version(1))
    holder = models(house)
    assert holder.registry_age(METRO) is None
    await holder.look()

    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("no route to host"))

    with monkeypatch.context() as patch:
        patch.setattr(registry, "active", away)
        house.now += 90
        await holder.look()
        assert served(holder.held[METRO]) == 1
        assert holder.registry_age(METRO) == 90
        assert holder.not_ready() == []
    await holder.look()
    assert holder.registry_age(METRO) == 0


async def test_without_a_registry_at_the_start_nobody_is_ready(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("no route to host"))

    monkeypatch.setattr(registry, "active", away)
    holder = models(house)
    await holder.look()
    assert ("metro", "offer_ranking: the registry has not answered yet") in holder.not_ready()


async def test_a_registry_that_was_emptied_takes_no_model_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.keep(version(1))
    holder = models(house)
    await holder.look()
    monkeypatch.setattr(registry, "active", lambda *_: None)
    await holder.look()
    assert served(holder.held[METRO]) == 1
    assert holder.held[METRO].active is None


async def test_companies_do_not_see_each_others_models(house: House) -> None:
    item, _ = fitted("replenishment", "boosted")
    house.keep(version(1))
    house.keep(item, "concord", "replenishment")
    holder = models(house)
    await holder.look()
    house.keep(lying(2))
    await holder.look()
    assert {key: served(held) for key, held in holder.held.items()} == {METRO: 1, ("concord", "replenishment"): 1}
    assert holder.held["concord", "replenishment"].refused is None
    assert holder.held["concord", "replenishment"].loaded.golden == "no golden rows"  # type: ignore[union-attr]


async def test_it_watches_by_itself_and_ends(house: House) -> None:
    house.keep(version(1))
    holder = house.holder(made_up()[0].companies)
    holder._look_seconds = 0.01
    await holder.start()
    async with asyncio.timeout(10):
        while served(holder.held.get(METRO, Held())) != 1:
            await asyncio.sleep(0.01)
        house.keep(version(2))
        while served(holder.held[METRO]) != 2:
            await asyncio.sleep(0.01)
    await holder.stop()
