"""Who is sent something, what a hostile catalog can do, and when nothing is written."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from recs_platform.delivery import export as exports
from recs_platform.delivery.export import exportable, live_version
from recs_platform.delivery.token import pseudonym, read_token
from recs_platform.errors import ConfigError, ConflictError, LockBusyError, StorageError, UserError
from recs_platform.file_store.bucket import Bucket
from recs_platform.file_store.local import LocalFiles
from recs_platform.platform_db.locks import lock
from recs_platform_tests.delivery.senders import KEY, NAME, TOMORROW, Sender, parts, weekly

_UGLY = [
    '=HYPERLINK("https://evil.example","click")',
    "+49 30 1234",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r\n=1+1",
    'a "quoted", name;\nin two\r\nlines\x00\x1b[2J',
    "\u202egnp.exe\u2066",
    "Cafe\u0301 日本 👩‍🔧🚗",
    "x" * 500,
    "",
    "   ",
    "{link}{token}%s",
]


def _listed(sender: Sender, *items: str, customer: str = "C-1") -> Sender:
    sender.customers({"customer_id": customer, "email": "ada@x.org", "phone": "+15550100199", "push_token": "app:0001"})
    sender.publish([weekly(customer, n, item) for n, item in enumerate(items, start=1)])
    return sender


def test_the_newest_wishes_count_whatever_was_known_when_it_was_published(fitter: Sender) -> None:
    people = [{"customer_id": f"C-{n}", "email": f"c{n}@x.org"} for n in (1, 2)]
    fitter.customers(*people)
    fitter.publish([parts(f"C-{n}", f"c{n}@x.org", *"abcd") for n in (1, 2)])
    fitter.export("email")
    before = fitter.content("email")
    assert [row["to"] for row in fitter.rows("email")] == ["c1@x.org", "c2@x.org"]
    fitter.customers(people[0], {**people[1], "opted_out_of": "email"}, day=TOMORROW)
    fitter.export("email")
    assert [row["to"] for row in fitter.rows("email")] == ["c1@x.org"]
    assert fitter.manifest("email")["left_out"] == {"opted out": 1}
    assert set(fitter.content("email")) & set(before) == {"manifest.json"}, "nothing of the one before is left"
    assert b"c2@x.org" not in b"".join(fitter.content("email").values())


def test_each_reason_is_counted_and_an_address_is_written_once(fitter: Sender) -> None:
    emails = {"C-1": "a@x.org", "C-2": "A@x.org ", "C-3": None, "C-4": "nowhere", "C-5": "e@x.org", "C-6": "f@x.org"}
    fitter.customers(
        *({"customer_id": who, "email": email} for who, email in emails.items()),
        {"customer_id": "C-7", "email": "F@X.org", "opted_out_of": "yes"},
    )
    fitter.publish([parts(who, f"{who}@mail.example", *"abcd") for who in [*emails, "C-9"]])
    fitter.export("email")
    assert [(row["to"], row["customer_id"]) for row in fitter.rows("email")] == [("a@x.org", "C-1"), ("e@x.org", "C-5")]
    told = fitter.manifest("email")
    assert told["left_out"] == {
        "another customer has the address": 1,
        "no address": 1,
        "no profile": 1,
        "opted out": 1,
        "unusable address": 1,
    }
    assert told["rows"] + sum(told["left_out"].values()) == told["customers"]


def test_ugly_names_become_plain_cells(supplier: Sender) -> None:
    supplier.catalog(*({"item_id": f"i{n}", "name": name, "price": 1.0} for n, name in enumerate(_UGLY)))
    _listed(supplier, *(f"i{n}" for n in range(len(_UGLY))))
    for channel in ("email", "push", "sms"):
        supplier.export(channel)
        lines = list(csv.reader(supplier.text(channel).splitlines()))
        assert [len(line) for line in lines] == [len(lines[0])] * 2, "a cell never ends a line"
        for column, cell in zip(lines[0], lines[1], strict=True):
            assert column == "to" or not cell.startswith(tuple("=+-@\t\r")), (channel, column, cell)
            assert cell.isprintable() or "\u200d" in cell, (channel, column, cell)
    (row,) = supplier.rows("email")
    assert row["item_1_name"] == 'HYPERLINK("https://evil.example","click")'
    assert row["item_7_name"] == 'a "quoted", name; in two lines [2J'
    assert row["item_8_name"] == "gnp.exe"
    assert row["item_9_name"] == "Café 日本 👩‍🔧🚗"
    assert row["item_10_name"] == "x" * 79 + "…"
    assert (row["item_11_name"], row["item_12_name"]) == ("i10", "i11")
    assert (len(row["subject"]) <= 78, len(row["preheader"]) <= 100) == (True, True)


def test_ids_are_marked_where_a_table_would_calculate_and_links_hold_them_as_they_are(supplier: Sender) -> None:
    _listed(supplier, "=1+1", "a/b?c&d#é", customer="-C@1")
    supplier.export("email")
    (row,) = supplier.rows("email")
    assert (row["customer_id"], row["item_1_id"], row["item_2_id"]) == ("'-C@1", "'=1+1", "a/b?c&d#é")
    assert row["item_1_link"].startswith("https://shop.example/p/%3D1%2B1?rid=")
    assert row["item_2_link"].startswith("https://shop.example/p/a%2Fb%3Fc%26d%23%C3%A9?rid=")


def test_a_picture_that_no_mail_program_shows_is_none(supplier: Sender) -> None:
    pictures = [
        "http://x.example/1.jpg",
        "javascript:alert(1)",
        "https://u:p@x.example/1.jpg",
        "https://x.example/1.jpg",
    ]
    supplier.catalog(*({"item_id": f"i{n}", "image_url": url} for n, url in enumerate(pictures)))
    _listed(supplier, *(f"i{n}" for n in range(4)))
    supplier.export("email")
    (row,) = supplier.rows("email")
    assert [row[f"item_{n}_picture"] for n in range(1, 5)] == ["", "", "", "https://x.example/1.jpg"]


def test_a_token_says_which_recommendation_and_of_whom_only_to_the_key(supplier: Sender) -> None:
    _listed(supplier, "a", "b").export("email")
    (row,) = supplier.rows("email")
    token = read_token(row["item_2_link"].partition("rid=")[2])
    assert (token.version, token.channel, token.rank) == (1, "email", 2)
    assert token.pseudonym == pseudonym(KEY, NAME, "recommendations", "C-1")
    assert token.pseudonym != pseudonym(b"another key", NAME, "recommendations", "C-1")
    assert not {"ada", "C-1"} & {part for part in ("ada", "C-1") if part in row["item_2_link"]}


@pytest.mark.parametrize("wrong", ["", "1e.short.1", "0e.udDkhVdimrqLU3av.1", "1x.udDkhVdimrqLU3av.1", "ada@x.org"])
def test_what_is_no_token(wrong: str) -> None:
    with pytest.raises(ConfigError, match="not one of an export") as told:
        read_token(wrong)
    assert "ada" not in str(told.value)


def test_the_same_publication_gives_the_same_bytes(supplier: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(supplier, *"abc")
    first = supplier.export("email")
    before = supplier.content("email")
    monkeypatch.setattr("recs_platform_tests.delivery.senders.NOON", exports.datetime(2025, 9, 11, 13).astimezone())
    again = supplier.export("email")
    assert (first.was_there, again.was_there) == (False, True)
    assert supplier.content("email") == before
    (file,) = supplier.manifest("email")["files"]
    path = supplier.folder("email") / file["name"]
    path.write_text("damaged")
    supplier.export("email")
    assert supplier.content("email") == before, "and mends what has become of them"


def test_versions_and_channels_stand_side_by_side(supplier: Sender) -> None:
    _listed(supplier, "a").export("email")
    supplier.export("sms")
    supplier.publish([weekly("C-1", 1, "b")], day=TOMORROW)
    supplier.export("email", sent_on=TOMORROW + timedelta(days=1))
    assert {path.parent.relative_to(supplier.home).as_posix() for path in supplier.home.rglob("manifest.json")} == {
        "exports/sender/recommendations/v1/email",
        "exports/sender/recommendations/v1/sms",
        "exports/sender/recommendations/v2/email",
    }
    assert b"/p/a?rid=1e." in b"".join(supplier.content("email", 1).values())
    assert b"/p/b?rid=2e." in b"".join(supplier.content("email", 2).values())


def test_a_bucket_gets_the_same_files_as_a_folder(supplier: Sender, tmp_path: Path) -> None:
    _listed(supplier, *"abc").export("email")
    supplier.export("email", files=Bucket(f"file://{tmp_path}/bucket", "--out"))
    there = tmp_path / "bucket" / supplier.folder("email").relative_to(supplier.home)
    assert {path.name: path.read_bytes() for path in there.iterdir()} == supplier.content("email")


def test_nobody_to_send_to_is_said_with_the_reasons(supplier: Sender) -> None:
    supplier.customers({"customer_id": "C-1", "email": "ada@x.org"})
    supplier.publish([weekly("C-1", 1, "a")])
    with pytest.raises(UserError, match=r"sent anything by sms \(no address: 1\)\. The phone number is `phone`"):
        supplier.export("sms")
    assert not (supplier.home / "exports").exists()


def test_nothing_published_nothing_to_send(supplier: Sender) -> None:
    with pytest.raises(UserError, match=r"nothing is published, so there is nothing to send\. Publish a day: recs"):
        live_version(supplier.outlet, None)


def test_only_what_is_live_is_exported(supplier: Sender) -> None:
    _listed(supplier, "a")
    supplier.publish([weekly("C-1", 1, "b")], day=TOMORROW)
    assert live_version(supplier.outlet, 2).version == 2
    with pytest.raises(UserError, match="version 1 is not what customers see; version 2 of 2025-09-11 is"):
        live_version(supplier.outlet, 1)


def test_what_reads_back_otherwise_than_it_was_published_is_not_exported(supplier: Sender) -> None:
    _listed(supplier, "a")
    with supplier.database.begin() as connection:
        connection.execute(text("UPDATE publications SET checksum = 'other'"))
    with pytest.raises(StorageError, match="is not what was compared"):
        supplier.export("email")
    assert not (supplier.home / "exports").exists()


def test_a_version_that_goes_live_meanwhile_is_noticed(supplier: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    _listed(supplier, "a")
    measured = exports.measured

    def measured_late(*given: object) -> object:
        supplier.publish([weekly("C-1", 1, "b")], day=TOMORROW)
        return measured(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(exports, "measured", measured_late)
    with pytest.raises(ConflictError, match="another version went live while version 1 was exported; nothing"):
        supplier.export("email")
    assert not (supplier.home / "exports").exists()


def test_two_at_once_do_not_meet(supplier: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_PATIENCE_SECONDS", 0.1)
    _listed(supplier, "a")
    from concurrent.futures import ThreadPoolExecutor

    with lock(supplier.database, f"exporting {NAME}-recommendations-email"), ThreadPoolExecutor(1) as pool:
        with pytest.raises(LockBusyError, match="is being exported for email by somebody else"):
            pool.submit(supplier.export, "email").result()
        assert pool.submit(supplier.export, "push").result().manifest["rows"] == 1


def test_a_company_that_does_not_say_where_items_lead(supplier: Sender) -> None:
    silent = supplier.company.model_copy(update={"delivery": None})
    with pytest.raises(ConfigError, match="its file has no `delivery`, which says where items lead"):
        exportable(supplier.outlet, silent)


def test_what_cannot_be_written_changes_nothing(supplier: Sender, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    _listed(supplier, "a")
    with pytest.raises(StorageError, match="cannot be"):
        supplier.export("email", files=LocalFiles(tmp_path / "file"))
    assert list((supplier.home / "aside").iterdir()) == []
