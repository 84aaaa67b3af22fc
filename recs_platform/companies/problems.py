"""Sentences about what is wrong in a company file: which key, what is wrong, what is allowed, what was probably meant.

Not here: reading files (loader.py) and what is allowed (model.py, source_config.py).
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import InitErrorDetails, PydanticCustomError

from recs_platform.errors import printable
from recs_platform.masking import mask_text

_RANGE_ERRORS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_SHOWN_CHARACTERS = 60
_LONGEST_KEY = 200
_LIKE = 0.6
"""How much alike, by difflib, a name is to the one that was probably meant."""
_KEYS_LISTED = 20
"""With a hint, a longer list of what is allowed would only hide it."""

Model = TypeVar("Model", bound=BaseModel)


class Problem(NamedTuple):
    """One thing to put right; `key` is the path of keys that leads to it."""

    key: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return (
            f"{_shortened(printable('.'.join(map(str, self.key))), _LONGEST_KEY)}: {self.message}"
            if self.key
            else self.message
        )


def did_you_mean(given: object, allowed: Iterable[str]) -> str:
    """A hint that follows a sentence, or nothing when no allowed name is close.

    >>> did_you_mean("strateggy", ["name", "strategy"])
    ' Did you mean "strategy"?'
    """
    meant = _probably_meant(given, allowed)
    return f' Did you mean "{meant}"?' if meant else ""


def _probably_meant(given: object, allowed: Iterable[str]) -> str | None:
    names = {name.lower(): name for name in allowed}
    matches = get_close_matches(str(given).lower(), names, n=1, cutoff=_LIKE)
    return names[matches[0]] if matches else None


def unknown_key(given: object, allowed: Sequence[str], values: Sequence[str] | None = None) -> str:
    """The sentence for a key that there is not; `values` are what the key that was meant may be."""
    hint = did_you_mean(given, allowed)
    listed = (
        "" if hint and values is None and len(allowed) > _KEYS_LISTED else f" Allowed: {', '.join(values or allowed)}."
    )
    return f"unknown key.{hint}{listed}"


def spelt_right(given: Mapping[str, Any], allowed: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The keys as they were probably meant, and which were misspelt, with what was meant. A key that is there under its
    own name, too, is not meant by another.

    >>> spelt_right({"conector": "files", "path": "a.csv", "paht": "b.csv"}, ["connector", "path"])
    ({'connector': 'files', 'path': 'a.csv', 'paht': 'b.csv'}, {'conector': 'connector'})
    """
    free, misspelt = [name for name in allowed if name not in given], {}
    for key in given:
        if key not in allowed and (meant := _probably_meant(key, free)):
            misspelt[key] = meant
            free.remove(meant)
    return {misspelt.get(key, key): value for key, value in given.items()}, misspelt


def validated(
    model: type[Model], given: Any, *, context: Mapping[str, Any] | None = None
) -> tuple[Model | None, list[Problem]]:
    """The model, or what is wrong, in the order of its fields. A misspelt key is one problem: nothing is called missing
    because of it, and what stands under it is judged as well."""
    misspelt: dict[str, str] = {}
    if isinstance(given, Mapping):
        given, misspelt = spelt_right(given, list(model.model_fields))
    made, problems = None, []
    try:
        made = model.model_validate(given, context=dict(context or {}))
    except ValidationError as error:
        # A value that the key which was probably meant cannot hold says that it was not meant.
        problems = [p for p in problems_of(error, model) if p.key not in [(meant,) for meant in misspelt.values()]]
    problems += [Problem((key,), unknown_key(key, list(model.model_fields))) for key in misspelt]
    return (None if problems else made), problems


def not_one_of(given: object, what: str, allowed: Sequence[str]) -> str:
    """The sentence for a value outside a short list."""
    return f"{shown(given)} is not {what}.{did_you_mean(given, allowed)} Allowed: {', '.join(allowed)}."


