"""The errors that a person is meant to read.

`UserError` is somebody's mistake (a file, a flag, a configuration, the data they gave): one message, no traceback,
exit code 2, and no retry, because a rerun cannot cure it. Everything else is the platform's own failure: exit code 1.
"""

from __future__ import annotations


class UserError(Exception):
    """A mistake that its author can put right; the message says where it is and what to do."""


class ConfigError(UserError):
    """A company file, a setting or a command-line value is wrong."""


class SourceError(UserError):
    """A company's source is missing, empty, late, unreachable or of the wrong shape."""

    def __init__(self, company: str, table: str, rule: str, *, remedy: str, column: str | None = None) -> None:
        where = f"{company}: source table {table}" + (f", column {column}" if column else "")
        super().__init__(f"{where}: {rule}. {remedy}")
        self.company, self.table, self.column, self.rule, self.remedy = company, table, column, rule, remedy


class QueryError(UserError):
    """A query in `sql/` breaks a rule of the platform; the message opens with file and line."""

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path, self.line = path, line


class SliceError(UserError):
    """A new slice broke its table's schema and was not published; what was there before stays."""


class MissingSliceError(UserError):
    """A query needs a snapshot that was never materialized."""


class StorageError(UserError):
    """The lake could not be written or read (disk full, permissions); nothing was published."""
