"""What a run may use of a machine where each run has a place of its own: a pod of a cluster.

A strategy says it of its days and of what is heavy; a run's own tag may say otherwise. On one machine nobody asks: runs
share what there is. Not here: how a cluster is told (automation/pods/).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    cores: float
    """Also the threads of its queries."""
    memory_gib: float
    """All of it; queries get a part, and spill to the disk beyond."""
    disk_gib: float
    """For what spills, and for what is kept until the run ends."""


@dataclass(frozen=True)
class Rooms:
    day: Room = Room(cores=2, memory_gib=4, disk_gib=10)
    """A company's day, or parts of it."""
    heavy: Room = Room(cores=2, memory_gib=6, disk_gib=20)
    """A history of logs in one run, or a training."""


ORDINARY_ROOMS = Rooms()
