"""The models that the service answers by: the registry says which, and each is loaded beside the one that serves.

A swap is one assignment. Who has begun to answer by a model ends by it, and names it. A version that must not serve
never takes the place of one that does; why is kept for `GET /models` and the metrics. While the registry or the store
does not answer, what serves goes on serving.

Not here: what is proved of a version (loading.py), and scoring (scoring.py).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeAlias

from recs_platform.errors import UserError
from recs_platform.masking import mask_text
from recs_platform.model_registry.registry import Registered
from recs_platform.models.manifest import short
from recs_platform.models.task import RankingTask
from recs_platform.serving.clock import Clock, now
from recs_platform.serving.models.loaded import Held, Loaded, Refused
from recs_platform.serving.models.loading import BadModelError, Fetch, proved
from recs_platform.serving.watch import Watch

Key: TypeAlias = tuple[str, str]
"""A company, and the name of its model."""
Tasks: TypeAlias = Callable[[], Mapping[str, RankingTask]]
"""By company: what its strategy asks of its model. Of all that are served, at this moment."""
Active: TypeAlias = Callable[[str, str], Registered | None]
"""What the registry says is active, of a company and model."""

LOOK_SECONDS = 1.0
_LONGEST_WHY = 500
_log = logging.getLogger(__name__)


class RegistryModels(Watch):
    def __init__(
        self,
        tasks: Tasks,
        active: Active,
        fetch: Fetch,
        *,
        look_seconds: float = LOOK_SECONDS,
        clock: Clock = now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(look_seconds)
        self._tasks, self._active, self._fetch = tasks, active, fetch
        self._clock, self._monotonic = clock, monotonic
        self._held: dict[Key, Held] = {}
        # One after another: loading is not what the machine is for.
        self._worker = ThreadPoolExecutor(1, "models")

    @property
    def held(self) -> Mapping[Key, Held]:
        """By company and model: of all that are served, also where none is loaded yet."""
        return self._held

    def not_ready(self) -> Collection[tuple[str, str]]:
        waiting = []
        for company, task in self._tasks().items():
            why = self._held.get((company, task.model), Held()).not_ready
            if why is not None:
                waiting.append((company, f"{task.model}: {why}"))
        return waiting

    def registry_age(self, key: Key) -> float | None:
        """Seconds since the registry last said which version is active."""
        held = self._held.get(key)
        return None if held is None or held.seen is None else self._monotonic() - held.seen

    async def start(self) -> None:
        # Told from the beginning, as not looked at yet.
        self._held = {(company, task.model): Held() for company, task in self._tasks().items()}
        await super().start()

    async def stop(self) -> None:
        await super().stop()
        # A load that is under way ends by itself; nobody waits for it.
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def look(self) -> None:
        """Once at everything: what is active, and whether it is what serves."""
        tasks = dict(self._tasks())
        for key in self._held.keys() - {(company, task.model) for company, task in tasks.items()}:
            del self._held[key]
        loop = asyncio.get_running_loop()
        for company, task in tasks.items():
            key = (company, task.model)
            self._held[key] = await loop.run_in_executor(self._worker, self._looked, company, task, self._held.get(key))

    def _looked(self, company: str, task: RankingTask, before: Held | None) -> Held:
        """What is known after a look; off the event loop."""
        held = before or Held()
        try:
            row = self._active(company, task.model)
        except Exception as error:
            # The registry is a database: whatever it says, what serves goes on serving.
            if held.seen is None or self._monotonic() - held.seen < 2 * self._seconds:
                _log.warning("%s %s: the registry does not answer (%s)", company, task.model, type(error).__name__)
            return held
        held = replace(held, seen=self._monotonic(), active=(row.version, row.digest) if row else None)
        if row is None:
            # No version of a model that had one is ever without: a registry that knows none was lost or emptied.
            return replace(held, refused=None)
        if held.loaded and (held.loaded.version, held.loaded.digest) == held.active:
            return replace(held, refused=None)
        if not self._is_due(held):
            return held
        return self._loaded(company, task, row, held)

    def _is_due(self, held: Held) -> bool:
        refused = held.refused
        if refused is None or (refused.version, refused.digest) != held.active:
            return True
        return refused.next_try is not None and self._monotonic() >= refused.next_try

    def _loaded(self, company: str, task: RankingTask, row: Registered, held: Held) -> Held:
        began = self._monotonic()
        try:
            model, golden = proved(self._fetch, row, task)
        except BadModelError as error:
            return self._refused(company, task, row, held, error)
        loaded = Loaded(company, task, row.version, row.digest, model, golden, self._clock())
        was = f"after version {held.loaded.version}" if held.loaded else "as the first"
        _log.info(
            "%s %s: version %d (%s) serves, %s; loaded in %.2f s; %s",
            *(company, task.model, row.version, short(row.digest), was, self._monotonic() - began, golden),
        )
        return replace(held, loaded=loaded, refused=None)

    def _refused(self, company: str, task: RankingTask, row: Registered, held: Held, error: BadModelError) -> Held:
        why, before = mask_text(error.why)[:_LONGEST_WHY], held.refused
        again = before is not None and (before.version, before.digest, before.why) == (row.version, row.digest, why)
        tries = before.tries + 1 if before and again else 1
        wait = error.wait and min(error.wait[0] * 2 ** min(tries - 1, 30), error.wait[1])
        if not again:
            goes_on = f"version {held.loaded.version} goes on serving" if held.loaded else "none serves"
            cause = error.__cause__
            detail = f" ({mask_text(str(cause))})" if isinstance(cause, UserError) else ""
            _log.error("%s %s: version %d is refused: %s; %s%s", company, task.model, row.version, why, goes_on, detail)
        at = before.at if before and again else self._clock()
        next_try = None if wait is None else self._monotonic() + wait
        return replace(held, refused=Refused(row.version, row.digest, why, at, next_try, tries))
