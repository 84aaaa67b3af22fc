"""The customers of the vehicle-fitment world: what they drive, since when, and how often they come by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from recs_platform.simulation import profiles
from recs_platform.simulation.randomness import BoolArray, IntArray, choose, stream
from recs_platform.simulation.spec import WorldSpec
from recs_platform.simulation.vehicle_catalog import vehicles

WITHOUT_VEHICLE, OUTSIDE_FITMENT, COLD, SWITCHERS = 0.06, 0.005, 0.005, 0.03
"""Shares of customers: vehicle incomplete, vehicle not in the fitment data, never seen in events, another vehicle
within a year."""


@dataclass(frozen=True)
class Owners:
    vehicle: IntArray
    """-1 for customers whose vehicle is unknown or fits nothing."""
    next_vehicle: IntArray
    switches: IntArray
    """Ordinal of the day from which the next vehicle holds."""
    incomplete: BoolArray
    period: IntArray
    """Days between visits."""
    phase: IntArray
    cold: BoolArray

    def vehicle_on(self, day: date) -> IntArray:
        return np.where(self.switches <= day.toordinal(), self.next_vehicle, self.vehicle)


@lru_cache(maxsize=2)
def people(spec: WorldSpec) -> profiles.People:
    return profiles.people(spec)


@lru_cache(maxsize=2)
def owners(spec: WorldSpec) -> Owners:
    rng, count, cars = stream(spec.seed, "owners"), spec.customers, vehicles(spec)
    draw = rng.random(count)
    unknown = draw < WITHOUT_VEHICLE + OUTSIDE_FITMENT
    vehicle = choose(rng, cars.share, count)
    switches = rng.random(count) < SWITCHERS
    period = rng.integers(60, 91, count)
    return Owners(
        np.where(unknown, -1, vehicle),
        np.where(unknown, -1, choose(rng, cars.share, count)),
        np.where(switches, spec.start.toordinal() + rng.integers(1, 365, count), date.max.toordinal()),
        draw < WITHOUT_VEHICLE,
        period,
        rng.integers(0, 1_000_000, count) % period,
        rng.random(count) < COLD,
    )
