"""The way to BigQuery, on the emulator: reached by the variable that Google's client knows, without credentials."""

from __future__ import annotations

import sys

import pyarrow as pa
import pytest

from recs_platform.errors import ConfigError
from recs_platform.warehouse.bigquery.client import open_client, rows_client


@pytest.mark.slow
def test_the_emulator_answers(bigquery: str) -> None:
    client = open_client(bigquery, "EU")
    client.create_dataset("shop")
    client.query_and_wait("CREATE TABLE shop.goods AS SELECT 1 AS sku, 'Bolt' AS name")
    rows = client.query_and_wait("SELECT * FROM shop.goods")
    with rows_client() as fast:
        assert pa.Table.from_batches(rows.to_arrow_iterable(fast)).to_pylist() == [{"sku": 1, "name": "Bolt"}]
    assert client.project == bigquery


@pytest.mark.slow
def test_a_project_of_its_own_sees_nothing_of_others(bigquery: str) -> None:
    assert list(open_client(bigquery, "EU").list_datasets()) == []


def test_without_credentials_it_is_said_how_to_get_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
    monkeypatch.setenv("CLOUDSDK_CONFIG", "/nowhere")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(ConfigError, match="gcloud auth application-default login"):
        open_client("acme-recs", "EU")


def test_without_the_packages_it_is_said_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.bigquery", None)
    with pytest.raises(ConfigError, match=r"pip install 'recs-platform\[gcp\]'"):
        open_client("acme-recs", "EU")
