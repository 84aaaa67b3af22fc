"""Why a customer gets nothing, in plain words, and what would change it.

The reasons are those of `sql/vehicle_fitment/dropped_customers.sql`.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from recs_platform.strategies.vehicle_fitment.customer_facts import CustomerFacts
from recs_platform.strategies.vehicle_fitment.formulas import merchandising_faults
from recs_platform.strategies.vehicle_fitment.parameters import VehicleFitmentParameters


def reason_for_nothing(reason: str, parameters: VehicleFitmentParameters, facts: CustomerFacts) -> tuple[str, str]:
    """What happened, and what to do about it."""
    profile = facts.profile
    match reason:
        case "no usable e-mail":
            has = "an invalid e-mail address" if profile["email_lower"] else "no e-mail address"
            return f"The profile has {has}.", "A well-formed address in the customer feed."
        case "another profile has the e-mail":
            return (
                f"The newest profile with this address is {facts.newest_profile}, and an address is mailed once.",
                f"Nothing is wrong if {facts.newest_profile} is the same person: ask for its recommendations.",
            )
        case "no vehicle":
            columns = ("vehicle_year", "vehicle_make", "vehicle_model")
            missing = [column.removeprefix("vehicle_") for column in columns if profile[column] is None]
            return f"The profile's vehicle lacks its {', '.join(missing)}.", "A complete vehicle in the customer feed."
        case "vehicle not in fitment":
            return (
                f"No part is known to fit a {_vehicle(facts)}.",
                "Rows for this vehicle in the fitment feed, or the vehicle as the fitment feed spells it.",
            )
        case "too few eligible parts":
            return _too_few_eligible(parameters, facts)
        case _:
            return _too_few_left(parameters, facts)


def _vehicle(facts: CustomerFacts) -> str:
    profile = facts.profile
    return f"{profile['vehicle_year']} {profile['vehicle_make']} {profile['vehicle_model']}"


def _too_few_eligible(parameters: VehicleFitmentParameters, facts: CustomerFacts) -> tuple[str, str]:
    faults = {item: merchandising_faults(parameters, facts.catalog.get(item)) for item in sorted(facts.fitting)}
    eligible = [item for item, of_item in faults.items() if not of_item]
    # The first fault of each part, without its particulars: eight prices below the limit are one thing to say.
    kinds = Counter(_kind(of_item[0]) for of_item in faults.values() if of_item)
    why = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0])))
    removed = f" The others: {why}." if why else ""
    return (
        f"Of {len(faults)} parts that fit a {_vehicle(facts)}, {len(eligible)} may be recommended, and "
        f"{parameters.min_parts} are needed.{removed}",
        "More parts in the fitment feed, or other merchandising parameters.",
    )


def _kind(fault: str) -> str:
    kinds = {
        "its price": "below the lowest price",
        "its part type": "of an excluded part type",
        "a service": "services",
        "no image": "without an image over https",
    }
    return next((kind for start, kind in kinds.items() if fault.startswith(start)), fault)


def _too_few_left(parameters: VehicleFitmentParameters, facts: CustomerFacts) -> tuple[str, str]:
    since = facts.day - timedelta(days=parameters.purchase_exclusion_days)
    bought = {row["family"] for row in facts.purchases if row["ordered_on"] > since}
    families = {row["family"] for row in facts.ranking.values()}
    return (
        f"The vehicle has {len(facts.ranking)} eligible parts of {len(families)} families. Without the "
        f"{len(families & bought)} bought in the last {parameters.purchase_exclusion_days} days, and with at "
        f"most {parameters.max_per_part_type} of one part type, fewer than four are left.",
        "Time, or more parts that fit the vehicle.",
    )
