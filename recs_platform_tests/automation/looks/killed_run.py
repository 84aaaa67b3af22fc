"""A run in a process of its own, which goes on until somebody kills it."""

from __future__ import annotations

import os
import time

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from recs_platform.platform_db.engine import opened_database
from recs_platform.settings import settings
from recs_platform_tests.automation.looks.shop import Shop
from recs_platform_tests.warehouse.processes import preload

preload(__name__)


def run_until_killed(ref: InstanceRef, url: str) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.environ["RECS_DATABASE_URL"] = url
    settings.cache_clear()
    with dg.DagsterInstance.from_ref(ref) as instance:
        Shop(instance, opened_database(url)).run(lambda _: time.sleep(600))
