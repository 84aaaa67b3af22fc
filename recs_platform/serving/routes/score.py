"""Chances of customer and offer pairs: `POST /score`."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
