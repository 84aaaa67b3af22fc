"""Three small shops as outsiders have them: tidy files, ugly exports, and a database. The same customers in each."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import openpyxl
from sqlalchemy import create_engine, text

FIRST, LAST = date(2025, 9, 1), date(2025, 10, 15)
CUSTOMERS, ITEMS = 40, 25
CITIES = ("Köln", "München", "Düren")
CATEGORIES = ("Öle", "Käse", "Brot", "Wein")


@dataclass(frozen=True)
class Line:
    """One line of an order."""

    order: str
    customer: str
    item: str
    at: datetime
    units: int
    price: float


def order_lines() -> list[Line]:
    random = Random(12)
    lines = []
    for number in range(300):
        day = FIRST + timedelta(days=number * 45 // 300)
        at = datetime(day.year, day.month, day.day, random.randrange(8, 20), random.randrange(60))
        customer = f"K{random.randrange(CUSTOMERS):04d}"
        for item in random.sample(range(ITEMS), random.randrange(1, 4)):
            lines.append(Line(f"O{number:05d}", customer, f"A-{item:03d}", at, random.randrange(1, 6), price_of(item)))
    return lines


def price_of(item: int) -> float:
    return round(1.5 + item * 0.75, 2)


def tidy(folder: Path) -> None:
    """CSV in UTF-8 with commas and almost canonical names; events in a file per day."""
    (folder / "events").mkdir(parents=True)
    days: dict[date, list[str]] = {FIRST + timedelta(days=n): [] for n in range((LAST - FIRST).days + 1)}
    for number, line in enumerate(order_lines()):
        row = f"{number},{line.at},order_line,{line.customer},{line.item},{line.units},{line.price},{line.order}"
        days[line.at.date()].append(row)
    header = "event_id,event_ts,event_name,customer_id,item_id,quantity,unit_price,order_id"
    for day, rows in days.items():
        _write(folder / "events" / f"{day}.csv", [header, *rows])
    _write(
        folder / "customers.csv",
        ["customer_id,email,created", *(f"K{n:04d},kim{n}@example.com,2024-01-05" for n in range(CUSTOMERS))],
    )
    _write(
        folder / "products.csv",
        ["sku,name,category,price", *(f"A-{n:03d},Item {n},{CATEGORIES[n % 4]},{price_of(n)}" for n in range(ITEMS))],
    )


def ugly(folder: Path) -> None:
    """Semicolons, decimal commas, Latin-1, a byte order mark, days as 12/31/2025, a workbook, other headers by year."""
    folder.mkdir(parents=True)
    old, new = [], []
    for line in order_lines():
        at, price = line.at.strftime("%d.%m.%Y %H:%M"), f"{line.price:.2f}".replace(".", ",")
        rows = old if line.at.date() < date(2025, 10, 1) else new
        branch = CITIES[int(line.order[1:]) % 3]
        rows.append(f"{line.order};{line.customer};{line.item};{at};{line.units};{price};{branch}")
    header = "Bestellnr;Kundennr;{};Bestelldatum;Menge;Einzelpreis;Kanal"
    _write(folder / "Bestellungen_202509.csv", [header.format("SKU"), *old], "latin-1")
    _write(folder / "Bestellungen_202510.csv", [header.format("ArtikelNr"), *new], "latin-1")
    _write(
        folder / "Kunden.csv",
        [
            "Kundennr;E-Mail;Ort;geändert am",
            *(
                f"K{n:04d};kim{n}@example.com;{CITIES[n % 3]};{FIRST - timedelta(days=n):%d.%m.%Y}"
                for n in range(CUSTOMERS)
            ),
        ],
        "utf-8-sig",
    )
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Artikelstamm"
    sheet.append(["ArtikelNr", "Bezeichnung", "Warengruppe", "Preis", "Eigenmarke"])
    for n in range(ITEMS):
        sheet.append([f"A-{n:03d}", f"Artikel {n}", CATEGORIES[n % 4], price_of(n), "ja" if n % 3 else "nein"])
    book.create_sheet("Notizen").append(["nur intern"])
    book.save(folder / "Artikel.xlsx")
    sent = [
        f'"{n}","K{n:04d}","autumn","{("test", "control")[n % 2]}","{FIRST + timedelta(days=n):%m/%d/%Y}"'
        for n in range(CUSTOMERS)
    ]
    content = "\r\n".join(['"MessageID","Client ID","Campaign","Test Group","Sent Date"', *sent, ""])
    (folder / "mailings.csv.gz").write_bytes(gzip.compress(content.encode()))


def shop_database(url: str) -> None:
    """A shop's tables, as a shop system makes them: orders and their lines apart."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in _statements():
            connection.execute(text(statement))
    engine.dispose()


def _statements() -> Iterator[str]:
    yield "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(200), updated_at TIMESTAMP)"
    yield "CREATE TABLE products (id INTEGER PRIMARY KEY, title VARCHAR(200), category VARCHAR(50), price NUMERIC)"
    yield "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, created_at TIMESTAMP, state VARCHAR(20))"
    yield (
        "CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER, product_id INTEGER, quantity INTEGER,"
        " unit_price NUMERIC(10, 2))"
    )
    for n in range(CUSTOMERS):
        yield f"INSERT INTO customers VALUES ({n}, 'kim{n}@example.com', '2025-08-01 10:00:00')"
    for n in range(ITEMS):
        yield f"INSERT INTO products VALUES ({n}, 'Item {n}', '{CATEGORIES[n % 4]}', {price_of(n)})"
    orders: set[str] = set()
    for number, line in enumerate(order_lines()):
        order, item, customer = int(line.order[1:]), int(line.item[2:]), int(line.customer[1:])
        if line.order not in orders:
            orders.add(line.order)
            yield f"INSERT INTO orders VALUES ({order}, {customer}, '{line.at}', 'paid')"
        yield f"INSERT INTO order_items VALUES ({number}, {order}, {item}, {line.units}, {line.price})"


def _write(path: Path, lines: list[str], encoding: str = "utf-8") -> None:
    path.write_bytes("\n".join([*lines, ""]).encode(encoding))
