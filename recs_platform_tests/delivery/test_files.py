"""The files of each channel, letter by letter, and their manifests."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from datetime import timedelta

from recs_platform_tests.delivery.senders import DAY, TOMORROW, Sender, offer, parts, weekly

_ADA = {"customer_id": "C-1", "email": " Ada@X.org", "phone": "+1 555 010 0199", "push_token": "app:0001"}
_BEA = {"customer_id": "C-2", "email": "bea@x.org"}
_WHEEL = {"item_id": "p1", "name": 'Wheel, 15"', "price": 99.0}

_EMAIL = """\
to,customer_id,subject,preheader,currency,items,item_1_id,item_1_name,item_1_price,item_1_picture,item_1_link,\
item_2_id,item_2_name,item_2_price,item_2_picture,item_2_link,item_3_id,item_3_name,item_3_price,item_3_picture,\
item_3_link,item_4_id,item_4_name,item_4_price,item_4_picture,item_4_link
ada@x.org,C-1,"Picked for you: Wheel, 15""\","p2, p3, p4",EUR,4,p1,"Wheel, 15""\",10.00,https://img.example/1.jpg,\
https://shop.example/p/p1?rid=1e.udDkhVdimrqLU3av.1,p2,p2,20.00,https://img.example/2.jpg,\
https://shop.example/p/p2?rid=1e.udDkhVdimrqLU3av.2,p3,p3,30.00,https://img.example/3.jpg,\
https://shop.example/p/p3?rid=1e.udDkhVdimrqLU3av.3,p4,p4,40.00,https://img.example/4.jpg,\
https://shop.example/p/p4?rid=1e.udDkhVdimrqLU3av.4
"""
_PUSH = """\
to,customer_id,title,body,picture,link,item_id
app:0001,C-1,Picked for you,"Wheel, 15"", 10.00 EUR",https://img.example/1.jpg,\
https://shop.example/p/p1?rid=1p.udDkhVdimrqLU3av.1,p1
"""
_SMS = """\
to,customer_id,text,link,item_id,encoding,places
+15550100199,C-1,"Wheel, 15"": https://shop.example/p/p1?rid=1s.udDkhVdimrqLU3av.1",\
https://shop.example/p/p1?rid=1s.udDkhVdimrqLU3av.1,p1,gsm-7,63
"""


def _fitted(sender: Sender) -> Sender:
    sender.catalog(_WHEEL)
    sender.customers(_ADA, {"customer_id": "C-2", "email": "bea@x.org", "opted_out_of": "email"})
    sender.publish([parts("C-1", "ada@x.org", "p1", "p2", "p3", "p4"), parts("C-2", "bea@x.org", *"abcd")])
    return sender


def test_email(fitter: Sender) -> None:
    _fitted(fitter).export("email")
    assert fitter.text("email") == _EMAIL


def test_push(fitter: Sender) -> None:
    _fitted(fitter).export("push")
    assert fitter.text("push") == _PUSH


def test_sms(fitter: Sender) -> None:
    _fitted(fitter).export("sms")
    assert fitter.text("sms") == _SMS


def test_a_manifest_says_what_is_there_and_nobody_s_address(fitter: Sender) -> None:
    exported = _fitted(fitter).export("email")
    told = fitter.manifest("email")
    assert exported.manifest == told
    (file,) = told.pop("files")
    content = (fitter.folder("email") / file["name"]).read_bytes()
    assert file == {
        "name": f"email-{hashlib.sha256(content).hexdigest()[:16]}.csv",
        "rows": 1,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    columns = told.pop("columns")
    assert ",".join(columns) == _EMAIL.partition("\n")[0]
    assert told == {
        "format": 1,
        "company": "sender",
        "product": "recommendations",
        "channel": "email",
        "version": 1,
        "as_of": "2025-09-10",
        "generated_at": "2025-09-10T00:00:00+00:00",
        "sent_on": "2025-09-11",
        "made_at": "2025-09-11T12:00:00+00:00",
        "stale_because": None,
        "customers": 2,
        "rows": 1,
        "left_out": {"opted out": 1},
        "items_left_out": {},
    }
    assert "@" not in json.dumps(exported.manifest)


def test_files_are_for_their_owner_alone(fitter: Sender) -> None:
    former = os.umask(0o077)  # as commands have it
    try:
        _fitted(fitter).export("email")
    finally:
        os.umask(former)
    (file,) = fitter.manifest("email")["files"]
    assert stat.S_IMODE((fitter.folder("email") / file["name"]).stat().st_mode) == 0o600
    assert not (fitter.home / "aside").exists() or list((fitter.home / "aside").iterdir()) == []


def test_offers_have_discounts_and_last_days_and_ended_ones_are_left_out(grocer: Sender) -> None:
    grocer.catalog({"item_id": "item-o2", "name": "Milk", "image_url": "https://img.example/m.jpg"})
    grocer.customers(_ADA, _BEA)
    grocer.publish(
        [
            offer("C-1", 1, "o1", ends_on=TOMORROW),
            offer("C-1", 2, "o2"),
            offer("C-1", 3, "o3", item_id=None, category="unknown", discount=None, price=None),
            offer("C-2", 1, "o1", ends_on=TOMORROW),
        ]
    )
    grocer.export("email", sent_on=TOMORROW + timedelta(days=1))
    (row,) = grocer.rows("email")
    assert [row[f"item_{n}_offer_id"] for n in (1, 2, 3)] == ["o2", "o3", ""]
    assert {name: value for name, value in row.items() if name.startswith("item_1_")} == {
        "item_1_id": "item-o2",
        "item_1_offer_id": "o2",
        "item_1_discount": "0.2",
        "item_1_ends_on": str(DAY + timedelta(days=7)),
        "item_1_name": "Milk",
        "item_1_price": "10.00",
        "item_1_picture": "https://img.example/m.jpg",
        "item_1_link": row["item_1_link"],
    }
    assert row["item_1_link"].startswith("https://shop.example/o/o2?rid=1e.")
    assert row["item_1_link"].endswith(".2"), "the rank that was published, whatever is left out before it"
    assert (row["item_2_id"], row["item_2_name"], row["item_2_price"], row["item_2_discount"]) == ("", "o3", "", "")
    assert len([name for name in row if name.endswith("_link")]) == 10
    told = grocer.manifest("email")
    assert (told["items_left_out"], told["left_out"]) == ({"ended": 2}, {"nothing left to show": 1})


def test_an_offer_is_sent_on_its_last_day(grocer: Sender) -> None:
    grocer.customers(_ADA)
    grocer.publish([offer("C-1", 1, "o1", ends_on=TOMORROW)])
    assert grocer.export("email", sent_on=TOMORROW).manifest["rows"] == 1


def test_a_weekly_list_is_sent_whole_with_the_catalog_s_prices(supplier: Sender) -> None:
    supplier.catalog(*({"item_id": f"i{n}", "name": f"Item {n}", "price": float(n)} for n in range(1, 26)))
    supplier.customers(_ADA)
    supplier.publish([weekly("C-1", n, f"i{n}") for n in range(1, 26)])
    supplier.export("email")
    (row,) = supplier.rows("email")
    assert row["items"] == "25"
    assert [row[f"item_{n}_price"] for n in (1, 20, 25)] == ["1.00", "20.00", "25.00"]
    assert len({row[f"item_{n}_link"] for n in range(1, 26)}) == 25
    assert len(row["preheader"]) <= 100


def test_a_company_chooses_how_many_items_an_e_mail_has(supplier: Sender) -> None:
    supplier.delivery["items"] = 3
    supplier.customers(_ADA)
    supplier.publish([weekly("C-1", n, f"i{n}") for n in range(1, 26)])
    supplier.export("email")
    assert list(supplier.rows("email")[0])[-1] == "item_3_link"
