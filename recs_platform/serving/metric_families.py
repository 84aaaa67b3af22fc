"""Every metric of the service: its name, what it means, and its labels. The table in the docs is the same list.

Labels are bounded by what is configured: companies, products, models, the service's own routes, and versions, of which
the newest few are told. Never a customer, a key, or anything else that whoever asks can make up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Family:
    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    kind: Literal["counter", "gauge", "histogram"] = "gauge"


BUCKETS = (0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds up to which a request counts in each."""

BUILD = Family("recs_service_build_info", "Always 1; the version of the platform.", ("version",))
READY = Family("recs_service_ready", "Whether it is ready (1) or not (0), as `GET /health/ready` says.")

REQUESTS = Family(
    "recs_service_requests_total",
    "Requests that were answered, by status; of an address that there is not, without a route.",
    ("route", "company", "status"),
    "counter",
)
REQUEST_SECONDS = Family(
    "recs_service_request_seconds",
    "From the request's arrival to the last byte of its answer.",
    ("route", "company"),
    "histogram",
)
ANSWERS = Family(
    "recs_service_answers_total",
    "Answers out of a version: of a product by where it was read (redis or database), of a model by `model`. Of the "
    "three versions of each that began to answer last.",
    ("company", "product", "version", "source"),
    "counter",
)
ANSWER_SECONDS = Family(
    "recs_service_answer_seconds_total",
    "How long these answers took together.",
    ("company", "product", "version", "source"),
    "counter",
)

READS = Family("recs_service_reads_total", "Lists that were read, by who had them.", ("source",), "counter")
FALLBACKS = Family(
    "recs_service_fallbacks_total",
    "Lists that the database gave because Redis did not, by why.",
    ("reason",),
    "counter",
)
REFILLS = Family(
    "recs_service_refills_total",
    "Times that Redis was filled again from the database, by outcome: done or failed.",
    ("outcome",),
    "counter",
)

PUBLICATION = Family(
    "recs_service_publication_version", "The publication that is answered from.", ("company", "product")
)
STALENESS = Family(
    "recs_service_staleness_seconds",
    "Seconds since what is answered from was made. It grows until the next publication is answered from.",
    ("company", "product"),
)

MODEL_VERSION = Family("recs_service_model_version", "The version that answers.", ("company", "model"))
MODEL_INFO = Family("recs_service_model_info", "Always 1; the digest of that version.", ("company", "model", "digest"))
MODEL_REFUSED = Family(
    "recs_service_model_refused",
    "Whether the active version does not answer (1) or does (0): `GET /models` says why.",
    ("company", "model"),
)
REGISTRY_AGE = Family(
    "recs_service_registry_age_seconds",
    "Seconds since the registry last said which version is active; not there before it did.",
    ("company", "model"),
)

FAMILIES: tuple[Family, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Family))


def families_markdown() -> str:
    """The table of the docs."""
    lines = ["| Metric | Kind | Labels | Meaning |", "|---|---|---|---|"]
    for family in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        lines.append(f"| `{family.name}` | {family.kind} | {labels} | {family.meaning} |")
    return "\n".join(lines)
