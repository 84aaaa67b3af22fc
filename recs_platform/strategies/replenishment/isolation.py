"""Work for clients in blocks, of which one that fails stops nobody else.

A block whose computation fails is halved, and halved again, down to the clients that fail by themselves. They are left
out and said to be: masked in the log, and `unserved_clients` names them. Where many fail it is no client's fault, and
the error ends the run. Not here: what is computed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from recs_platform.errors import TransientError, UserError
from recs_platform.masking import mask_text
from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.blocks import blocks
from recs_platform.plurals import counted

BLOCK = 2_000
FEW, FEW_SHARE = 10, 0.01
"""So many clients may fail, or such a share of all, whichever is more."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


def each_block(work: Callable[[Ints], T], clients: Ints, names: Any, what: str, *, block: int = BLOCK) -> Iterator[T]:
    """What `work` makes of each block of clients, in order; `names` are those of all clients, by number."""
    failed: list[tuple[int, Exception]] = []
    for rows in blocks(len(clients), block):
        yield from _without_failing(work, clients[rows], failed, max(FEW, int(FEW_SHARE * len(clients))))
    for client, error in failed:
        _log.error(mask_text(f"{what} of client {names[client].as_py()} failed: {type(error).__name__}: {error}"))
    if failed:
        _log.error("%s failed for %s of %d; all others go on", what, counted(len(failed), "client"), len(clients))


def _without_failing(
    work: Callable[[Ints], T], clients: Ints, failed: list[tuple[int, Exception]], most: int
) -> Iterator[T]:
    try:
        made = work(clients)
    except (TransientError, UserError, MemoryError):
        # Of a server or of a setting: not of a client.
        raise
    except Exception as error:
        if len(clients) == 1:
            failed.append((int(clients[0]), error))
            if len(failed) > most:
                raise
            return
        middle = len(clients) // 2
        for half in (clients[:middle], clients[middle:]):
            yield from _without_failing(work, half, failed, most)
    else:
        yield made