def shown(value: object) -> str:
    """A value from the file, short enough for a sentence and without e-mail addresses."""
    text = printable(f'"{value}"' if isinstance(value, str) else _written(value))
    return mask_text(_shortened(text, _SHOWN_CHARACTERS))


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _written(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # a whole number of thousands of digits
        return "a very long number"


def raise_problems(title: str, problems: Iterable[Problem]) -> None:
    """From within a validator: report these problems, each under its own key; nothing happens when there is none."""
    details = [
        InitErrorDetails(type=PydanticCustomError("problem", "{text}", {"text": p.message}), loc=p.key, input=None)
        for p in problems
    ]
    if details:
        raise ValidationError.from_exception_data(title, details)


def each_judged(given: Mapping[Any, Any], check: Callable[[str], None]) -> list[Problem]:
    """What is wrong with the texts of a group of keys; `check` raises a ValueError in words that follow a key."""
    problems = []
    for key, text in given.items():
        try:
            if not isinstance(text, str):
                raise ValueError(f"should be a text in quotes, but is {shown(text)}")
            check(text)
        except ValueError as error:
            problems.append(Problem((str(key),), f"{str(error).rstrip('.')}."))
    return problems


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """The problems that validating `model` error_line, in the order of its fields."""
    return [
        Problem(tuple(error_line["loc"]), _sentence(error_line, model))
        for error_line in error.errors(include_url=False, include_context=True)
    ]


def range_of(field: FieldInfo) -> str:
    """What a value may be, or nothing when the type says it all: `1 to 730`, `at least 0`, `fail or empty`."""
    if choices := _choices(field.annotation):
        return " or ".join([", ".join(choices[:-1]), choices[-1]])
    bounds = {}
    for constraint in field.metadata:
        for name in ("ge", "gt", "le", "lt"):
            if hasattr(constraint, name):
                bounds[name] = getattr(constraint, name)
    low = f"{bounds['ge']}" if "ge" in bounds else f"above {bounds['gt']}" if "gt" in bounds else ""
    high = f"{bounds['le']}" if "le" in bounds else f"below {bounds['lt']}" if "lt" in bounds else ""
    if low and high:
        return f"{low} to {high}"
    if low:
        return low if low.startswith("above") else f"at least {low}"
    return high if not high or high.startswith("below") else f"at most {high}"


def _choices(annotation: Any) -> list[str]:
    """The words that may be given, if a value is one of a few; `null` where it may be left out."""
    if get_origin(annotation) is Literal:
        return [str(word) for word in get_args(annotation)]
    choices = [choice for part in get_args(annotation) for choice in _choices(part)]
    return [*choices, "null"] if choices and types.NoneType in get_args(annotation) else choices


def _sentence(error_line: Any, model: type[BaseModel]) -> str:
    kind, given = error_line["type"], error_line["input"]
    owner, name = _owner(model, error_line["loc"])
    if kind == "problem":
        return str(error_line["msg"])
    if kind == "extra_forbidden":
        return unknown_key(name, list(owner.model_fields))
    if kind == "missing":
        return "is missing; it is required."
    if kind in _RANGE_ERRORS and name in owner.model_fields:
        return f"{shown(given)} is out of range; allowed: {range_of(owner.model_fields[name])}."
    if kind == "literal_error":
        return not_one_of(given, "allowed here", _choices(owner.model_fields[name].annotation))
    if kind == "model_type":
        return f"should be a group of keys ({', '.join(owner.model_fields)}), but is {shown(given)}."
    message = str(error_line["msg"]).removeprefix("Value error, ")
    if kind in ("value_error", "assertion_error"):
        return message if message.endswith(".") else f"{message}."
    if not name or isinstance(given, dict):
        return f"{message[:1].lower()}{message[1:]}."
    return f"{message.replace('Input should', 'should').split(',')[0]}, but is {shown(given)}."


def _owner(model: type[BaseModel], location: Sequence[str | int]) -> tuple[type[BaseModel], str]:
    """The innermost model on the way to a location, and the last key of it."""
    for step in location[:-1]:
        field = model.model_fields.get(str(step))
        inner = _model_in(field.annotation) if field else None
        if inner is None:
            break
        model = inner
    if location and (field := model.model_fields.get(str(location[-1]))) and (inner := _model_in(field.annotation)):
        return inner, str(location[-1])
    return model, str(location[-1]) if location else ""


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType):
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None
