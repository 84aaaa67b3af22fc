"""What a look changes: which troubles begin, get worse, or are over, and what of them is told. Pure.

A trouble is told when it begins and when it gets worse; while nothing changes it is not told again. It is told once
more when a look sees it to be well. What a look says nothing of stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from recs_platform.alerts.finding import Finding, Observation, Severity, Trouble


@dataclass(frozen=True)
class Changes:
    begun: tuple[Finding, ...]
    worse: tuple[Finding, ...]
    same: tuple[Finding, ...]
    """Seen again, no worse than it was told."""
    over: tuple[Trouble, ...]

    def told(self, severity: Severity) -> tuple[Finding, ...]:
        """What the message of a severity says: one message for a look, however many findings."""
        return tuple(finding for finding in (*self.begun, *self.worse) if finding.severity is severity)


def decide(open_troubles: Mapping[Trouble, Severity], seen: Observation) -> Changes:
    """`open_troubles` are those that were told and are not over, with the worst that was told of each."""
    begun, worse, same = [], [], []
    for trouble, finding in sorted(seen.by_trouble.items()):
        told = open_troubles.get(trouble)
        if told is None:
            begun.append(finding)
        elif finding.severity.rank > told.rank:
            worse.append(finding)
        else:
            same.append(finding)
    over = sorted((seen.settled & open_troubles.keys()) - seen.by_trouble.keys())
    return Changes(tuple(begun), tuple(worse), tuple(same), tuple(over))
