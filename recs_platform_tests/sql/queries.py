"""The platform's queries, parsed once for all tests of a worker; who changes one changes a copy."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from recs_platform.warehouse.query import Query, load_queries, sql_folder


@cache
def platform_queries() -> Mapping[str, Query]:
    return MappingProxyType(load_queries(sql_folder()))
