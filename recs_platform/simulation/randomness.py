"""Where every random number of a simulated world comes from.

A stream is named by the world's seed, a purpose and a day, so any day can be drawn alone and in any order, and a new
purpose never changes the numbers of another one. Nothing here knows what the numbers are for.
"""

from __future__ import annotations

import zlib
from datetime import date

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def stream(seed: int, purpose: str, day: date | None = None) -> np.random.Generator:
    """The generator of one purpose, of one day or (without a day) of the world as a whole."""
    ordinal = day.toordinal() if day else 0
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), ordinal])))


def hashed_uniform(seed: int, *keys: IntArray) -> FloatArray:
    """A number in [0, 1) that depends on nothing but the keys: for draws that several days must agree on."""
    state = np.broadcast_to(np.uint64(seed), np.broadcast_shapes(*(key.shape for key in keys)))
    for key in keys:
        state = _splitmix(state ^ _splitmix(key.astype(np.uint64)))
    return (state >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def _splitmix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        state = state + _GOLDEN
        state = (state ^ (state >> np.uint64(30))) * _MIX_1
        state = (state ^ (state >> np.uint64(27))) * _MIX_2
    return state ^ (state >> np.uint64(31))


def zipf_weights(count: int, exponent: float) -> FloatArray:
    """Shares of `count` things, the first the most popular; they add up to one."""
    weights: FloatArray = np.arange(1, count + 1, dtype=np.float64) ** -exponent
    shares: FloatArray = weights / weights.sum()
    return shares


def choose(rng: np.random.Generator, weights: FloatArray, size: int) -> IntArray:
    """Indexes drawn with the given weights."""
    cumulated = np.cumsum(weights)
    drawn = np.searchsorted(cumulated, rng.random(size) * cumulated[-1], side="right")
    chosen: IntArray = np.minimum(drawn, len(weights) - 1).astype(np.int64)
    return chosen
