"""The Dagster instance of this machine: DAGSTER_HOME if it is set, otherwise `.dagster` beside the platform's home."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from recs_platform.automation.event_log import BATCH_SIZE
from recs_platform.settings import settings

_PACKAGE = Path(__file__).resolve().parent.parent
_NO_CAPTURE = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}


def dagster_home() -> Path:
    """The instance's folder, with the platform's `dagster.yaml` in it; also put into the environment."""
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(BATCH_SIZE))
    chosen = os.environ.get("DAGSTER_HOME")
    if chosen:
        return Path(chosen)
    home = settings().home.absolute().parent / ".dagster"
    home.mkdir(parents=True, exist_ok=True)
    shipped, present = shipped_file("dagster.yaml").read_text(), home / "dagster.yaml"
    if not present.exists() or present.read_text() != shipped:
        present.write_text(shipped)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def shipped_file(name: str) -> Path:
    """A file that stands at the top of a checkout, and inside the package when it is installed."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name


def instance() -> dg.DagsterInstance:
    """The instance, for runs in this process. What they print is for its own terminal; to capture it, Dagster would
    start four helper processes for each run, which Ctrl-C would end with a traceback."""
    home = str(dagster_home())
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(home, overrides={"compute_logs": _NO_CAPTURE}))
