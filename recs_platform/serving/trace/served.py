"""Whether what a company's customers are served is what it should be: the trace as a check after a run.

A service picks up what is new within seconds, so it is given some before it is found wanting. What a run made, or a
guardrail kept from going live, is told by other checks. Not here: Dagster's checks (`assembly/served_checks.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from recs_platform.serving.trace.link import Chain, Name, State

MODEL_CHECK, PUBLICATION_CHECK = "served_model_matches_registry", "served_publication_matches_inventory"
NEXT = " Next: "
"""Between what is broken and the command that comes next."""
NOT_CHECKED = "Not checked: "
"""What a check begins with that had nobody to ask."""
PATIENCE_SECONDS = 30.0
"""Many times what a service takes: it looks every second, and loads a model in a few."""
_LOOK_SECONDS = 1.0
_OF_THE_RUN = {Name.RUN, Name.LIVE_TABLE}


@dataclass(frozen=True)
class Arrival:
    passed: bool
    says: str
    chain: Chain


def arrived(
    look: Callable[[], Chain],
    *,
    patience: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Arrival:
    """Look at a chain until it is whole, or for as long as the service may take."""
    began, patience = clock(), PATIENCE_SECONDS if patience is None else patience
    while True:
        chain = look().without(_OF_THE_RUN)
        waited = clock() - began
        if not chain.broken or waited >= patience:
            return _told(chain, waited)
        sleep(_LOOK_SECONDS)


def _told(chain: Chain, waited: float) -> Arrival:
    if chain.broken:
        first = chain.broken[0]
        after = f" It was given {waited:.0f} s." if waited >= 1 else ""
        return Arrival(False, f"{first.finding}.{after}{NEXT}{first.command}", chain)
    if chain.version is None:
        return Arrival(True, f"{chain.of}: there is nothing to arrive yet.", chain)
    looked_at = [link for link in chain.links if link.state is State.OK]
    customers_end = looked_at[-1].seen if looked_at else "no link could be looked at"
    left_out = "".join(f" Not looked at: {link.name} ({link.seen})." for link in chain.unknown)
    return Arrival(True, f"{chain.of}: version {chain.version} arrived; {customers_end}.{left_out}", chain)
