"""The Pandera model of a table, made of its declaration: for who judges rows. Loading this loads Pandera and Ibis.

Not here: what a declaration may say (`field.py`, `table.py`), and how rows are judged (`warehouse/rules.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandera.ibis as pandera
from pandera.api.ibis.container import DataFrameSchema
from pandera.backends.ibis.register import register_ibis_backends

from recs_platform.schemas.field import FieldDeclaration

# A model copies its checks when its class is made, so the Ibis implementations must be registered before that.
register_ibis_backends()


class _Strict(pandera.DataFrameModel):
    """Exactly the declared columns, coerced to the declared types."""

    class Config:
        strict = True
        coerce = True


def pandera_schema(declared: type, types: Mapping[str, Any], fields: Mapping[str, FieldDeclaration]) -> DataFrameSchema:
    """The schema of a declared table: its columns in their order, and the checks that its class has as methods."""
    columns = {name: _column(field) for name, field in fields.items()}
    checks = {
        name: value
        for base in reversed(declared.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, classmethod)
    }
    body = {"__doc__": declared.__doc__, "__annotations__": dict(types), **columns, **checks}
    model: type[pandera.DataFrameModel] = type(declared.__name__, (_Strict,), body)
    return model.to_schema()


def _column(field: FieldDeclaration) -> Any:
    rules: dict[str, Any] = {**field.rules}
    metadata = dict(field.metadata) or None
    return pandera.Field(nullable=field.nullable, description=field.description or None, metadata=metadata, **rules)
