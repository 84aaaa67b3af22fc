"""Benchmarks live in processes of their own and change their environment; here it is put back, because the platform
takes seconds to load."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from recs_platform.settings import settings


@contextmanager
def own_environment() -> Iterator[None]:
    with patch.dict(os.environ):
        yield
    settings.cache_clear()
