"""When the trees stop. What both models promise: `test_every_model.py`."""

from __future__ import annotations

import numpy as np

from recs_platform.models.boosted import fit
from recs_platform.models.by_days import shared_out
from recs_platform.models.features import Encoding
from recs_platform.models.sampling import keep, kept_share
from recs_platform.models.training import train as train_both
from recs_platform_tests.models.worlds import FEATURES, PROVENANCE, SETTINGS, linear, read, rows


def test_left_out_failures_count_in_the_validation_loss_as_little_as_in_training() -> None:
    """Four times as many failures at a quarter of the weight stop the trees at the same one, and at full weight they
    do not."""
    table, late = rows(linear, count=3000), rows(linear, count=600, seed=8)
    encoding = Encoding.fit(FEATURES, table)
    train = (encoding.matrix(table), table["redeemed"].to_numpy() > 0)
    matrix, labels = encoding.matrix(late), late["redeemed"].to_numpy() > 0
    times = np.where(labels, 1, 4)
    repeated = (np.repeat(matrix, times, axis=0), np.repeat(labels, times))
    once, weighted, unweighted = (
        fit(encoding, train, validation, kept, SETTINGS, 1)
        for validation, kept in (((matrix, labels), 1.0), (repeated, 0.25), (repeated, 1.0))
    )
    assert weighted == once
    assert unweighted[1] != once[1]
    assert once[1]["stopped_early"]


def test_training_tells_the_trees_what_share_it_kept() -> None:
    """The same training by hand, step by step; with another share other trees."""
    settings = SETTINGS.model_copy(update={"negatives_per_positive": 0.25, "most_trees": 300, "patience": 1})
    everything = read(rows(linear))
    training = train_both(everything, settings, PROVENANCE)
    split = training.windows.split(everything)
    shares = shared_out(split, settings.seed)
    fitting = split.train.labels[shares.fitting]
    successes, failures = int(fitting.sum()), int((~fitting).sum())
    drawn = keep(split.train.ids.to_pylist(), split.train.labels, 0.25 * successes / failures, str(settings.seed))
    learned = drawn & shares.fitting
    encoding, sample = Encoding.fit(FEATURES, split.train.table, learned), split.train.where(learned)
    train = (encoding.matrix(sample.table), sample.labels)
    validation = (encoding.matrix(shares.stopping.table), shares.stopping.labels)
    share = kept_share(drawn[shares.fitting], fitting)
    by_hand, otherwise = (fit(encoding, train, validation, kept, settings, 1)[0] for kept in (share, 0.001))
    assert training.models[1].ranker.content() == by_hand.content()
    assert otherwise.content() != by_hand.content()
