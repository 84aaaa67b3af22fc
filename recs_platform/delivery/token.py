"""What stands in a link and says which recommendation was followed: publication, channel, customer and rank.

The customer stands there under a pseudonym: who has the company's own key can tell whether a customer is meant, and
nobody else can. It is the same in every publication and channel. Pure; not here: where the key is kept (pseudonyms.py).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

from recs_platform.errors import ConfigError

CHANNELS = ("email", "push", "sms")
_LETTERS = {channel[0]: channel for channel in CHANNELS}
_BYTES = 12
_WRITTEN = re.compile(r"([1-9][0-9]{0,9})([eps])\.([A-Za-z0-9_-]{16})\.([1-9][0-9]{0,3})")


@dataclass(frozen=True)
class Token:
    version: int
    """Of the publication."""
    channel: str
    rank: int
    pseudonym: str

    def __str__(self) -> str:
        """
        >>> str(Token(3, "email", 1, "k7Qb2mX9aZ3vAbCd"))
        '3e.k7Qb2mX9aZ3vAbCd.1'
        """
        # It ends with a digit: programs that find links in texts may leave other characters out at an end.
        return f"{self.version}{self.channel[0]}.{self.pseudonym}.{self.rank}"


def read_token(text: str) -> Token:
    """
    >>> read_token("3e.k7Qb2mX9aZ3vAbCd.1").channel
    'email'
    """
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise ConfigError("The token of a link is not one of an export; it looks like 3e.k7Qb2mX9aZ3vAbCd.1.")
    return Token(int(found[1]), _LETTERS[found[2]], int(found[4]), found[3])


def pseudonym(key: bytes, company: str, product: str, customer: str) -> str:
    named = "\0".join((company, product, customer)).encode()
    return base64.urlsafe_b64encode(hmac.digest(key, named, hashlib.sha256)[:_BYTES]).decode()
