"""`recs report campaign`: where the page is, and what is said when there can be none."""

from __future__ import annotations

from pathlib import Path

import obstore
import pytest
from obstore.store import from_url

from recs_platform.file_store.bucket import Bucket
from recs_platform_tests.campaign.report.company import NAME, QUIET_DAY, garage
from recs_platform_tests.campaign.report.reader import parsed, words
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.slow import takes_seconds
from recs_platform_tests.stores.fixtures import Store


@pytest.fixture(scope="module")
@takes_seconds
def reported(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    return garage(tmp_path_factory.mktemp("reported"))


def test_it_says_where_the_page_is(reported: Terminal) -> None:
    ended = reported.recs("report", "campaign", NAME, "--from", "2025-09-08", "--to", "2025-09-20")
    folder = reported.folder / ".recs" / "reports" / NAME / "campaign-2025-09-08-2025-09-20"
    assert ended.code == 0
    assert f"The report is {folder / 'index.html'}" in ended.told
    page = words(parsed((folder / "index.html").read_text()))
    assert "Messages sent 8 Sep to 20 Sep 2025, as known on 30 Sep 2025" in page
    assert len(list(folder.glob("*.csv"))) >= 11


def test_json_gives_paths_and_the_summary(reported: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    answer = reported.recs("report", "campaign", NAME, "--out", str(out), "--json").json
    assert {answer[name] for name in ("from", "to", "as_of")} == {"2025-09-01", "2025-09-30"}
    assert answer["page"] == str(out / "index.html")
    assert sorted([answer["page"], *answer["csv"]]) == sorted(str(path) for path in out.iterdir())
    assert answer["summary"]["sends"] > 0


def test_a_report_made_again_replaces_itself(reported: Terminal, tmp_path: Path) -> None:
    first = reported.recs("report", "campaign", NAME, "--out", str(tmp_path / "r"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()}
    again = reported.recs("report", "campaign", NAME, "--out", str(tmp_path / "r"))
    assert first.code == again.code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "r").iterdir()} == before


@pytest.mark.parametrize(
    ("report", "folder"),
    [
        (["campaign", NAME], f"reports/{NAME}/campaign-2025-09-01-2025-09-30"),
        (["overview"], "reports/all-companies"),
    ],
    ids=["campaign", "overview"],
)
def test_a_report_in_a_bucket(reported: Terminal, store: Store, report: list[str], folder: str) -> None:
    """Its URL is told; made again it replaces itself, and what the former one had besides is gone."""
    root, before = store.new_folder(), sorted(reported.folder.rglob("reports/**"))
    kept = Bucket(root, "RECS_FILES_URL")
    page = f"{root}/{folder}/index.html"
    ended = reported.recs("report", *report, RECS_FILES_URL=root)
    assert (ended.code, f"The report is {page}" in ended.told) == (0, True), ended.told
    there = {name: kept.read(name) for name in kept.listed("")}
    assert f"{folder}/index.html" in there
    assert {name.rpartition("/")[0] for name in there} == {folder}
    kept.write(f"{folder}/former.csv", b"a,b")
    kept.write(f"{folder} of others/former.csv", b"a,b")
    answer = reported.recs("report", *report, "--json", RECS_FILES_URL=root).json
    assert answer["page"] == page
    assert sorted([page, *answer["csv"]]) == sorted(kept.place(name) for name in there)
    again = {name: kept.read(name) for name in kept.listed("")}
    assert again.pop(f"{folder} of others/former.csv") == b"a,b"
    assert again.keys() == there.keys()
    assert all(again[name] == there[name] for name in there if name.endswith(".csv"))
    assert again == there or report == ["overview"], "its page says when it was made"
    assert sorted(reported.folder.rglob("reports/**")) == before, "nothing of it is on this machine"


def test_a_browser_is_told_what_a_report_in_a_bucket_is(reported: Terminal, store: Store) -> None:
    reported.recs("report", "overview", RECS_FILES_URL=(root := store.new_folder()))
    opened = from_url(root, client_options={"allow_http": True})
    types = {
        name.rpartition(".")[2]: obstore.get(opened, f"reports/all-companies/{name}").attributes["Content-Type"]
        for name in ("index.html", "companies.csv")
    }
    assert types == {"html": "text/html; charset=utf-8", "csv": "text/csv; charset=utf-8"}


def test_a_bucket_that_is_not_there_is_a_mistake(reported: Terminal, store: Store) -> None:
    ended = reported.recs("report", "overview", RECS_FILES_URL=f"{store.scheme}://nobodys-bucket/files")
    assert (ended.code, ended.out) == (2, "")
    assert f"RECS_FILES_URL: there is no bucket nobodys-bucket at {store.scheme}://" in ended.told


def test_the_overview_says_what_the_messages_earned(reported: Terminal, tmp_path: Path) -> None:
    (garage,) = (line for line in reported.recs("status", "--json").json if line["company"] == NAME)
    campaign = reported.recs("report", "campaign", NAME, "--out", str(tmp_path / "r"), "--json").json
    earned = garage["earned"]
    assert (earned["revenue"], earned["orders"]) == (campaign["summary"]["revenue"], campaign["summary"]["orders"])
    assert earned["revenue"] > 0
    assert earned["sent"] == {"first": campaign["from"], "last": campaign["to"]}
    page = words(parsed((tmp_path / "r" / "index.html").read_text()))
    lift = earned["lift"]
    assert f"of arm {lift['arm']} brought in ${abs(lift['total']):,.0f}" in page


def test_a_day_without_messages_is_no_mistake(reported: Terminal, tmp_path: Path) -> None:
    day = str(QUIET_DAY)
    ended = reported.recs("report", "campaign", NAME, "--from", day, "--to", day, "--out", str(tmp_path / "r"))
    assert ended.code == 0
    assert "garage sent no messages of 2025-09-01; the page says so." in ended.told
    assert (tmp_path / "r" / "index.html").exists()


@pytest.mark.parametrize(
    "arguments, told",
    [
        ([NAME, "--from", "2025-09-09", "--to", "2025-09-08"], "--from 2025-09-09 is after the last day"),
        ([NAME, "--from", "2025-08-01"], "garage starts on 2025-09-01"),
        ([NAME, "--to", "2025-10-05"], "recs run garage --date 2025-10-05"),
        ([NAME, "--as-of", "2025-09-29"], "garage has no campaign tables for 2025-09-29"),
        ([NAME, "--from", "yesterday"], "--from: 'yesterday' is not a day"),
        (["acme"], "acme has no campaign tables for 2025-09-01 or later; it has none yet"),
        (["nobody"], 'no company "nobody"'),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_reported_is_a_mistake(reported: Terminal, arguments: list[str], told: str) -> None:
    ended = reported.recs("report", "campaign", *arguments)
    assert ended.code == 2
    assert told in ended.told
    assert ended.out == ""


def test_a_folder_that_is_somebodys_is_left_alone(reported: Terminal, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    ended = reported.recs("report", "campaign", NAME, "--out", str(tmp_path))
    assert ended.code == 2
    assert "holds something other than a report (letter.txt)" in ended.told
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
