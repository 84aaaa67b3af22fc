"""The errors of the platform, in three kinds that their ancestors tell apart (`kind_of`).

- `UserError`: a person's mistake or a matter that a person must settle (a file, a flag, a configuration, the data they
  gave, a full disk). One message, no trace, exit code 2, never retried: a rerun cannot cure it.
- `TransientError`: what a rerun may cure (a server that does not answer, a commit that met another). Steps are retried
  with back-off; then one message and exit code 1.
- Anything else is a defect: exit code 1, with a trace.

A class of its own is for what somebody catches or looks for; it inherits its kind. No message shows an e-mail address.
"""

from __future__ import annotations

from enum import StrEnum

from recs_platform.masking import mask_text


def printable(text: str) -> str:
    """Text on one line: what a terminal would act on, or cannot show, is written out.

    >>> printable("two\\nlines"), printable("Ä\\x1b[2J"), printable("caf\\udce9")
    ('two\\\\nlines', 'Ä\\\\x1b[2J', 'caf\\\\udce9')
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class ErrorKind(StrEnum):
    MISTAKE = "mistake"
    TRANSIENT = "transient"
    DEFECT = "defect"


class PlatformError(Exception):
    """What the platform says to people; one of the two kinds below."""

    def __str__(self) -> str:
        return mask_text(super().__str__())


class UserError(PlatformError):
    """A mistake that its author can put right; the message says where it is and what to do."""


class TransientError(PlatformError):
    """A failure that a rerun may cure; the message says of what."""


def kind_of(error: BaseException) -> ErrorKind:
    """Which kind an error is, by its ancestors.

    >>> class HeavyRainError(TransientError): ...
    >>> kind_of(HeavyRainError("rain")), kind_of(ConfigError("typo")), kind_of(KeyError("day"))
    (<ErrorKind.TRANSIENT: 'transient'>, <ErrorKind.MISTAKE: 'mistake'>, <ErrorKind.DEFECT: 'defect'>)
    """
    if isinstance(error, UserError):
        return ErrorKind.MISTAKE
    return ErrorKind.TRANSIENT if isinstance(error, TransientError) else ErrorKind.DEFECT


class ConfigError(UserError):
    """A company file, a setting or a command-line value is wrong."""


class AnySourceError(PlatformError):
    """What is wrong with a company's source; one of the two kinds below."""

    def __init__(self, company: str, table: str, rule: str, *, remedy: str, column: str | None = None) -> None:
        # Names and types of a feed are somebody else's words.
        rule, remedy = printable(rule), printable(remedy)
        where = f"{company}: source table {table}" + (f", column {column}" if column else "")
        super().__init__(f"{where}: {rule}. {remedy}")
        self.company, self.table, self.column = company, table, column
        self.rule, self.remedy = mask_text(rule), mask_text(remedy)


class SourceError(AnySourceError, UserError):
    """A company's source is missing, empty, late or of the wrong shape."""


class SourceUnavailableError(AnySourceError, TransientError):
    """A company's source does not answer just now."""


class QueryError(UserError):
    """A query in `sql/` breaks a rule of the platform; the message opens with file and line."""

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path, self.line = path, line


class SliceError(UserError):
    """A new slice broke its table's schema and was not published; what was there before stays."""


class MissingSliceError(UserError):
    """A day that is needed was never made: of a snapshot, or within the window of a log."""


class StorageError(UserError):
    """Stored rows or files need a person (disk full, permissions, versions that are gone); nothing was published."""


class DamageError(StorageError):
    """What is stored is not what was written: a file that is missing, cut short or changed, or a log that is."""


class UnavailableError(TransientError):
    """A store or a database does not answer just now; nothing was half done."""


class ConflictError(TransientError):
    """Somebody else changed the same thing at the same moment; nothing was half done."""


class TooNewError(ConfigError):
    """The platform database was upgraded by a newer program, and this one cannot use it."""


class OutdatedError(TransientError):
    """The same, while this program worked: the newer one makes what is left."""


class LockBusyError(TransientError):
    """Somebody else holds a lock, and has not let go in time."""
