"""The catalog feed: clean items of any world, and the dirt that catalogs have.

Which items exist and what they cost is the worlds' business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.schemas.sources import Catalog
from recs_platform.simulation import dirt
from recs_platform.simulation.columns import Arrow, Feed, landing_table, pc
from recs_platform.simulation.randomness import BoolArray, stream
from recs_platform.simulation.spec import WorldSpec

SERVICE_PREFIXES = ("SVC-", "LABOR-", "GIFT-")
VARIANT_ENDING = "[0-9][BRGP]$"
"""A SKU that ends like this is a variant: in a colour, or a performance version.
"""
REFURBISHED = "refurbished"


def catalog_feed(spec: WorldSpec, day: date, items: Mapping[str, Any]) -> Feed:
    rng = stream(spec.seed, "catalog dirt", day)
    clean = landing_table(Catalog, items)
    traits = item_traits(clean)
    plain = ~np.logical_or.reduce(list(traits.values())) & _mask(pc.is_valid(clean["category"]))
    spoilt, rejected = dirt.spoil(
        clean,
        rng,
        [
            dirt.Defect("item_id is missing", 0.0008, {"item_id": dirt.nothing}, plain),
            dirt.Defect("price is negative", 0.0008, {"price": _negative_price}, plain),
        ],
        key="item_id",
    )
    twins = dirt.copies(clean, stream(spec.seed, "catalog twins"), 0.006, plain)
    twins = dirt.with_column(twins, "category", pa.nulls(len(twins)))
    table = dirt.shuffled(pa.concat_tables([spoilt, twins]), rng)
    return Feed(
        table,
        {
            "rejected": {"catalog": rejected},
            "merged": {"catalog": len(twins)},
            "reported": {name: int(mask.sum()) for name, mask in traits.items()},
        },
    )


def item_traits(catalog: pa.Table) -> dict[str, BoolArray]:
    """What the platform reports about items, as one mask each."""
    service = "^(" + "|".join(re.escape(prefix) for prefix in SERVICE_PREFIXES) + ")"
    return {
        "refurbished_items": _mask(pc.match_substring(catalog["tags"], REFURBISHED)),
        "service_items": _mask(pc.match_substring_regex(catalog["item_id"], service)),
        "insecure_images": _mask(pc.starts_with(catalog["image_url"], "http://")),
        "items_without_price": _mask(pc.equal(catalog["price"], 0.0)),
        "variant_items": _mask(pc.match_substring_regex(catalog["item_id"], VARIANT_ENDING)),
    }


def _mask(values: Arrow) -> BoolArray:
    mask: BoolArray = pc.fill_null(values, False).to_numpy(zero_copy_only=False).astype(bool)
    return mask


def _negative_price(rng: np.random.Generator, count: int) -> Any:
    return pa.array(-np.round(rng.uniform(1, 300, count), 2))
