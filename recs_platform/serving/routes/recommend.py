"""On demand: `POST /recommend`."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
