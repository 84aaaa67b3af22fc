"""The platform's errors: each is of one kind, by its ancestors, and stands in the table of docs/operations.md."""

from __future__ import annotations

import errno
import importlib
import pkgutil
import re
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

import recs_platform
from recs_platform.errors import PlatformError, SourceError, TransientError, UserError, kind_of
from recs_platform.outages import may_recover

_DOCS = Path(__file__).parents[1] / "docs" / "operations.md"
_ROW = re.compile(r"^\| `(\w+)` \| (mistake|transient|defect) \|", re.MULTILINE)


def errors_of_the_package() -> dict[str, type[BaseException]]:
    """Every class of an error that the package defines, but for the failures by which Dagster is told of them."""
    found: dict[str, type[BaseException]] = {}
    for module in pkgutil.walk_packages(recs_platform.__path__, "recs_platform."):
        if ".migrations." in module.name:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if not isinstance(value, type) or not issubclass(value, BaseException) or issubclass(value, dg.Failure):
                continue
            if value.__module__ == module.name:
                assert name not in found, f"two errors are called {name}"
                found[name] = value
    return found


def test_the_table_of_the_docs_names_every_error_with_its_kind() -> None:
    bases = {"PlatformError", "AnySourceError"}
    shown = dict(_ROW.findall(_DOCS.read_text()))
    kinds = {name: str(kind_of(kind.__new__(kind))) for name, kind in errors_of_the_package().items()}
    assert shown == {name: kind for name, kind in kinds.items() if name not in bases}


def test_an_error_for_people_is_a_mistake_or_transient_and_not_both() -> None:
    for kind in errors_of_the_package().values():
        assert not (issubclass(kind, UserError) and issubclass(kind, TransientError)), kind
        if issubclass(kind, PlatformError) and not kind.__subclasses__():
            assert issubclass(kind, UserError | TransientError), kind


def test_no_message_shows_an_address() -> None:
    assert str(UserError("ask jane.doe@example.com.")) == "ask j***@***.com."
    source = SourceError("shop", "events", "jane@x.org is odd", remedy="Did you mean jo@x.org?", column="email")
    assert str(source) == "shop: source table events, column email: j***@***.org is odd. Did you mean j***@***.org?"
    assert "x.org" not in f"{source.rule} {source.remedy}"


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OSError(errno.ESTALE, "Stale file handle"), True),
        (OSError(errno.ENOSPC, "No space left on device"), False),
        (PermissionError(errno.EACCES, "Permission denied"), False),
        (OSError("Generic S3 error: HTTP error: 429 Too Many Requests"), True),
        (OSError("Generic GCS error: error sending request for url"), True),
        (OSError("Invalid JSON in log record"), False),
        (OperationalError("SELECT 1", {}, Exception("database is locked")), True),
        (OperationalError("SELECT 1", {}, Exception("no such table: goods")), False),
        (OperationalError("SELECT 1", {}, Exception('FATAL: role "me" does not exist')), False),
        (OperationalError("SELECT 1", {}, Exception("FATAL: the database system is starting up")), True),
    ],
)
def test_what_may_be_gone_at_the_next_try(error: Exception, passes: bool) -> None:
    assert may_recover(error) is passes


@pytest.mark.parametrize(
    ("state", "passes"), [("08006", True), ("53300", True), ("53100", False), ("40P01", True), ("22012", False)]
)
def test_a_database_says_it_by_its_code(state: str, passes: bool) -> None:
    cause = Exception("connection timed out")
    cause.sqlstate = state  # type: ignore[attr-defined]
    assert may_recover(OperationalError("SELECT 1", {}, cause)) is passes
