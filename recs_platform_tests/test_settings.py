"""The environment: what is accepted, and one sentence for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from recs_platform.errors import ConfigError
from recs_platform.settings import Settings, WarehouseKind, settings

SEE = "See docs/settings.md."
_ENCRYPTED = "should be a URL that begins with https:// (http:// only on this machine)."


def complaint(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    """What is said about variables, in one sentence."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    with pytest.raises(ConfigError) as caught:
        settings()
    message = str(caught.value)
    assert message.startswith("environment: ")
    assert message.endswith(f" {SEE}")
    assert "\n" not in message
    return message.removeprefix("environment: ").removesuffix(f" {SEE}")


@pytest.mark.parametrize(
    "limit", ["abc", "-1", "-1GB", "0", "0GiB", "6", "6 XB", "nan", "1e9GB", "80%", "1KB", "9999999PB"]
)
def test_a_memory_limit_is_a_size_above_nothing(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    message = complaint(monkeypatch, RECS_MEMORY_LIMIT=limit)
    assert message == (
        f'RECS_MEMORY_LIMIT: "{limit}" is not an amount of memory: write a number with MB, MiB, GB, GiB, TB or TiB, '
        "such as 6GiB; at least 64MiB."
    )


@pytest.mark.parametrize("name", ["RECS_BIGQUERY_QUERY_BYTES", "RECS_BIGQUERY_RUN_BYTES"])
@pytest.mark.parametrize("limit", ["0", "9MB", "500", "-1GB", "2000TiB", "all"])
def test_what_may_be_read_is_an_amount_of_data(monkeypatch: pytest.MonkeyPatch, name: str, limit: str) -> None:
    assert complaint(monkeypatch, **{name: limit}) == (
        f'{name}: "{limit}" is not an amount of data: write a number with MB, MiB, GB, GiB, TB or TiB, such as 500GiB; '
        "at least 10MiB."
    )


_PRODUCTION = {
    "RECS_ENV": "production",
    "RECS_LAKE_URL": "gs://acme/lake",
    "RECS_DATABASE_URL": "postgresql://db/recs",
    "RECS_DAGSTER_DATABASE_URL": "postgresql://db/dagster",
}
_LAKE_MISSING = "RECS_LAKE_URL (where tables live, such as gs://acme-recs/lake)"
_DATABASE_MISSING = "RECS_DATABASE_URL (the platform database on PostgreSQL, such as postgresql://db.example.com/recs)"
_DAGSTER_MISSING = "RECS_DAGSTER_DATABASE_URL (Dagster's database on PostgreSQL; it may be the same one)"
_PROJECT_MISSING = (
    "RECS_WAREHOUSE=bigquery needs RECS_GCP_PROJECT (the project that holds the datasets, such as acme-recs)"
)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"RECS_LAKE_URL": ""}, f"RECS_ENV=production needs {_LAKE_MISSING}"),
        ({"RECS_DATABASE_URL": ""}, f"RECS_ENV=production needs {_DATABASE_MISSING}"),
        ({"RECS_DATABASE_URL": "sqlite:///s3cret.db"}, f"RECS_ENV=production needs {_DATABASE_MISSING}"),
        ({"RECS_DAGSTER_DATABASE_URL": ""}, f"RECS_ENV=production needs {_DAGSTER_MISSING}"),
        (
            {"RECS_LAKE_URL": "", "RECS_DATABASE_URL": "", "RECS_DAGSTER_DATABASE_URL": ""},
            f"RECS_ENV=production needs {_LAKE_MISSING}, {_DATABASE_MISSING} and {_DAGSTER_MISSING}",
        ),
        (
            {"RECS_LAKE_URL": "", "RECS_DATABASE_URL": "", "RECS_WAREHOUSE": "bigquery"},
            f"RECS_ENV=production needs {_DATABASE_MISSING}; {_PROJECT_MISSING}",
        ),
        ({"RECS_ENV": "local", "RECS_WAREHOUSE": "bigquery"}, _PROJECT_MISSING),
    ],
)
def test_what_is_missing_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], message: str
) -> None:
    assert complaint(monkeypatch, **_PRODUCTION | changed) == f"{message}."


