"""Who learns and who judges is drawn from each client's name alone, or given; no client is in two parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.by_groups import ByGroups, GivenGroups
from recs_platform.models.data import Examples, NotTrainableError, examples
from recs_platform.models.features import Bools
from recs_platform.models.final import finals_of
from recs_platform.models.windows import WINDOWS
from recs_platform_tests.models.list_worlds import (
    COLUMNS,
    FEATURES,
    MONDAY,
    SETTINGS,
    TASK,
    habits,
    read,
    rows,
    train_on,
    trained,
)

names = st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=30)
share = st.floats(0.05, 0.45)


def of_clients(clients: set[str]) -> Examples:
    """An example of each."""
    everybody = sorted(clients)
    table = rows(habits, clients=1, items=len(everybody))
    for name in ("client", "example"):
        table = table.set_column(table.column_names.index(name), name, pa.array(everybody))
    return read(table)


def part_of(rule: ByGroups | GivenGroups, examples: Examples) -> dict[str, str]:
    parts = rule.parts(examples)
    assert (sum(chosen.astype(int) for chosen in parts.values()) == 1).all()
    return {
        name: part for part, chosen in parts.items() for name in examples.groups.filter(pa.array(chosen)).to_pylist()
    }


@given(clients=names, more=names, validation=share, test=share)
def test_whoever_is_added_moves_nobody(clients: set[str], more: set[str], validation: float, test: float) -> None:
    rule = ByGroups(validation, test)
    before, after = part_of(rule, of_clients(clients)), part_of(rule, of_clients(clients | more))
    assert before == {name: after[name] for name in clients}


@given(clients=names, test=share, larger=share)
def test_another_share_of_one_part_leaves_the_other_as_it_is(clients: set[str], test: float, larger: float) -> None:
    parts = [part_of(ByGroups(0.3, size), of_clients(clients)) for size in (test, larger)]
    assert {name for name, part in parts[0].items() if part == "validation"} == {
        name for name, part in parts[1].items() if part == "validation"
    }


def test_parts_are_as_large_as_was_asked_and_of_whole_lists() -> None:
    everything = read(rows(habits, clients=4_000, items=2))
    divided = ByGroups(0.1, 0.2).divide(everything, SETTINGS)
    lists = {name: set(getattr(divided.split, name).groups.to_pylist()) for name in WINDOWS}
    assert [len(lists[name]) / 4_000 for name in WINDOWS] == pytest.approx([0.7, 0.1, 0.2], abs=0.02)
    assert sum(map(len, lists.values())) == 4_000
    assert divided.windows.train == divided.windows.test
    assert divided.stored["all"].rows == len(everything) == sum(divided.stored[name].rows for name in WINDOWS)


def test_another_week_has_the_same_clients_in_each_part() -> None:
    first, second = (
        read(rows(habits, clients=200, seed=week, day=MONDAY + timedelta(weeks=week))) for week in range(2)
    )
    assert part_of(ByGroups(), first) == part_of(ByGroups(), second)
    assert part_of(ByGroups(), first) != part_of(ByGroups(salt="others"), first)


def given_parts(of: dict[str, str], clients: int = 60) -> Examples:
    """`of` says where some clients stand; all others teach."""
    table = rows(habits, clients=clients)
    parts = pa.array([of.get(name, "train") for name in table["client"].to_pylist()])
    return examples(table.append_column("part", parts), FEATURES, replace(COLUMNS, part="part"))


def everybody(clients: int = 60) -> dict[str, str]:
    return {f"C{number:05d}": WINDOWS[number % 3] for number in range(clients)}


def test_given_parts_are_kept() -> None:
    asked = given_parts(everybody())
    assert part_of(GivenGroups(), asked) == everybody()
    split = GivenGroups().divide(asked, SETTINGS).split
    assert set(split.test.groups.to_pylist()) == {name for name, part in everybody().items() if part == "test"}


def test_given_parts_that_are_none_are_refused() -> None:
    with pytest.raises(NotTrainableError, match="a part is train, validation or test, and not holdout"):
        GivenGroups().divide(given_parts({**everybody(), "C00001": "holdout"}), SETTINGS)
    with pytest.raises(NotTrainableError, match="no column is named as their part"):
        GivenGroups().divide(read(rows(habits, clients=60)), SETTINGS)
    mixed = given_parts(everybody())
    assert mixed.parts is not None
    moved = mixed.parts.to_pylist()
    moved[0] = "test" if moved[0] != "test" else "train"
    with pytest.raises(NotTrainableError, match="1 groups stand in more than one part"):
        GivenGroups().divide(replace(mixed, parts=pa.chunked_array([moved])), SETTINGS)
    with pytest.raises(NotTrainableError, match="part is NULL in 20 examples"):
        given_parts({**everybody(), "C00001": None})  # type: ignore[dict-item]


def test_too_few_lists_with_a_success_are_refused() -> None:
    few = read(rows(habits, clients=25))
    with pytest.raises(
        NotTrainableError,
        match=r"the 500 examples of 2026-03-02 to 2026-03-02 hold \d+ lists with a success \(train \d+, "
        r"validation \d+, test \d+\); each part needs 10",
    ):
        ByGroups().divide(few, SETTINGS)
    everything = rows(habits)
    nobody = everything.filter(pc.equal(everything["bought"], 0))
    with pytest.raises(NotTrainableError, match="hold 0 lists with a success"):
        ByGroups().divide(read(nobody), SETTINGS)


@pytest.mark.parametrize(("validation", "test"), [(0, 0.2), (0.2, 0), (0.5, 0.5)])
def test_a_part_that_nobody_is_in_is_no_rule(validation: float, test: float) -> None:
    with pytest.raises(ValueError, match="shares above 0"):
        ByGroups(validation, test)


def test_what_serves_has_learned_from_the_test_and_is_stopped_by_the_validation() -> None:
    examples = read(rows(habits))
    dealt = replace(examples, labels=np.where(_is_test(examples), np.roll(examples.labels, 7), examples.labels))
    models = trained(habits).models[:1]
    (final,), (other,) = (finals_of(models, of, TASK.design) for of in (examples, dealt))
    assert final.ranker.content() != other.ranker.content()
    apart = TASK.design.split.apart(examples, SETTINGS)
    assert set(examples.where(apart).groups.to_pylist()) == set(trained(habits).validation.examples.groups.to_pylist())


def _is_test(examples: Examples) -> Bools:
    return ByGroups(0.25, 0.25).parts(examples)["test"]


def test_the_test_teaches_the_judged_nothing() -> None:
    """Outcomes of its clients dealt out anew leave every ranker as it is."""
    table = rows(habits)
    is_test = _is_test(read(table))
    ordered = table.sort_by([("as_of", "ascending"), ("example", "ascending")])
    bought = ordered["bought"].to_numpy()
    dealt = np.where(is_test, np.roll(bought, 7), bought).astype(np.int8)
    others = train_on(ordered.set_column(ordered.column_names.index("bought"), "bought", pa.array(dealt)))
    for model, other in zip(trained(habits).models, others.models, strict=True):
        assert model.ranker.content() == other.ranker.content()
        assert model.manifest.lists != other.manifest.lists
