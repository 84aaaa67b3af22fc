"""Partitions of a shop of two companies, for jobs that a test makes up."""

from __future__ import annotations

import dagster as dg

from recs_platform.automation.partitions import COMPANY, DATE

PARTITIONS = dg.MultiPartitionsDefinition(
    {
        DATE: dg.DailyPartitionsDefinition("2025-09-01", end_date="2025-09-20"),
        COMPANY: dg.StaticPartitionsDefinition(["acme", "holley"]),
    }
)
