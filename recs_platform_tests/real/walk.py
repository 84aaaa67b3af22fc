"""The offers company through the last quarter of 2017, as its engineer would have run it.

Three Mondays are made, which train, and each mailing is scored by the newest model from before it, which knew the
outcomes that were final by then. The last day of the year makes the features of all mailings of the quarter, each as of
the day before. Nothing here reaches into the platform: these are its commands.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

RECS = str(Path(sys.executable).parent / "recs")
MONDAYS = (date(2017, 10, 2), date(2017, 10, 23), date(2017, 11, 20))
"""Days that train."""
LAST = date(2017, 12, 31)
MAILED = tuple(date(2017, *day) for day in ((10, 4), (10, 18), (10, 30), (11, 15), (11, 27), (12, 6), (12, 28)))
"""The days of the quarter on which campaigns were mailed; 2017-12-06 saw two."""


def recs(folder: Path, *words: str, code: int = 0) -> str:
    """A command in a home of its own; what it says."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("RECS_", "DAGSTER_"))}
    places = {"RECS_HOME": str(folder / "home"), "RECS_COMPANIES_DIR": str(folder / "completejourney")}
    done = subprocess.run(
        [RECS, *words], env={**own, **places}, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, f"recs {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run(folder: Path, company: str, day: date) -> list[dict[str, Any]]:
    ended: list[dict[str, Any]] = json.loads(recs(folder, "run", company, "--date", str(day), "--only", "--json"))
    for one in ended:
        print(f"{company} {one['first']} to {one['last']}: {one['seconds']:.0f} s", flush=True)
    return ended


def walk(folder: Path) -> None:
    for day in MONDAYS:
        run(folder, "journey_offers", day)
    # A day that trains has the features of every impression of its window; this one is no Monday.
    file = folder / "completejourney" / "journey_offers.yaml"
    file.write_text(file.read_text().replace("\nparameters:\n", "\nparameters:\n  retrain_weekday: sunday\n"))
    run(folder, "journey_offers", LAST)