def test_production_on_the_lake_and_on_bigquery(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _PRODUCTION.items():
        monkeypatch.setenv(name, value)
    assert Settings().warehouse is WarehouseKind.LAKE
    monkeypatch.delenv("RECS_LAKE_URL")
    monkeypatch.setenv("RECS_WAREHOUSE", "bigquery")
    monkeypatch.setenv("RECS_GCP_PROJECT", "example.com:acme-recs")
    assert Settings().bigquery_location == "EU"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "RECS_DAGSTER_DATABASE_URL",
            "mysql://a:s3cret@h/x",
            "should be the URL of a PostgreSQL database, such as postgresql://db.example.com/recs.",
        ),
        ("RECS_GCP_PROJECT", "Acme Recs", "should be the id of a Google Cloud project, such as acme-recs."),
        ("RECS_BIGQUERY_LOCATION", "e u", "should be a location of BigQuery, such as EU, US or europe-west3."),
        ("RECS_BIGQUERY_PREFIX", "a-b", "should be letters, digits and underscores, such as recs_."),
    ],
)
def test_where_a_warehouse_and_dagster_are(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    assert complaint(monkeypatch, **{name: value}) == f"{name}: {message}"


_INSIDE = (
    "should be a URL that begins with https:// (http:// only on this machine, or within a network of containers: "
    "http://service:8000, http://recs-service.recs.svc:8000)."
)
_A_SERVER = "should be a host and a port, such as code:4000."


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RECS_SERVICE_URL", "http://service.example.com:8000", _INSIDE),
        ("RECS_SERVICE_URL", "http://10.0.0.1:8000", _INSIDE),
        ("RECS_SERVICE_URL", "http://167772161", _INSIDE),
        ("RECS_SERVICE_URL", "http://evil.example/.svc", _INSIDE),
        ("RECS_SERVICE_URL", "service:8000", _INSIDE),
        ("RECS_CODE_SERVER", "code", _A_SERVER),
        ("RECS_CODE_SERVER", "code:0", _A_SERVER),
        ("RECS_CODE_SERVER", "code:65536", _A_SERVER),
        ("RECS_CODE_SERVER", "http://code:4000", _A_SERVER),
    ],
)
def test_where_processes_of_ours_are(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    assert complaint(monkeypatch, **{name: value}) == f"{name}: {message}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RECS_SERVICE_URL", "http://service:8000"),
        ("RECS_SERVICE_URL", "http://recs-service.recs.svc:8000"),
        ("RECS_SERVICE_URL", "http://recs-service.recs.svc.cluster.local:8000"),
        ("RECS_SERVICE_URL", "http://127.0.0.1:8000"),
        ("RECS_SERVICE_URL", "https://service.example.com"),
        ("RECS_CODE_SERVER", "code:4000"),
        ("RECS_CODE_SERVER", "[::1]:4000"),
    ],
)
def test_processes_of_ours_within_a_network_of_containers(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert value in (Settings().service_url, Settings().code_server)


@pytest.mark.parametrize("limit", ["64MiB", "512MB", "6GiB", "1.5 GB", "6gb", "2 TiB"])
def test_memory_limits(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    import duckdb

    monkeypatch.setenv("RECS_MEMORY_LIMIT", limit)
    assert Settings().memory_limit == limit
    duckdb.connect(config={"memory_limit": limit}).close()


@pytest.mark.parametrize("variable", ["RECS_HOME", "RECS_LAKE_URL"])
@pytest.mark.parametrize(
    ("name", "shown", "character"),
    [
        ("a?b", "a?b", "?"),
        ("a%41b", "a%41b", "%41"),
        ("a\\b", "a\\b", "\\"),
    ],
)
def test_folders_whose_names_would_be_read_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, name: str, shown: str, character: str
) -> None:
    assert complaint(monkeypatch, **{variable: str(tmp_path / name)}) == (
        f"{variable}: the folder {tmp_path}/{shown} has {character} in its name, which URLs and databases read as "
        "something else; choose another folder."
    )


@pytest.mark.parametrize("variable", ["RECS_HOME", "RECS_LAKE_URL", "RECS_COMPANIES_DIR", "RECS_LANDING_DIR"])
@pytest.mark.parametrize(
    ("name", "character"), [("a\nb", "\\n"), ("a\x1b[2Jb", "\\x1b"), ("a\x7fb", "\\x7f"), ("a\udcffb", "\\udcff")]
)
def test_folders_whose_names_are_no_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, name: str, character: str
) -> None:
    shown = name.encode("unicode_escape").decode()
    assert complaint(monkeypatch, **{variable: str(tmp_path / name)}) == (
        f"{variable}: the folder {tmp_path}/{shown} has {character} in its name, which no folder that others can read "
        "has; choose another folder."
    )


