"""What metrics say of the service itself at the moment that somebody asks: what it answers from, and how old that is.

Nothing is read anew: what the watchers saw last, and when. Not here: what is counted of requests (metrics.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from recs_platform.serving import metric_families as of
from recs_platform.serving.metric_families import Family

if TYPE_CHECKING:
    from recs_platform.serving.service import Service

_FALLBACK = "fallback:"
_SOURCES = ("redis", "database")


def sightings_of(service: Service) -> Mapping[Family, Mapping[tuple[str, ...], float]]:
    waiting = [*service.publications.not_ready(), *service.models.not_ready()]
    return {
        of.READY: {(): float(not waiting and not service.ending)},
        **_reads(service.reader.counts),
        **_publications(service),
        **_models(service),
    }


def _reads(counts: Mapping[str, int]) -> dict[Family, Mapping[tuple[str, ...], float]]:
    fallbacks = {name.removeprefix(_FALLBACK): n for name, n in counts.items() if name.startswith(_FALLBACK)}
    return {
        of.READS: {(source,): float(counts.get(source, 0)) for source in _SOURCES},
        of.FALLBACKS: {(reason,): float(n) for reason, n in fallbacks.items()},
        of.REFILLS: {
            ("done",): float(counts.get("refill", 0)),
            ("failed",): float(counts.get("refill_failed", 0)),
        },
    }


def _publications(service: Service) -> dict[Family, Mapping[tuple[str, ...], float]]:
    now = service.clock()
    seen = {key: seen.served for key, seen in service.publications.seen.items() if seen.served is not None}
    return {
        of.PUBLICATION: {key: float(served.version) for key, served in seen.items()},
        of.STALENESS: {key: max(0.0, (now - served.generated_at).total_seconds()) for key, served in seen.items()},
    }


def _models(service: Service) -> dict[Family, Mapping[tuple[str, ...], float]]:
    held = service.models.held
    loaded = {key: one.loaded for key, one in held.items() if one.loaded is not None}
    ages = {key: service.models.registry_age(key) for key in held}
    return {
        of.MODEL_VERSION: {key: float(one.version) for key, one in loaded.items()},
        of.MODEL_INFO: {(*key, one.digest): 1.0 for key, one in loaded.items()},
        of.MODEL_REFUSED: {key: float(one.refused is not None) for key, one in held.items()},
        of.REGISTRY_AGE: {key: age for key, age in ages.items() if age is not None},
    }
