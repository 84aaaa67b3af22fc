"""What the OpenAPI description says besides the routes: what a problem looks like, and how a key is shown.

Not here: what a single route says of itself (routes/).
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from recs_platform.serving.problems import PROBLEM_SCHEMA

_OPEN = ("/health",)
"""Probes have no key."""
_WAYS: dict[str, Any] = {
    "key": {"type": "http", "scheme": "bearer", "description": "`recs keys new COMPANY` makes one."},
    "browser": {"type": "http", "scheme": "basic", "description": "The company as the name, its key as the password."},
}


def describe(app: FastAPI) -> None:
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            parts = schema.setdefault("components", {})
            parts.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
            parts["securitySchemes"] = _WAYS
            for path, of_path in schema["paths"].items():
                for operation in of_path.values():
                    operation["security"] = [] if path.startswith(_OPEN) else [{name: []} for name in _WAYS]
        described_already: dict[str, Any] = app.openapi_schema or {}
        return described_already

    app.openapi = described  # type: ignore[method-assign]  # the framework's own way to say more
