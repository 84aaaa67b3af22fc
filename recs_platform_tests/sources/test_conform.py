"""Which types of a source are refused, and that what a source gives is what `source_<table>` declares.

Not here: how values are converted (warehouse/lake/test_conversion.py).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recs_platform.errors import SourceError
from recs_platform.schemas.landing import SOURCE_DAY, source
from recs_platform.schemas.table import spec_of
from recs_platform.sources.conform import check_types, open_typed
from recs_platform.sources.connectors.request import SourceRequest
from recs_platform.strategies.catalogue import STRATEGIES
from recs_platform_tests.companies.shop import shop
from recs_platform_tests.warehouse.lake.test_conversion import COLUMNS, MOMENTS, NUMBERS

_GOOGLESQL = {"BIGINT": "INT64", "DOUBLE": "FLOAT64", "BOOLEAN": "BOOL", "VARCHAR": "STRING"}
_REFUSED = [
    *(("BIGINT", kind) for kind in (pa.bool_(), pa.date32(), pa.timestamp("us"), pa.binary())),
    *(("DOUBLE", kind) for kind in (pa.bool_(), pa.date32(), pa.list_(pa.float64()), pa.decimal256(50, 2))),
    *(("BOOLEAN", kind) for kind in (pa.float64(), pa.date32(), pa.decimal128(12, 2))),
    *(("DATE", kind) for kind in (pa.int64(), pa.float64(), pa.time64("us"), pa.duration("us"))),
    *(("TIMESTAMP", kind) for kind in (pa.int64(), pa.bool_(), pa.struct([("at", pa.timestamp("us"))]))),
    *(("VARCHAR", kind) for kind in (pa.list_(pa.string()), pa.binary(), pa.map_(pa.string(), pa.string()))),
    ("BIGINT", pa.dictionary(pa.int8(), pa.bool_())),
]


@pytest.mark.parametrize(("declared", "kind"), _REFUSED, ids=str)
def test_a_type_that_can_never_fit_is_refused_before_anything_is_read(declared: str, kind: pa.DataType) -> None:
    model, column = COLUMNS[declared]
    spec = spec_of(model)
    with pytest.raises(SourceError) as caught:
        check_types(spec, pa.schema([(column, kind), (SOURCE_DAY, pa.date32())]), company="shop")
    assert str(caught.value) == (
        f"shop: source table {spec.name}, column {column}: is of type {kind}, which cannot be converted to "
        f"{_GOOGLESQL.get(declared, declared)}. "
        "Convert it in the source, or rename the right column to it under `columns:`."
    )


def test_every_type_that_converts_is_let_through() -> None:
    converts = [
        *((declared, kind) for declared, kind, *_ in (*NUMBERS, *MOMENTS)),
        *((declared, kind) for declared in COLUMNS for kind in (pa.string(), pa.large_string(), pa.null())),
        *((declared, pa.dictionary(pa.int32(), pa.string())) for declared in COLUMNS),
    ]
    for declared, kind in converts:
        model, column = COLUMNS[declared]
        check_types(spec_of(model), pa.schema([(column, kind)]), company="shop")


DAY = date(2025, 9, 1)


@pytest.mark.parametrize("table", [spec_of(model).name for model in STRATEGIES["replenishment"].source_tables])
def test_a_source_arrives_in_the_types_that_its_landing_query_reads(table: str, tmp_path: Path) -> None:
    company = shop(tmp_path)
    spec = company.tables[table]
    with open_typed(SourceRequest(company, spec, DAY, DAY)) as stream:
        rows = stream.read_all()
    declared = spec_of(source(spec.model)).arrow_schema
    assert {field.name: field.type for field in rows.schema} == {
        field.name: field.type for field in declared if field.name != spec.date_column
    }
    assert rows.num_rows > 0 or table != "customers"


def test_what_a_source_lacks_is_null_and_what_does_not_fit_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("item_id,price,is_fresh\n1,2.50,yes\n2,much,no\n")
    company = shop(tmp_path, sources={"catalog": {"connector": "files", "path": "c.csv"}})
    with open_typed(SourceRequest(company, company.tables["catalog"], DAY, DAY)) as stream:
        first, second = stream.read_all().to_pylist()
    assert (first["price"], first["is_fresh"], first["name"], first["unreadable"]) == (2.5, True, None, None)
    assert (second["price"], second["is_fresh"], second["unreadable"]) == (None, False, "price is not a number")


def test_a_source_of_a_type_that_never_fits_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    pq.write_table(pa.table({"item_id": ["1"], "price": [True]}), tmp_path / "c.parquet")
    company = shop(tmp_path, sources={"catalog": {"connector": "files", "path": "c.parquet"}})
    request = SourceRequest(company, company.tables["catalog"], DAY, DAY)
    with pytest.raises(SourceError, match="column price: is of type bool, which cannot be converted to FLOAT64"):
        open_typed(request).__enter__()
