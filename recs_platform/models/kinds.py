"""Which kinds of ranker there are: the two that come with the platform, and each that its own module registers.

A module with a new kind calls `register`, and a task that wants the kind names it (task.py). Not here: what a kind is
(ranker.py).
"""

from __future__ import annotations

from recs_platform.models.boosted import BOOSTED
from recs_platform.models.logistic import LOGISTIC
from recs_platform.models.ranker import RankerKind

DEFAULT_KINDS = (LOGISTIC, BOOSTED)
"""The simplest first."""

_kinds: dict[str, RankerKind] = {kind.name: kind for kind in DEFAULT_KINDS}


def register(kind: RankerKind) -> RankerKind:
    """Make a kind known, so that artifacts of it can be loaded. A name belongs to one kind. It counts as more complex
    than those that are known already."""
    if _kinds.setdefault(kind.name, kind) != kind:
        raise ValueError(f"the ranker kind {kind.name} is registered already, as another one")
    return kind


def simplicity(kind: str) -> int:
    """The place of a kind among all that are known: the lower, the simpler."""
    return list(_kinds).index(kind)


def kind_named(name: str) -> RankerKind:
    """Raises a ValueError for a kind that nobody registered."""
    if name not in _kinds:
        raise ValueError(f"no code is loaded for models of the kind {name!r}; there is {', '.join(sorted(_kinds))}")
    return _kinds[name]
