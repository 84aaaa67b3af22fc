"""Logs written by hand: a row per group of sends, and only the columns that matter to a test."""

from __future__ import annotations

from typing import Any

from recs_platform.campaign.bandit.counts import SendLog, send_log

_USUAL: dict[str, Any] = {"segment": "all", "age_days": 0, "propensity": 0.5, "sends": 100, "views": 50, "clicks": 5}


def log_of(*rows: dict[str, Any], unsent: tuple[str, ...] = ()) -> SendLog:
    names = ("segment", "treatment", "age_days", "propensity", "sends", "views", "clicks")
    filled = [{**_USUAL, "views": row.get("sends", 50), **row} for row in rows]
    return send_log(**{name: [row[name] for row in filled] for name in names}, unsent=unsent)
