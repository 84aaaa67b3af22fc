"""What is served: `GET /models`."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
