"""Leaving failures out, and what the correction makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.models.sampling import corrected, keep, kept_share, rate_for, sigmoid

IDS = [f"I{number}" for number in range(20_000)]
LABELS = np.arange(20_000) % 10 == 0


def test_successes_stay_and_about_so_many_failures() -> None:
    kept = keep(IDS, LABELS, 0.3, "1")
    assert kept[LABELS].all()
    # 18,000 draws with chance 0.3: one standard deviation is 0.0034.
    assert kept_share(kept, LABELS) == pytest.approx(0.3, abs=0.012)
    assert (keep(IDS, LABELS, 1.0, "1")).all()


def test_it_depends_on_the_name_alone() -> None:
    kept = dict(zip(IDS, keep(IDS, LABELS, 0.3, "1"), strict=True))
    alone = keep(["I7", "I1", "I5"], np.zeros(3, dtype=bool), 0.3, "1")
    assert [kept["I7"], kept["I1"], kept["I5"]] == alone.tolist()


def test_what_a_lower_rate_keeps_a_higher_one_keeps_too() -> None:
    assert (keep(IDS, LABELS, 0.6, "1") | ~keep(IDS, LABELS, 0.3, "1")).all()


def test_another_salt_leaves_out_others() -> None:
    one, other = (keep(IDS, LABELS, 0.5, salt)[~LABELS] for salt in ("1", "2"))
    assert (one & other).mean() == pytest.approx(0.25, abs=0.02)


def test_the_same_names_are_kept_for_ever() -> None:
    """Pinned: a change of the hash would silently make another model of the same data."""
    kept = keep(IDS[:12], np.zeros(12, dtype=bool), 0.5, "1")
    assert np.flatnonzero(kept).tolist() == [5, 6, 8, 10, 11]


@pytest.mark.parametrize(
    ("positives", "negatives", "per_positive", "rate"),
    [(10, 400, 8, 0.2), (10, 40, 8, 1.0), (10, 400, None, 1.0), (10, 0, 8, 1.0)],
)
def test_rate(positives: int, negatives: int, per_positive: float | None, rate: float) -> None:
    assert rate_for(positives, negatives, per_positive) == rate


@given(
    chances=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=8),
    rate=st.floats(0.001, 1),
)
def test_corrected_probabilities_are_the_true_ones(chances: list[float], rate: float) -> None:
    """In groups with known chances, a model that learned the sample's odds exactly is put right exactly."""
    true = np.array(chances)
    in_sample = true / (true + rate * (1 - true))
    assert sigmoid(corrected(np.log(in_sample / (1 - in_sample)), rate)) == pytest.approx(true, rel=1e-9)


@given(base=st.floats(0.02, 0.5), rate=st.floats(0.1, 1), seed=st.integers(0, 1000))
def test_the_base_rate_comes_back(base: float, rate: float, seed: int) -> None:
    """The share of successes among the kept, corrected by the share that was kept, is the share among all: exactly."""
    labels = np.random.default_rng(seed).random(3000) < base
    kept = keep(IDS[:3000], labels, rate, str(seed))
    in_sample = labels[kept].mean()
    back = sigmoid(corrected(np.array([np.log(in_sample / (1 - in_sample))]), kept_share(kept, labels)))
    assert back[0] == pytest.approx(labels.mean(), rel=1e-9)


def test_sigmoid_at_both_ends() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(np.array([-800.0, -1.0, 0.0, 1.0, 800.0])) == pytest.approx([0, 0.26894142, 0.5, 0.73105858, 1])
