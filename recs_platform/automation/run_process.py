"""Which process carries out a run, as the run's tags say it, and whether that process is gone.

That can be told on the machine (or in the container) where the process was started, and nowhere else: elsewhere the
same number is another process, or none. A number that was given again is told by when its process began.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import dagster as dg

PROCESS_TAG = "recs/process"
_BEGAN = 19
"""Where /proc says when a process began, counted after its name."""


def say_which_process(instance: dg.DagsterInstance, run_id: str) -> None:
    """Of a run of this process, before it does anything."""
    pid = os.getpid()
    instance.add_run_tags(run_id, {PROCESS_TAG: f"{_place()} {run_id} {pid} {_began(pid)}"})


def is_gone(run: dg.DagsterRun) -> bool | None:
    """None when this machine cannot know, or the tag makes no sense: anybody may write one. A run that repeats another
    one begins with the other's tags."""
    said = run.tags.get(PROCESS_TAG, "").split(" ")
    if said[:2] != [_place(), run.run_id]:
        return None
    try:
        pid, began = process_of(run)
        return not _is_there(pid) or _began(pid) != began
    except (ValueError, OverflowError):
        return None


def process_of(run: dg.DagsterRun) -> tuple[int, str]:
    """The number of the process, and when it began."""
    _, _, pid, began = run.tags[PROCESS_TAG].split(" ")
    return int(pid), began


def _place() -> str:
    """This machine since it was started, and what of its processes can be seen from here."""
    return f"{socket.gethostname()}/{_read('/proc/sys/kernel/random/boot_id')}/{_namespace()}"


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:  # no such thing on this system
        return ""


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A process that ended and that its parent has not asked after is there in name.
    return _fields(pid)[:1] != ["Z"]


def _began(pid: int) -> str:
    fields = _fields(pid)
    return fields[_BEGAN] if len(fields) > _BEGAN else ""


def _fields(pid: int) -> list[str]:
    """What /proc says of a process after its name, which may hold spaces; nothing on systems that have none."""
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
