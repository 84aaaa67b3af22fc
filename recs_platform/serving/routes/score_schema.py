"""What the OpenAPI description says of `POST /score`."""

from __future__ import annotations

from typing import Any

from recs_platform.serving.models.scoring import LONGEST_TEXT, MOST_PAIRS

_ID = {"type": "string", "minLength": 1, "maxLength": 1_000}
_VALUE = {
    "anyOf": [
        {"type": "number"},
        {"type": "boolean"},
        {"type": "string", "maxLength": LONGEST_TEXT},
        {"type": "null"},
    ]
}
_SCORE: dict[str, Any] = {
    "type": "object",
    "required": ["probability", "raw"],
    "additionalProperties": False,
    "properties": {
        "probability": {
            "type": ["number", "null"],
            "description": "The chance of a success; null of a model of which only the order of `raw` means anything.",
        },
        "raw": {"type": ["number", "null"], "description": "What the model orders by."},
        "contributions": {
            "type": "object",
            "additionalProperties": {"type": "number"},
            "description": "What each feature adds to `raw`, and the model's `(start)`.",
        },
        "problem": {"type": "string", "description": "Why the pair has no score."},
    },
}
_ANSWER: dict[str, Any] = {
    "type": "object",
    "required": ["company", "model", "version", "digest", "request_id", "scores"],
    "additionalProperties": False,
    "properties": {
        "company": {"type": "string"},
        "model": {"type": "string"},
        "version": {"type": "integer", "description": "The version that gave every score of this answer."},
        "digest": {"type": "string"},
        "request_id": {"type": "string"},
        "as_of": {"type": "string", "format": "date", "description": "The published day whose features were taken."},
        "scores": {"type": "array", "items": _SCORE, "description": "In the order of the request."},
    },
}
_PAIRS: dict[str, Any] = {"company": "metro", "pairs": [{"customer_id": "c1", "offer_id": "o1"}]}
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "additionalProperties": False,
                "oneOf": [{"required": ["pairs"]}, {"required": ["rows"]}],
                "properties": {
                    "company": {"type": ["string", "null"], "description": "Default: the key's."},
                    "model": {"type": ["string", "null"], "description": "Default: the company's."},
                    "pairs": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "additionalProperties": _ID,
                            "minProperties": 2,
                            "maxProperties": 2,
                        },
                        "description": f"Up to {MOST_PAIRS:,} pairs of ids: a customer and an offer or item.",
                    },
                    "rows": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "object", "additionalProperties": _VALUE},
                        "description": "Every feature of the model by its name; null where it is not known.",
                    },
                    "explain": {"type": "boolean", "default": False},
                },
            },
            "examples": {
                "pairs": {"summary": "By ids", "value": _PAIRS},
                "rows": {"summary": "By features", "value": {"company": "metro", "rows": [{"recency_days": 3}]}},
            },
        }
    },
}


def answered() -> dict[str, Any]:
    example = {
        "company": "metro",
        "model": "offer_ranking",
        "version": 4,
        "digest": "sha256:8d39aabc",
        "request_id": "5f0c",
        "as_of": "2025-09-02",
        "scores": [{"probability": 0.031, "raw": -1.2}],
    }
    content = {"application/json": {"schema": _ANSWER, "example": example}}
    return {"description": "A score each, all by one version.", "content": content}
