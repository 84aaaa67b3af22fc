"""The platform with all its queries, loaded: for the server that forks (warehouse/processes.py), so that no process
which a test kills loads it by itself. Nobody else imports this."""

from __future__ import annotations

import recs_platform.definitions  # noqa: F401
from recs_platform.strategies.catalogue import pipelines

pipelines()
