"""The people of a simulated company: who exists on which day, their e-mail addresses, and the dirt in both.

What a customer is beyond that (vehicle, kind of business) is given by the world as attributes, one per person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.schemas.sources import Customers
from recs_platform.simulation import dirt
from recs_platform.simulation.columns import DAY, Arrow, Feed, instants, landing_table, midnight, numbered, pc
from recs_platform.simulation.randomness import BoolArray, IntArray, stream
from recs_platform.simulation.spec import WorldSpec

_FIRST = pa.array(["ann", "ben", "carla", "dan", "eve", "frank", "grace", "hank", "ines", "jack", "kim", "lou"])
_LAST = pa.array(["adams", "berg", "cole", "diaz", "ellis", "ford", "gray", "hunt", "ito", "jones", "kern", "lee"])
_HOSTS = pa.array(["example.com", "mail.example.com", "example.org", "post.example.net"])

# Shares of people, cumulated: how their address is typed.
_UPPER, _SHARED, _UNUSABLE, _PADDED = 0.03, 0.045, 0.055, 0.06
LEAVERS = 0.01
"""Share of people whose e-mail disappears within a year.
"""
NEWCOMERS = 0.02
"""Share of people who join in the first half year of the feeds; the others were there before."""


@dataclass(frozen=True)
class People:
    ids: Arrow
    emails: Arrow
    usable: BoolArray
    """Has an address that mail can be sent to."""
    joined: IntArray
    """Ordinal of the first day with a profile."""
    email_gone: IntArray
    """Ordinal of the day from which the address is missing; a day out of reach for most."""
    updated: IntArray

    def present(self, day: date) -> BoolArray:
        return self.joined <= day.toordinal()

    def mailable(self, day: date) -> BoolArray:
        return self.usable & self.present(day) & (self.email_gone > day.toordinal())


def people(spec: WorldSpec) -> People:
    rng = stream(spec.seed, "people")
    count, start = spec.customers, spec.start.toordinal()
    emails, usable = _addresses(rng, count)
    newcomer = rng.random(count) < NEWCOMERS
    joined = np.where(newcomer, start + rng.integers(1, 182, count), start - rng.integers(1, 1500, count))
    gone = np.where(rng.random(count) < LEAVERS, start + rng.integers(1, 365, count), date.max.toordinal())
    updated = midnight(spec.start) + (np.minimum(joined, start - 1) - start) * DAY + rng.integers(0, DAY, count)
    return People(numbered("C", np.arange(1, count + 1), 7), emails, usable, joined, gone, updated)


def customers_feed(
    spec: WorldSpec,
    day: date,
    persons: People,
    attributes: Mapping[str, Arrow],
    reported: Mapping[str, BoolArray],
    donors: BoolArray,
) -> Feed:
    """The snapshot of a day. `reported` are masks over all persons to be counted; `donors` have complete attributes."""
    rng = stream(spec.seed, "customers dirt", day)
    here = np.flatnonzero(persons.present(day))
    index = pa.array(here)
    emails = pc.if_else(pa.array(persons.email_gone[here] > day.toordinal()), pc.take(persons.emails, index), None)
    clean = landing_table(
        Customers,
        {
            "customer_id": pc.take(persons.ids, index),
            "email": emails,
            "updated_at": instants(persons.updated[here]),
            **_reached_by(here),
            **{name: pc.take(values, index) for name, values in attributes.items()},
        },
    )
    counts = {**_email_counts(emails), **{name: int(mask[here].sum()) for name, mask in reported.items()}}
    complete = np.flatnonzero(donors[here])
    plain = donors[here] & pc.is_valid(emails).to_numpy(zero_copy_only=False)
    spoilt, rejected = dirt.spoil(
        clean,
        rng,
        [dirt.Defect("customer_id is missing", 0.002, {"customer_id": dirt.nothing, "email": _lost}, plain)],
    )
    older = _older_profiles(rng, clean, complete, list(attributes))
    table = dirt.shuffled(pa.concat_tables([spoilt, older]), rng)
    return Feed(
        table,
        {
            "rejected": {"customers": rejected},
            "merged": {"customers": len(older)},
            "reported": counts,
        },
    )


def _addresses(rng: np.random.Generator, count: int) -> tuple[Arrow, BoolArray]:
    local = pc.binary_join_element_wise(
        pc.take(_FIRST, pa.array(rng.integers(0, len(_FIRST), count))),
        pc.binary_join_element_wise(
            pc.take(_LAST, pa.array(rng.integers(0, len(_LAST), count))), numbered("", np.arange(count)), ""
        ),
        ".",
    )
    hosts = pc.take(_HOSTS, pa.array(rng.integers(0, len(_HOSTS), count)))
    plain = pc.binary_join_element_wise(local, hosts, "@")
    kind = rng.random(count)
    owners = np.flatnonzero(kind >= _PADDED)
    shared = (kind >= _UPPER) & (kind < _SHARED) & (len(owners) > 0)
    partner = np.where(shared, rng.choice(owners, count) if len(owners) else 0, np.arange(count))
    emails = pc.take(plain, pa.array(partner))
    upper = (kind < _UPPER) | (shared & (rng.random(count) < 0.5))
    emails = pc.if_else(pa.array(upper), pc.ascii_upper(emails), emails)
    padded = (kind >= _UNUSABLE) & (kind < _PADDED)
    emails = pc.if_else(pa.array(padded), pc.binary_join_element_wise(" ", emails, " ", ""), emails)
    unusable = (kind >= _SHARED) & (kind < _UNUSABLE)
    broken = pc.if_else(
        pa.array(rng.random(count) < 0.5), pc.binary_join_element_wise(local, hosts, "."), pa.scalar(None, pa.string())
    )
    return pc.if_else(pa.array(unusable), broken, emails), ~unusable


def _reached_by(here: IntArray) -> dict[str, Arrow]:
    """Phones, apps and wishes by the person's number: most have a phone, half the app, and a few opt out."""
    phones = pc.binary_join_element_wise(numbered("+1 555 ", here // 10_000, 3), numbered("", here % 10_000, 4), " ")
    tokens = numbered("app:", here, 20)
    few = here % 50
    return {
        "phone": pc.if_else(pa.array(here % 10 < 7), phones, None),
        "push_token": pc.if_else(pa.array(here % 10 >= 5), tokens, None),
        "opted_out_of": pc.case_when(
            pc.make_struct(pa.array(few == 7), pa.array(few == 13), pa.array(few == 29)), "email", "email, sms", "all"
        ),
    }


def _lost(rng: np.random.Generator, count: int) -> Any:
    return pc.binary_join_element_wise(numbered("lost", rng.integers(10**9, 10**10, count)), "example.com", "@")


def _older_profiles(rng: np.random.Generator, clean: pa.Table, complete: IntArray, attributes: list[str]) -> pa.Table:
    """Earlier states of some profiles: another address, the attributes of somebody else, an older updated_at."""
    older = dirt.copies(clean, rng, 0.005)
    count = len(older)
    if not count or not len(complete):
        return older.slice(0, 0)
    donors = clean.take(pa.array(rng.choice(complete, count)))
    for name in attributes:
        older = dirt.with_column(older, name, donors[name])
    formerly = pc.binary_join_element_wise(pc.utf8_lower(older["customer_id"]), "old.example.com", "@")
    age = pa.array(rng.integers(30, 600, count) * DAY, pa.duration("us"))
    older = dirt.with_column(older, "updated_at", pc.subtract(older["updated_at"], age))
    return dirt.with_column(older, "email", formerly)


def _email_counts(emails: Arrow) -> dict[str, int]:
    trimmed = pc.utf8_trim_whitespace(emails)
    usable = pc.fill_null(pc.match_substring(trimmed, "@"), False)
    lower = pc.utf8_lower(pc.filter(trimmed, usable))
    differs = pc.fill_null(pc.not_equal(emails, pc.utf8_lower(emails)), False)
    return {
        "emails_in_upper_case": int(pc.sum(differs).as_py() or 0),
        "emails_shared_by_profiles": len(lower) - int(pc.count_distinct(lower).as_py()),
        "emails_unusable": len(emails) - len(lower),
    }
