"""What a table's declaration may say, and what is derived from it."""

from __future__ import annotations

import datetime

import pytest

from recs_platform.schemas.field import Field
from recs_platform.schemas.landing import landed, source
from recs_platform.schemas.sources import Interactions
from recs_platform.schemas.table import Table, log, spec_of


def test_a_column_has_no_reserved_name() -> None:
    class Prices(Table):
        event_date: datetime.date = Field()
        limit: float = Field()

    with pytest.raises(TypeError, match=r"^Prices has a column limit, which is a reserved word of GoogleSQL$"):
        log(key=())(Prices)


def test_a_former_name_stays_with_a_column_in_each_of_its_forms() -> None:
    for model in (Interactions, landed(Interactions), source(Interactions)):
        assert {c.name: c.formerly for c in spec_of(model).columns if c.formerly} == {"happened_at": "at"}
