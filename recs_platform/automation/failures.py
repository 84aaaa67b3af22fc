"""What becomes of an error in a run: what a rerun may cure is tried again with back-off, anything else ends the step.

The kind of an error (errors.py) is decided where its class is known, and travels to the run's events as the class of
the failure that Dagster is given, because events keep names and no ancestors. Not here: what a run did altogether
(run_summary.py).
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import dagster as dg
from dagster import DagsterError
from dagster_shared.error import SerializableErrorInfo

from recs_platform.errors import ErrorKind, TransientError, UserError, kind_of
from recs_platform.masking import mask_error, mask_text

RETRIES = dg.RetryPolicy(max_retries=3, delay=2.0, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
"""About 2, 6 and 14 seconds: long enough for a server that starts again, short beside a day's run."""

Done = TypeVar("Done")


class MistakeFailure(dg.Failure):
    """An error that somebody must settle first: never retried."""


class TransientFailure(dg.Failure):
    """An error that a rerun may cure."""


class DefectFailure(dg.Failure):
    """An error of the platform's own. Raised as it is, Dagster would put a sentence of its own before it."""


class TickError(DagsterError):
    """What ended the tick of a schedule or a sensor. Of another error Dagster would first say that one occurred."""


for _failure_class in (MistakeFailure, TransientFailure, DefectFailure, TickError):
    # Python writes a class of a module with the module's name before it, and the reason should come first.
    _failure_class.__module__ = "builtins"

_FAILURES = {ErrorKind.MISTAKE: MistakeFailure, ErrorKind.TRANSIENT: TransientFailure}
_OPENING_FAILURES: dict[ErrorKind, type[dg.Failure]] = {
    kind: type(failure.__name__, (failure, DagsterError), {"__module__": "builtins"})
    for kind, failure in _FAILURES.items()
}
"""The same while a run opens its resources, where Dagster puts a sentence before what is not an error of its own."""


@contextmanager
def step_failures(retry_number: int) -> Iterator[None]:
    """Around what a step does: its errors as Dagster should take them, which shows the reason first."""
    try:
        yield
    except TransientError as error:
        wait = RETRIES.calculate_delay(retry_number + 1)
        raise dg.RetryRequested(RETRIES.max_retries, wait) from _failure(error)
    except UserError as error:
        raise _failure(error) from error
    except (dg.Failure, dg.RetryRequested):
        raise
    except Exception as error:
        # Dagster keeps what it says.
        mask_error(error)
        reason = " ".join(traceback.format_exception_only(error)).strip()
        raise DefectFailure(reason, allow_retries=False) from error


def guarded_step(function: Callable[[Any], Done]) -> Callable[[Any], Done]:
    """The same around a function that Dagster hands its context."""

    @wraps(function)
    def guarded(context: Any) -> Done:
        with step_failures(context.retry_number):
            return function(context)

    return guarded


def is_worth_a_retry(errors: Sequence[Exception], retry_number: int) -> bool:
    """Whether the step that met these errors is tried again."""
    return retry_number < RETRIES.max_retries and any(kind_of(error) is ErrorKind.TRANSIENT for error in errors)


def several(errors: Sequence[Exception]) -> Exception:
    """One error that says what several say, and is of the worst of their kinds."""
    if len(errors) == 1:
        return errors[0]
    kinds, words = {kind_of(error) for error in errors}, "; ".join(dict.fromkeys(map(_reason, errors)))
    if ErrorKind.DEFECT in kinds:
        return ExceptionGroup(words, errors)
    error = UserError(words) if ErrorKind.MISTAKE in kinds else TransientError(words)
    error.__cause__ = errors[0]
    return error


def _reason(error: Exception) -> str:
    words = str(error) if kind_of(error) is not ErrorKind.DEFECT else traceback.format_exception_only(error)[-1]
    return mask_text(" ".join(words.split()))


def guarded_tick(function: Callable[..., Done]) -> Callable[..., Done]:
    """The same around what a schedule or a sensor decides: its reason comes first."""

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Done:
        try:
            return function(*args, **kwargs)
        except (UserError, TransientError) as error:
            raise TickError(mask_text(str(error))) from error
        except Exception as error:
            mask_error(error)
            raise TickError(" ".join(traceback.format_exception_only(error)).strip()) from error

    return guarded


def retried(work: Callable[[], Done], warn: Callable[[str], Any]) -> Done:
    """The same for what comes before a run's first step, where Dagster does not retry."""
    for attempt in range(1, RETRIES.max_retries + 2):
        try:
            return work()
        except TransientError as error:
            if attempt > RETRIES.max_retries:
                raise _failure(error, _OPENING_FAILURES) from error
            wait = RETRIES.calculate_delay(attempt)
            warn(f"{error} Next try in {wait:.0f} s.")
            time.sleep(wait)
        except UserError as error:
            raise _failure(error, _OPENING_FAILURES) from error
    raise AssertionError("unreachable")


@dataclass(frozen=True)
class FailureCause:
    """What ended a step or a run, in words for people."""

    message: str
    kind: ErrorKind | None = ErrorKind.DEFECT
    """None for what is no error: a check that failed, a publication that waits for approval, an interruption."""
    interrupted: bool = False
    of_check: bool = False
    """A check failed, whose verdict says more than Dagster does of it."""
    trace: str = ""
    """Of a defect."""


_INTERRUPTED = "DagsterExecutionInterruptedError"
_KINDS = {failure.__name__: kind for kind, failure in _FAILURES.items()}
_CHECK_FAILED = "DagsterAssetCheckFailedError"
_INTENDED = frozenset({dg.Failure.__name__, _CHECK_FAILED})
"""How Dagster names what a step refused to go on with on purpose."""


def cause_of(error: SerializableErrorInfo | None, otherwise: str) -> FailureCause:
    """The error behind a failure, without Dagster's wrapping."""
    while error is not None and error.cls_name not in {*_KINDS, *_INTENDED, _INTERRUPTED} and error.cause is not None:
        error = error.cause
    if error is None:
        return FailureCause(otherwise)
    if error.cls_name == _INTERRUPTED:
        return FailureCause("interrupted; run it again", kind=None, interrupted=True)
    message = mask_text(error.message.strip().partition("\n\nStack Trace")[0])
    plain = message.partition(f"{error.cls_name}: ")[2] or message
    if error.cls_name in _INTENDED:
        return FailureCause(plain, kind=None, of_check=error.cls_name == _CHECK_FAILED)
    if error.cls_name in _KINDS:
        return FailureCause(plain, _KINDS[error.cls_name])
    return FailureCause(message, trace=mask_text(error.to_string()))


def _failure(
    error: UserError | TransientError, classes: Mapping[ErrorKind, type[dg.Failure]] = _FAILURES
) -> dg.Failure:
    kind = kind_of(error)
    metadata = {"kind": str(kind), "error": type(error).__name__}
    failure = classes[kind](str(error), metadata=metadata, allow_retries=kind is ErrorKind.TRANSIENT)
    failure.__cause__ = error
    return failure
