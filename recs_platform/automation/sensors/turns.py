"""A tick that looks at many companies: each in its turn, within the time that a tick has, and none at another's cost.

Dagster ends a tick after a minute. Who is not reached comes first in the next one, so the cursor says who was looked at
last; where it is lost, the turns begin from the start. Not here: what is looked at (the sensors beside this).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import dagster as dg

from recs_platform.errors import PlatformError
from recs_platform.masking import mask_text
from recs_platform.patience import patiently
from recs_platform.plurals import counted

TICK_SECONDS = 25.0
"""After which no other company is looked at."""
COMPANY_SECONDS = 20.0
"""In which a company has to be looked at, however many of its feeds do not answer: the last one of a tick, too, is done
before the minute is over."""
_NAMED = 3
Answer = Sequence[dg.RunRequest] | str
"""The runs that a company needs, or why it needs none."""


def in_turn(names: Sequence[str], last: str | None) -> list[str]:
    """Everybody once, beginning with who comes after the one that was looked at last.

    >>> in_turn(["c", "a", "b"], "a"), in_turn(["c", "a", "b"], None), in_turn(["a", "c"], "b")
    (['b', 'c', 'a'], ['a', 'b', 'c'], ['c', 'a'])
    """
    ordered = sorted(names)
    following = [name for name in ordered if last is not None and name > last]
    return [*following, *ordered[: len(ordered) - len(following)]]


@dataclass
class Turn:
    """What one tick came to."""

    last: str | None
    """Who was looked at last."""
    requests: list[dg.RunRequest] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    """Of those who need no run, why."""
    troubles: dict[str, str] = field(default_factory=dict)
    """Of those of whom nobody can tell, why not."""
    left: int = 0
    """How many were not reached."""

    @property
    def words(self) -> str:
        """Troubles first; who says the same is named once."""
        told = [*_together(self.troubles), *_together(self.said)]
        if self.left:
            told.append(f"{counted(self.left, 'company', 'companies')} in the next tick")
        return "; ".join(told)


def look_at_each(
    sensor: str,
    names: Sequence[str],
    last: str | None,
    look: Callable[[str], Answer],
    *,
    seconds: float = TICK_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Turn:
    """One look at each company, as far as the time goes; at one at least. Whatever goes wrong with one is said, and the
    next has its turn."""
    begun, turn, order = clock(), Turn(last), in_turn(names, last)
    for number, name in enumerate(order):
        if number and clock() - begun > seconds:
            turn.left = len(order) - number
            break
        turn.last = name
        try:
            answer = patiently(partial(look, name), f"the look of {sensor} at {name}", seconds=COMPANY_SECONDS)
        except PlatformError as error:
            turn.troubles[name] = f"cannot tell: {error}"
        except Exception as error:  # a defect that concerns one company keeps no other waiting, either
            turn.troubles[name] = f"cannot tell: {type(error).__name__}: {mask_text(str(error))}"
        else:
            if isinstance(answer, str):
                turn.said[name] = answer
            else:
                turn.requests += answer
    return turn


def _together(said: Mapping[str, str]) -> list[str]:
    whose: defaultdict[str, list[str]] = defaultdict(list)
    for name, words in said.items():
        whose[words].append(name)
    return [f"{_names(names)}: {words}" for words, names in whose.items()]


def _names(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:_NAMED])} and {more} more"