@pytest.mark.parametrize("name", ["a b", "a#b", "100%", "a%b", "ä", "a:b", "a[1]", "a&b=c", "a@b", "a'b", 'a"b', "a;b"])
def test_a_home_may_have_other_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("RECS_HOME", str(tmp_path / name))
    assert make_url(Settings().database).database == str(tmp_path / name / "platform.db")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RECS_THREADS", "0"),
        ("RECS_THREADS", "1000000"),
        ("RECS_THREADS", "many"),
        ("RECS_RETENTION_DAYS", "-3"),
        ("RECS_RETENTION_DAYS", "9" * 30),
        ("RECS_RETENTION_DAYS", "1000000000"),
        ("RECS_ENV", "Production"),
        ("RECS_LAKE_URL", "az://bucket/x"),
        ("RECS_LAKE_URL", "gs://"),
        ("RECS_LAKE_URL", "s3://bucket/x?region=eu"),
        ("RECS_FILES_URL", "http://bucket/x"),
        ("RECS_HOME", "x" * 300),
        ("RECS_LANDING_DIR", "x/" * 3_000),
    ],
)
def test_other_values(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    assert complaint(monkeypatch, **{name: value}).startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RECS_SLACK_CHANNEL", "recs", 'should be a Slack channel, such as "#recommendations".'),
        ("RECS_SLACK_URL", "http://slack.com/s3cret", _ENCRYPTED),
        ("RECS_ALERT_WEBHOOK", "http://hooks.example.com/s3cret", _ENCRYPTED),
        ("RECS_ALERT_WEBHOOK", "file:///s3cret", _ENCRYPTED),
        ("RECS_ALERT_WEBHOOK", "https://[s3cret", _ENCRYPTED),
        (
            "RECS_SMTP_URL",
            "mail.example.com:25/s3cret",
            "should be the URL of a mail server, such as smtp://mail.example.com:587.",
        ),
        ("RECS_SMTP_URL", "smtp://h/?from=a%0Ab@s3cret", "should name an address as its sender, behind ?from=."),
        ("RECS_UI_URL", "dagster/s3cret", "should be the URL of a page, such as https://dagster.example.com."),
    ],
)  # fmt: skip
def test_where_alerts_go(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    assert complaint(monkeypatch, **{name: value}) == f"{name}: {message}"


def test_secrets_of_alerts_are_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "RECS_SLACK_TOKEN": "xoxb-s3cret",
        "RECS_SMTP_URL": "smtp://me:s3cret@mail.example.com?from=recs@example.com",
        "RECS_ALERT_WEBHOOK": "https://hooks.example.com/s3cret",
        "RECS_SLACK_CHANNEL": "#recs",
        "RECS_DAGSTER_DATABASE_URL": "postgresql://me:s3cret@db/dagster",
    }.items():
        monkeypatch.setenv(name, value)
    chosen = Settings()
    assert "s3cret" not in f"{chosen!r}{chosen}{chosen.model_dump_json()}"
    assert chosen.slack_channel == "#recs"
    assert chosen.smtp_url
    assert chosen.smtp_url.get_secret_value().endswith("from=recs@example.com")
