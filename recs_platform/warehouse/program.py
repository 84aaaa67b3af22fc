"""Which program makes slices. What was made by another one is not taken for what this one would make.

Not here: what else a slice is made of (`pipeline/ingredients.py`).
"""

from __future__ import annotations

import hashlib
import sys
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_COMPUTED_WITH = ("duckdb", "sqlglot", "pyarrow", "numpy", "pandera", "ibis-framework", "openpyxl")
"""Packages whose other version may read, translate or compute otherwise."""


_MAKES = ("assembly", "companies", "declarations", "pipeline", "schemas", "sources", "warehouse")
"""The packages between a feed and a slice. What others decide comes as a query's text and its values."""


@lru_cache(maxsize=1)
def program() -> str:
    """Identifies this program: the modules that make slices, and what they compute with."""
    return program_at(Path(__file__).resolve().parent.parent)


def program_at(package: Path) -> str:
    digest = hashlib.sha256()
    modules = [*package.glob("*.py"), *(path for name in _MAKES for path in (package / name).rglob("*.py"))]
    for path in sorted(modules):
        digest.update(f"{path.relative_to(package)}\n".encode())
        digest.update(path.read_bytes())
    digest.update(f"Python {sys.version_info[:3]} {[_version(name) for name in _COMPUTED_WITH]}".encode())
    return digest.hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
