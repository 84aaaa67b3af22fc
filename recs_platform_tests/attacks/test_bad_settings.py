"""Bad settings: a command with each is done, or refused in one sentence before anything is written."""

from __future__ import annotations

from collections import Counter

import pytest

from recs_platform_tests.attacks.counts import Count
from recs_platform_tests.attacks.test_bad_files import files_below, said_well
from recs_platform_tests.attacks.ugly_shop import build
from recs_platform_tests.cli.terminal import Terminal

pytestmark = pytest.mark.slow

_NUMBERS = ["abc", "-1", "0", "1e9", "nan", "9" * 30, "1.5", "1_000", " 3", "0x10", "١", "", "null", "[]", "3 ", "+3"]
_PLACES = [
    *("{folder}/a?b", "{folder}/a%41b", "{folder}/a\\b", "{folder}/a\nb", "{folder}/\udcff", "{folder}/" + "x" * 300),
    *("{folder}/" + "x/" * 3_000, "{folder}/data/catalog.csv", "{folder}/data/catalog.csv/x", "/proc/x", "/dev/null"),
]
_URLS = ["http://secret.example/x", "https://[secret", "https://h:secret/", "\udcff"]
SETTINGS = {
    "RECS_MEMORY_LIMIT": [*_NUMBERS, "6", "6 XB", "-6GiB", "1B", "80%", "9999999TB", "6 GiB", "'6GiB'", "6GiB;"],
    "RECS_THREADS": [*_NUMBERS, "2000000000"],
    "RECS_RETENTION_DAYS": [*_NUMBERS, "1000000000"],
    "RECS_ENV": ["Production", "prod", "production", "local ", "[/b]"],
    "RECS_HOME": [*_PLACES, "{folder}/a#b", "{folder}/100%"],
    "RECS_LAKE_URL": [*_PLACES, "ftp://host/x", "gs://", "http://localhost:1/x", "file:///x", "s3://", "gs:/x"],
    "RECS_FILES_URL": ["ftp://host/x", "gs://u:secret@b/x"],
    "RECS_DATABASE_URL": [
        *("abc", "sqlite://", "sqlite:///{folder}/data", "sqlite:///{folder}/data/catalog.csv", "mysql://a:secret@h/x"),
        *("postgresql://a:secret@127.0.0.1:1/x", "sqlite:////dev/null/x", "sqlite:///{folder}/a?x=y", "postgresql://a:secret@h:x/y"),
    ],
    "RECS_WAREHOUSE": ["Lake", "snowflake", "bigquery"],
    "RECS_GCP_PROJECT": ["Acme", "a", "acme recs", "acme`;", "\udcff"],
    "RECS_BIGQUERY_LOCATION": ["e u", "EU;", "\n"],
    "RECS_BIGQUERY_PREFIX": ["a-b", "a.b", "`", "x" * 300],
    "RECS_BIGQUERY_QUERY_BYTES": [*_NUMBERS, "9MB", "9999999TB"],
    "RECS_DAGSTER_DATABASE_URL": ["abc", "mysql://a:secret@h/x", "sqlite:///{folder}/x.db"],
    "RECS_COMPANIES_DIR": [*_PLACES, "{folder}/gone"],
    "RECS_LANDING_DIR": _PLACES,
    "RECS_ALERT_WEBHOOK": _URLS,
    "RECS_SMTP_URL": [*_URLS, "smtp://a:secret@h:99999999", "smtp://h/?from=a%0Ab"],
    "RECS_UI_URL": ["https://", "\udcff"],
    "RECS_SLACK_CHANNEL": ["#A b", "#recs\n", "[/b]"],
    "RECS_SLACK_TOKEN": ["secret"],
}  # fmt: skip


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    folder = tmp_path_factory.mktemp("settings")
    build(folder)
    return Terminal(folder)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_bad_setting(terminal: Terminal, name: str, count: Count) -> None:
    wrong, codes = [], Counter[str]()
    for value in SETTINGS[name]:
        given = value.replace("{folder}", str(terminal.folder))
        before = written(terminal)
        for command in (["companies", "check", "ugly"], ["status", "--company", "ugly"]):
            ended = terminal.recs(*command, **{name: given})
            waits = ended.code == 1 and "The same command may succeed later." in ended.told
            problem = said_well(2 if waits else ended.code, "", ended.err)
            if "secret" in ended.told:
                problem = f"shows a password: {ended.told}"
            if not problem and ended.code == 2 and (more := written(terminal) - before):
                problem = f"{sorted(more)} were written"
            codes["refused" if ended.code == 2 else "done"] += 1
            if problem:
                wrong.append(f"{command[0]} with {value[:60]!r}: {problem}")
    count(f"bad values of {name}", **codes)
    assert not wrong, "\n".join(wrong)


def written(terminal: Terminal) -> set[tuple[str, int]]:
    """All files but locks, which are made beside a database before it is looked at."""
    return {(name, size) for name, size in files_below(terminal.folder) if not name.endswith(".lock")}
