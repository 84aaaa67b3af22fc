"""docs/deploy.md as data: the commands that it has typed, its tables, and which roles are granted by what it runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from recs_platform_tests.docs.console import ROOT

PAGE = (ROOT / "docs" / "deploy.md").read_text()
SCRIPTS = sorted((ROOT / "deploy" / "gcp").glob("*.sh"))
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`((?:gcloud|kubectl|helm|podman) [^`]+)`")
_SUBSTITUTED = re.compile(r"\$\(((?:gcloud|kubectl)[^()]*)\)")
_GRANT = re.compile(r"^on_\w+ (recs-\w+) (roles/[\w.]+)$", re.MULTILINE)


def blocks(page: str) -> list[str]:
    return _BLOCK.findall(page)


def commands(page: str) -> list[list[str]]:
    """Every command of a page, in blocks and in sentences, and those inside `$(...)`; in pipes each part by itself.

    >>> commands("```sh\\na $(gcloud x y) |\\\\\\n  b --c\\n```\\n and `kubectl get z`")
    [['a', '_'], ['b', '--c'], ['kubectl', 'get', 'z'], ['gcloud', 'x', 'y']]
    """
    lines = [line for block in blocks(page) for line in block.replace("\\\n", " ").splitlines()]
    lines += _INLINE.findall(page)
    inner = [text for line in lines for text in _SUBSTITUTED.findall(line)]
    return [part for line in [*lines, *inner] for part in _parts(_SUBSTITUTED.sub("_", line))]


def _parts(line: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    part: list[str] = []
    for token in lexer:
        if set(token) <= set("|&;"):
            yield part
            part = []
        elif part or not re.fullmatch(r"\w+=.*", token):
            part.append(token)
    if part:
        yield part


def of_program(name: str, page: str = PAGE) -> list[list[str]]:
    """What a program is given by the page: also `recs` behind `kubectl exec ... --` and in an image."""
    found = []
    for words in commands(page):
        if words[:1] == [name]:
            found.append(words[1:])
        elif name == "recs" and words[:2] == ["podman", "run"]:
            found.append(words[words.index("recs") + 1 :])
        elif name == "recs" and words[0] == "kubectl" and "--" in words:
            program, *given = words[words.index("--") + 1 :]
            assert program == "recs", words
            found.append(given)
    return found


def table(name: str) -> list[list[str]]:
    """The rows of a table between its marks."""
    text = PAGE.partition(f"<!-- {name}: begin -->\n")[2].partition(f"\n<!-- {name}: end -->")[0]
    rows = text.splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def roles_of_table() -> set[tuple[str, str]]:
    """Account and role; an empty account is that of the row above."""
    found, account = set(), ""
    for row in table("roles"):
        account = row[0].strip("`") or account
        found.add((account, row[2].strip("`")))
    return found


def granted() -> set[tuple[str, str]]:
    """Account and role, by the scripts and by the page's own commands."""
    script = (ROOT / "deploy" / "gcp" / "accounts.sh").read_text()
    found = set(_GRANT.findall(script))
    if "--role=roles/iam.workloadIdentityUser" in script:
        found.add(("each of the first four", "roles/iam.workloadIdentityUser"))
    if re.search(r"address recs-secrets\)\" --role=roles/secretmanager.secretAccessor", script):
        found.add(("recs-secrets", "roles/secretmanager.secretAccessor"))
    for words in of_program("gcloud"):
        if "add-iam-policy-binding" in words:
            found.add((_option(words, "--member").partition(":")[2].partition("@")[0], _option(words, "--role")))
    return found


def _option(words: Sequence[str], name: str) -> str:
    return next(word.partition("=")[2] for word in words if word.startswith(f"{name}="))
