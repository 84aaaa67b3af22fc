"""The scripts of deploy/gcp with a `gcloud` that only remembers: what they grant, which secrets they write, and that a
second time changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
from pydantic import TypeAdapter
from sqlalchemy.engine import make_url

from recs_platform.settings_values import RedisUrl, is_postgresql
from recs_platform_tests.docs.console import ROOT
from recs_platform_tests.docs.deploy_page import roles_of_table

pytestmark = pytest.mark.slow

PASSWORD, AUTH = "p/w+1 @:é", "s3cr=et&/"
AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIB+/=\n-----END CERTIFICATE-----"
GCLOUD = f"""#!{sys.executable} -IS
import json, pathlib, sys
words, home = sys.argv[1:], pathlib.Path(__file__).parent / "cloud"
home.mkdir(exist_ok=True)
given = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
with (home / "asked").open("a") as asked:
    asked.write(json.dumps(words) + "\\n")
name = given.get("secret") or (words[2] if len(words) > 2 else "")
secret = home / f"secret-{{name}}"
match words[:3]:
    case ["secrets", "describe", _]:
        sys.exit(not secret.exists())
    case ["secrets", "create", _]:
        secret.write_text("")
    case ["secrets", "versions", "access"]:
        if name == "recs-database-password":
            print({PASSWORD!r}, end="")
        else:
            print(secret.read_text(), end="")
    case ["secrets", "versions", "add"]:
        (home / f"secret-{{words[3]}}").write_text(sys.stdin.read())
    case ["secrets", "list", *_]:
        print("recs-database-url\\nrecs-redis-url")
    case ["sql", *_]:
        print("10.20.1.3")
    case ["redis", "instances", "get-auth-string"]:
        print({AUTH!r})
    case ["redis", *_]:
        print({{"host": "10.20.0.4", "port": "6378"}}.get(given["format"][6:-1], {AUTHORITY!r}))
    case ["iam", "service-accounts", "describe", *_]:
        sys.exit(not (home / f"account-{{words[3].partition('@')[0]}}").exists())
    case ["iam", "service-accounts", "create", *_]:
        (home / f"account-{{words[3]}}").touch()
"""


class Cloud:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        program = folder / "gcloud"
        program.write_text(GCLOUD)
        program.chmod(0o755)

    def run(self, script: str, *arguments: str, given: str = "") -> str:
        path = f"{self.folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        ended = subprocess.run(
            [ROOT / "deploy" / "gcp" / script, *arguments],
            env={"PATH": path, "PROJECT": "acme-recs", "REGION": "europe-west1", "LOCATION": "europe"},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert not ended.stderr
        return ended.stdout

    @property
    def asked(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "cloud" / "asked").read_text().splitlines()]

    def secret(self, name: str) -> str:
        return (self.folder / "cloud" / f"secret-{name}").read_text()


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)


def test_urls_are_whole_whatever_passwords_hold(cloud: Cloud) -> None:
    cloud.run("secrets.sh")
    for name in ("recs-database-url", "recs-dagster-database-url"):
        database = urlsplit(cloud.secret(name))
        assert is_postgresql(cloud.secret(name))
        assert (database.hostname, database.path, database.query) == ("10.20.1.3", "/recs", "sslmode=require")
        assert database.username == "recs"
    checked = TypeAdapter(RedisUrl).validate_python(cloud.secret("recs-redis-url"))
    assert make_url(cloud.secret("recs-database-url")).password == PASSWORD
    asked = redis.Redis.from_url(checked.get_secret_value()).connection_pool.connection_kwargs
    assert {name: asked[name] for name in ("host", "port", "password", "ssl_check_hostname", "ssl_ca_data")} == {
        "host": "10.20.0.4",
        "port": 6378,
        "password": AUTH,
        "ssl_check_hostname": False,
        "ssl_ca_data": f"{AUTHORITY}\n",
    }
    assert parse_qs(urlsplit(checked.get_secret_value()).query).keys() == {"ssl_check_hostname", "ssl_ca_data"}


def test_a_second_time_writes_nothing_and_nothing_is_shown(cloud: Cloud) -> None:
    first, again = cloud.run("secrets.sh"), cloud.run("secrets.sh")
    assert first.splitlines() == [
        "recs-database-url: a new version",
        "recs-dagster-database-url: a new version",
        "recs-redis-url: a new version",
    ]
    assert again == first.replace("a new version", "as it was")
    said = json.dumps(cloud.asked) + first + again
    assert not [secret for secret in (PASSWORD, AUTH, "MIIB", "postgresql://", "rediss://") if secret in said]


def test_a_secret_of_ones_own_comes_by_standard_input(cloud: Cloud) -> None:
    assert cloud.run("secrets.sh", "recs-slack-token", given="xoxb-1") == "recs-slack-token: a new version\n"
    assert cloud.run("secrets.sh", "recs-slack-token", given="xoxb-1") == "recs-slack-token: as it was\n"
    assert cloud.secret("recs-slack-token") == "xoxb-1"


def test_what_is_granted_is_what_the_page_says(cloud: Cloud) -> None:
    cloud.run("accounts.sh")
    given = set()
    for words in cloud.asked:
        options = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
        if "role" in options and "iam.workloadIdentityUser" not in options["role"]:
            given.add((options["member"].removeprefix("serviceAccount:").partition("@")[0], options["role"]))
    of_page = {(account, role) for account, role in roles_of_table() if "workloadIdentity" not in role}
    assert given == {pair for pair in of_page if pair[0] != "recs-nodes"}


def test_each_account_is_made_once_and_only_its_own_pods_may_be_it(cloud: Cloud) -> None:
    assert cloud.run("accounts.sh") == cloud.run("accounts.sh")
    made = [words[3] for words in cloud.asked if words[:3] == ["iam", "service-accounts", "create"]]
    assert made == ["recs-run", "recs-dagster", "recs-service", "recs-secrets"]
    members = {
        (words[3].partition("@")[0], word.partition("=")[2])
        for words in cloud.asked
        if words[:3] == ["iam", "service-accounts", "add-iam-policy-binding"]
        for word in words
        if word.startswith("--member=")
    }
    assert members == {(name, f"serviceAccount:acme-recs.svc.id.goog[recs/{name}]") for name in made}


def test_without_a_project_nothing_is_begun(cloud: Cloud) -> None:
    for script in ("accounts.sh", "secrets.sh"):
        ended = subprocess.run(
            [ROOT / "deploy" / "gcp" / script],
            env={"PATH": f"{cloud.folder}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode != 0
        assert "is the id of the project" in ended.stderr
    assert not (cloud.folder / "cloud").exists()
