"""PocketBase as CRM and a SQLite database as ERP: companies in a tree, their contacts, and orders with lines."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from .command import IN_STEP, Command, build
from .customers_in_two import EXAMPLES, crm_settings
from .servers.pocketbase import PocketBase

_TABLES = """
CREATE TABLE countries(id INTEGER PRIMARY KEY, code TEXT UNIQUE);
CREATE TABLE companies(id INTEGER PRIMARY KEY, updated_at TEXT, name TEXT NOT NULL, vat TEXT UNIQUE,
  country_id INTEGER REFERENCES countries(id), parent_id INTEGER REFERENCES companies(id));
CREATE TABLE contacts(id INTEGER PRIMARY KEY, updated_at TEXT, full_name TEXT NOT NULL, email TEXT UNIQUE,
  company_id INTEGER REFERENCES companies(id), group_name TEXT);
CREATE TABLE orders(id INTEGER PRIMARY KEY, updated_at TEXT, number TEXT NOT NULL UNIQUE,
  customer_id INTEGER NOT NULL REFERENCES companies(id), lines TEXT);
INSERT INTO countries VALUES (47, 'NO'), (52, 'MX');
"""
_STAMP = "updated_at = strftime('%Y-%m-%d %H:%M:%f000', 'now')"


class Office:
    """Both systems and the command."""

    def __init__(self, crm: PocketBase, database: Path, command: Command) -> None:
        self.crm, self.command = crm, command
        self.connection = sqlite3.connect(database, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.connection.executescript(_TABLES)
        for table in ("companies", "contacts", "orders"):
            for event in ("INSERT", "UPDATE"):
                self.connection.execute(
                    f"CREATE TRIGGER {table}_{event} AFTER {event} ON {table}"
                    f" BEGIN UPDATE {table} SET {_STAMP} WHERE id = NEW.id; END"
                )

    def erp(self, table: str, key: str) -> dict[Any, dict[str, Any]]:
        return {row[key]: dict(row) for row in self.connection.execute(f"SELECT * FROM {table}")}

    def run(self, *arguments: str) -> None:
        ended = self.command("run", "--json", *arguments)
        assert ended.code == IN_STEP, ended.text + ended.problems

    def writes(self) -> int:
        """How many records a further run writes."""
        self.run()
        (last, *_) = self.command("status", "--json").document["runs"]
        return sum(sync["created"] + sync["updated"] + sync["deleted"] for sync in last["summary"]["syncs"])


@pytest.fixture
def office(pocketbase: PocketBase, tmp_path: Path) -> Office:
    times = [
        {"name": "created", "type": "autodate", "onCreate": True},
        {"name": "updated", "type": "autodate", "onCreate": True, "onUpdate": True},
    ]
    client = pocketbase.client
    if "companies" not in client.collections():
        companies = client.create_collection(
            "companies",
            [
                {"name": "name", "type": "text", "required": True},
                {"name": "vat", "type": "text"},
                {"name": "country", "type": "text"},
                *times,
            ],
            ["CREATE UNIQUE INDEX idx_companies_vat ON companies (vat)"],
        )
        company = {"type": "relation", "collectionId": companies, "maxSelect": 1}
        client.add_field("companies", {"name": "parent", **company})
        person = [
            {"name": "name", "type": "text", "required": True},
            {"name": "email", "type": "email", "required": True},
        ]
        client.create_collection("people", [*person, {"name": "company", **company}, *times], [])
        number = {"name": "number", "type": "text", "required": True}
        customer = {"name": "customer", "required": True, **company}
        client.create_collection("orders", [number, customer, {"name": "rows", "type": "json"}, *times], [])
    database = tmp_path / "erp.db"
    variables = crm_settings(pocketbase) | {"ERP_URL": f"sqlite:///{database}"}
    return Office(pocketbase, database, build(EXAMPLES / "orders.sync", tmp_path, variables))


def test_companies_contacts_and_orders_are_kept_in_step(office: Office) -> None:
    crm = office.crm.client
    group = crm.create("companies", {"name": "Acme", "vat": "NO1", "country": "NO"})
    part = crm.create("companies", {"name": "Acme Nord", "vat": "NO2", "country": "MX", "parent": group})
    crm.edit("companies", group, parent="")
    crm.create("people", {"name": "Ana", "email": "ana@example.com", "company": part})
    rows = [
        {"sku": "LAMP", "quantity": 2, "price": 49.5, "remark": "blue"},
        {"sku": "DESK", "quantity": 1, "price": 300},
    ]
    order = crm.create("orders", {"number": "2026-7", "customer": part, "rows": rows})

    office.run("--apply-first")

    companies, contacts = office.erp("companies", "vat"), office.erp("contacts", "email")
    assert companies["NO2"]["parent_id"] == companies["NO1"]["id"]
    assert (companies["NO1"]["parent_id"], companies["NO1"]["country_id"], companies["NO2"]["country_id"]) == (
        None,
        47,
        52,
    )
    assert contacts["ana@example.com"]["company_id"] == companies["NO2"]["id"]
    assert contacts["ana@example.com"]["group_name"] == "Acme"
    found = office.erp("orders", "number")["2026-7"]
    assert found["customer_id"] == companies["NO2"]["id"]
    assert {line["sku"]: (line["qty"], line["net"]) for line in json.loads(found["lines"])} == {
        "LAMP": (2, 49.5),
        "DESK": (1, 300),
    }
    assert office.writes() == 0

    crm.edit("companies", group, name="Acme Group")
    office.run()
    assert office.erp("contacts", "email")["ana@example.com"]["group_name"] == "Acme Group"

    lines = [{**line, "qty": 5} if line["sku"] == "LAMP" else line for line in json.loads(found["lines"])]
    office.connection.execute("UPDATE orders SET lines = ?", (json.dumps(lines[::-1]),))
    office.connection.execute(
        "UPDATE contacts SET company_id = ? WHERE email = 'ana@example.com'", (companies["NO1"]["id"],)
    )
    office.run()

    assert crm.all("orders")[order]["rows"] == [{**rows[0], "quantity": 5}, rows[1]]
    (ana,) = crm.all("people").values()
    assert ana["company"] == group
    assert office.erp("contacts", "email")["ana@example.com"]["group_name"] is None, "the group is in no other"
    assert office.writes() == 0
