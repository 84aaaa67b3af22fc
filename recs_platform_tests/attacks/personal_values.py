"""A hundred shapes that people's addresses and names have in real exports, each with a token that must not be seen."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

SHAPES = 100
_SEED = 7

_LOCALS = (
    "{t}",
    "{t}.doe",
    "{t}+cars",
    '"{t}"',
    '"{t} doe"',
    '"doe, {t}"',
    "o'{t}",
    "{t}|x",
    "{t}!#$%&*",
    "{t}=x",
    "ü{t}",
    "x.{t}",
    "{t}/sales",
)
_DOMAINS = ("x.org", "{t}.org", "mail.x.co", "[127.0.0.1]", "localhost", "xn--{t}.de", "x.{t}", "bücher.de", "x")
_AROUND = (
    "{a}",
    "<{a}>",
    "Jane {T} <{a}>",
    "{T} <{a}>",
    "{t} <{a}>",
    '"{t}, Jane" <{a}>',
    "'{T} Doe' <{a}>",
    "mailto:{a}",
    " {a} ",
    "{a};{a}",
    "({a})",
    "{a}\n",
    "[{a}]",
    "{a}?subject={t}",
    "'{a}'",
    "{a},",
    "`{a}`",
    "a | {a} | b",
)
_ODD = ("{t}@", "{t}@@x.org", "{t}＠x.org", "{t}%40x.org", "{t}&#64;x.org", "a@{t}@x.org", "***{t}@***", "{t}@x.org.")
_NO_ADDRESS = (
    "{t}",
    "+43 1 {t}",
    "{t} at x dot org",
    "@{t}",
    '{{"mail": "{t}"}}',
    "<b>{t}</b>",
    "[/b]{t}",
    "{t}\x1b[31m",
    "\u202e{t}",
    "*** {t}",
    "Jane {T}",
    "{t}\t{t}",
    "x{t}",
)


@dataclass(frozen=True)
class PersonalValue:
    text: str
    token: str
    is_address: bool
    """Whether it can be told to be personal wherever it stands. The others are hidden in personal columns only."""

    def seen_in(self, shown: str) -> bool:
        """Whether any part of the token, as it is, turned round or encoded, stands in what was shown."""
        parts, coded = _parts(self.token)
        lower = shown.lower()
        return any(part in lower for part in parts) or any(part in shown for part in coded)


@cache
def _parts(token: str) -> tuple[set[str], set[str]]:
    """In small letters, and as they are."""
    parts = {form[at : at + 5] for form in (token, token[::-1]) for at in range(len(form) - 4)}
    parts.add(token.encode().hex()[2:12])
    return parts, {base64.b64encode(b" " * at + token.encode()).decode()[4:10] for at in range(3)}


def personal_values() -> list[PersonalValue]:
    """Always the same, each with a token of its own."""
    shapes = [(shape, False) for shape in _NO_ADDRESS] + [(shape, True) for shape in _ODD]
    made = [
        (around.replace("{a}", f"{local}@{domain}"), True)
        for around in _AROUND
        for local in _LOCALS
        for domain in _DOMAINS
    ]
    shapes += random.Random(_SEED).sample(made, SHAPES - len(shapes))
    values = []
    for number, (shape, is_address) in enumerate(shapes):
        token = f"zq{number:02}xj{number:02}kv"
        text = shape.replace("{{", "{").replace("}}", "}").replace("{t}", token).replace("{T}", token.title())
        values.append(PersonalValue(text, token, is_address))
    return values


def seen(values: Sequence[PersonalValue], shown: str) -> list[str]:
    """The values of which something stands in what was shown."""
    return [value.text for value in values if value.seen_in(shown)]
