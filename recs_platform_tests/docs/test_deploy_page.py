"""docs/deploy.md cannot be run here: that its commands are well formed, and that its tables say what the code does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from recs_platform.settings import Settings
from recs_platform_tests.cli.commands import every_command
from recs_platform_tests.deploy.kubernetes.manifests import PROGRAMS, run
from recs_platform_tests.docs.console import ROOT
from recs_platform_tests.docs.deploy_page import (
    PAGE,
    SCRIPTS,
    blocks,
    granted,
    of_program,
    roles_of_table,
    table,
)
from recs_platform_tests.docs.gcloud_tree import GCLOUD
from recs_platform_tests.docs.google_calls import calls_of_the_platform

COMMANDS = every_command()

HELM = os.environ.get("HELM") or shutil.which("helm")


def parse(words: list[str]) -> None:
    """As `recs` reads them; nothing is done. Raises what a person would be told."""
    path = next(path for path in (" ".join(words[:2]), words[0]) if path in COMMANDS)
    COMMANDS[path].make_context(path, words[len(path.split()) :])


@pytest.mark.parametrize("words", of_program("recs"), ids=" ".join)
def test_what_recs_is_given_is_taken(words: list[str]) -> None:
    if words != ["--version"]:
        parse(words)


def test_what_recs_does_not_take_is_noticed() -> None:
    assert len(of_program("recs")) > 8
    with pytest.raises(StopIteration):
        parse(["doctr"])
    for wrong in (["run", "acme"], ["run", "acme", "--date", "2025-12-02", "--no"], ["keys", "new"]):
        with pytest.raises(Exception, match=r"Missing|No such option"):
            parse(wrong)


def test_commands_in_sentences_are_there() -> None:
    named = re.findall(r"`recs ([a-z]+(?: [a-z]+)?)", PAGE)
    assert "doctor" in named
    assert [name for name in named if name not in COMMANDS and name.partition(" ")[0] not in COMMANDS] == []


@pytest.mark.slow
def test_kubectl_takes_what_it_is_given() -> None:
    """Its own parser, without a cluster: behind `--help` nothing is done, and what is unknown is told before."""
    lines = [words[: words.index("--")] if "--" in words else words for words in of_program("kubectl")]
    assert len(lines) > 15

    def told(*words: str) -> str:
        ended = run(str(PROGRAMS / "kubectl"), *words, "--help")
        return "" if ended.returncode == 0 else f"{' '.join(words)}: {ended.stderr}"

    answers = [told(*words) for words in sorted({tuple(words) for words in lines})]
    assert [answer for answer in answers if answer] == []
    assert told("-n", "recs", "get", "pods", "--al-namespaces")


@pytest.mark.slow
@pytest.mark.skipif(HELM is None, reason="needs helm: HELM=/path/to/helm, or on the PATH")
def test_helm_takes_what_it_is_given() -> None:
    assert HELM is not None
    lines = of_program("helm")
    assert len(lines) == 4
    for words in lines:
        ended = run(HELM, *words, "--help")
        assert ended.returncode == 0, f"{words}: {ended.stderr}"
    assert run(HELM, *lines[0], "--nonsense", "--help").returncode != 0


@pytest.mark.slow
def test_the_own_overlay_is_made_by_the_pages_commands(tmp_path: Path) -> None:
    """Step 11: nothing of acme is left, and kubectl builds it."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    (block,) = [block for block in blocks(PAGE) if "overlays/own" in block and "cp -r" in block]
    subprocess.run(["bash", "-euc", block], cwd=tmp_path, env={**os.environ, "PROJECT": "our-shop"}, check=True)
    built = run(str(PROGRAMS / "kubectl"), "kustomize", str(tmp_path / "deploy" / "k8s" / "overlays" / "own"))
    assert built.returncode == 0, built.stderr
    values = (tmp_path / "deploy" / "helm" / "values.yaml").read_text()
    assert "recs-run@our-shop.iam.gserviceaccount.com" in built.stdout
    assert [text for text in (built.stdout, values) if "acme-recs" in text] == []


