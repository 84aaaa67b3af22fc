"""What became of recommendations: `POST /feedback`."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
