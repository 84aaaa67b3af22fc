"""A benchmark's measurements as one JSON object. The fields are explained in docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recs_platform.bench.measure import Measurement


@dataclass(frozen=True)
class BenchReport:
    name: str
    measured: Sequence[Measurement]

    def to_json(self) -> dict[str, Any]:
        """The one part, or the sum of several with each of them in `parts`."""
        if len(self.measured) == 1:
            return _part(self.name, self.measured[0])
        seconds = sum(one.platform.seconds for one in self.measured)
        compared = sum(one.baseline.seconds for one in self.measured)
        moving = [one for one in self.measured if one.platform.rows]
        return {
            "name": self.name,
            "sizes": {f"{one.part.name}_{key}": size for one in self.measured for key, size in one.part.sizes.items()},
            "seconds": round(seconds, 4),
            "cpu_seconds": _sum([one.platform.cpu_seconds for one in self.measured]),
            "steps": _rounded({one.part.name: one.platform.seconds for one in self.measured}),
            "rows_per_second": _rate(
                sum(one.platform.rows for one in moving), sum(one.platform.seconds for one in moving)
            ),
            "baseline": {"name": "the parts' baselines", "seconds": round(compared, 4)},
            "ratio": round(compared / seconds, 4),
            "peak_mb": round(max(one.platform.peak_mb for one in self.measured), 1),
            "aim": {"what": "the aim of every part", "met": all(one.met for one in self.measured)},
            "parts": [_part(one.part.name, one) for one in self.measured],
        }


def _part(name: str, one: Measurement) -> dict[str, Any]:
    return {
        "name": name,
        "sizes": dict(one.part.sizes),
        "seconds": round(one.platform.seconds, 6),
        "cpu_seconds": _sum([one.platform.cpu_seconds]),
        "steps": _rounded(one.platform.steps),
        "cpu_steps": _rounded(one.platform.cpu),
        "rows_per_second": _rate(one.platform.rows, one.platform.seconds),
        "baseline": {
            "name": one.part.baseline_name,
            "seconds": round(one.baseline.seconds, 6),
            "cpu_seconds": _sum([one.baseline.cpu_seconds]),
            "steps": _rounded(one.baseline.steps),
            "peak_mb": round(one.baseline.peak_mb, 1),
        },
        "ratio": round(one.ratio, 4),
        "peak_mb": round(one.platform.peak_mb, 1),
        "aim": {"what": str(one.part.aim), "met": one.met},
    }


def _rounded(steps: Mapping[str, float]) -> dict[str, float]:
    return {name: round(seconds, 6) for name, seconds in steps.items()}


def _sum(seconds: Sequence[float | None]) -> float | None:
    """None where it is not known of all."""
    known = [one for one in seconds if one is not None]
    return round(sum(known), 6) if len(known) == len(seconds) else None


def _rate(rows: int, seconds: float) -> int | None:
    return round(rows / seconds) if rows else None