def _scripts() -> list[str]:
    """The commands of `gcloud` in the scripts, as blocks of a page."""
    lines = (line for script in SCRIPTS for line in script.read_text().replace("\\\n", " ").splitlines())
    asked = (line[line.index("gcloud ") :] for line in lines if "gcloud " in line and not re.search(r"\$[(@]", line))
    return [f"```sh\n{line}\n```\n" for line in asked]


def test_every_block_is_shell() -> None:
    for block in blocks(PAGE):
        ended = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, check=False)
        assert ended.returncode == 0, f"{block}\n{ended.stderr}"


@pytest.mark.parametrize("script", SCRIPTS, ids=[script.name for script in SCRIPTS])
def test_scripts_stop_at_the_first_error(script: Path) -> None:
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in text
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_the_files_that_it_names_are_there() -> None:
    named = set(re.findall(r"(?<![\w/])(deploy/(?!recs-|dagster-)[\w./-]+[\w])", PAGE))
    made = {name for name in named if name.startswith("deploy/k8s/overlays/own")}
    assert "deploy/gcp/accounts.sh" in named
    assert made, "step 11 copies an overlay"
    assert {name for name in named - made if not (ROOT / name).exists()} == set()


def test_the_settings_that_it_names_are_there() -> None:
    known = {f"RECS_{name.upper()}" for name in Settings.model_fields}
    texts = [PAGE, *(script.read_text() for script in SCRIPTS)]
    named = {name for text in texts for name in re.findall(r"RECS_[A-Z_]*[A-Z]", text)}
    assert "RECS_REDIS_URL" in named
    assert named - known == set()


def test_the_table_of_roles_is_what_is_granted() -> None:
    assert ("recs-run", "roles/bigquery.user") in granted()
    assert granted() == roles_of_table()


def test_every_account_of_the_cluster_has_a_row() -> None:
    identities = (ROOT / "deploy" / "k8s" / "overlays" / "gke" / "identities.yaml").read_text()
    accounts = set(re.findall(r"gcp-service-account: (recs-\w+)@", identities))
    assert accounts == {account for account, _ in roles_of_table() if account.startswith("recs-")} - {"recs-nodes"}


def test_no_role_is_a_wide_one() -> None:
    wide = re.compile(r"roles/(owner|editor|viewer)$|[aA]dmin$|dataOwner$")
    assert [role for _, role in granted() if wide.search(role)] == []


def test_every_call_of_bigquery_has_its_permissions() -> None:
    listed = {row[0].strip("`"): row[1] for row in table("calls")}
    assert set(listed) == calls_of_the_platform()
    assert [name for name, permissions in listed.items() if "`bigquery." not in permissions] == []


@pytest.mark.skipif(GCLOUD is None, reason="needs gcloud, of which nothing is asked but its own list of commands")
def test_gcloud_has_these_commands_and_options() -> None:
    assert GCLOUD is not None
    lines = [words for text in (PAGE, *_scripts()) for words in of_program("gcloud", text)]
    assert len(lines) > 30
    assert [problem for words in lines for problem in GCLOUD.problems(words)] == []
    assert GCLOUD.problems(["sql", "instances", "crate", "recs"])
    assert GCLOUD.problems(["sql", "instances", "create", "recs", "--private"])
    assert GCLOUD.problems(["redis", "instances", "create", "recs", "--tier=large"])


def test_every_step_says_how_to_check_it() -> None:
    steps = re.split(r"^## (?=\d+\. )", PAGE, flags=re.MULTILINE)[1:]
    assert [int(step.partition(".")[0]) for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) > 10
    assert [step.splitlines()[0] for step in steps if "*Check:*" not in step] == []
    assert [step.splitlines()[0] for step in steps if not blocks(step) and "| variable |" not in step] == []
