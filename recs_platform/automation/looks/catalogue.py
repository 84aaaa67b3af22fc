"""The looks that the alerts sensor takes, in this order. A new source is a module beside this and its line here."""

from __future__ import annotations

from collections.abc import Mapping

from recs_platform.automation.looks.look import Look

LOOKS: Mapping[str, Look] = {}
"""Each under the name that its cursor has."""
