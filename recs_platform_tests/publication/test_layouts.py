"""What of each product that any strategy publishes customers are served."""

from __future__ import annotations

import pytest

from recs_platform.declarations.product import AnyProduct
from recs_platform.publication.publish import publish
from recs_platform.publication.serve import layout_of
from recs_platform.strategies.catalogue import pipelines
from recs_platform_tests.publication.garage import Garage, owners
from recs_platform_tests.publication.shop import NOON, compared, day

PRODUCTS = {
    f"{strategy} {name}": product
    for strategy, pipeline in pipelines().items()
    for name, product in pipeline.products.items()
}


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)
def test_nothing_personal_is_served_of_any_product(product: AnyProduct) -> None:
    layout = layout_of(product)
    assert not set(layout.columns) & product.of.personal
    assert not set(layout.columns) & {"customer_id", "as_of", "generated_at", "pipeline_version"}
    assert len(layout.columns) > 2
    assert (layout.customer is None) == (product.name == "allocation")
    assert {layout.customer, *layout.order} >= set(product.of.key), "rows have one order"


def test_an_address_reaches_no_store(garage: Garage) -> None:
    garage.plan(day(0), owners(5))
    garage.make(day(0))
    outlet = garage.outlet
    publish(outlet, day(0), compared(outlet, day(0)), by="ann", at=NOON)
    (store,) = outlet.stores
    served = store.served(outlet.company, outlet.product.name)
    assert served is not None
    with store.lists(served) as chunks:
        lists = [text for chunk in chunks for _, text in chunk]
    assert len(lists) == 5
    assert all(b"rec_part_1" in text and b"mail.example" not in text and b"@" not in text for text in lists)
