"""The servers start, are empty, and tell what was written."""

from decimal import Decimal

from .clients.writes import Writes, writes_between
from .servers.pocketbase import PocketBase
from .servers.postgres import Postgres
from .servers.tryton import Tryton


def test_pocketbase_stamps_tell_an_edit_from_a_look(pocketbase: PocketBase) -> None:
    client = pocketbase.client
    assert client.all("contacts") == {}
    first, second, gone = client.load("contacts", [{"fullname": name} for name in ("Ana", "Bo", "Zoë")])
    before = client.stamps("contacts")
    assert len(writes_between(before, client.stamps("contacts"))) == 0
    client.edit("contacts", second, fullname="Bo")  # to what it was: a write all the same
    client.delete("contacts", gone)
    writes = writes_between(before, client.stamps("contacts"))
    assert writes == Writes(created=frozenset(), changed=frozenset({second}), removed=frozenset({gone}))
    assert client.all("contacts")[first]["fullname"] == "Ana"


def test_tryton_keeps_parties_and_prices_to_the_last_digit(tryton: Tryton) -> None:
    client = tryton.client
    assert client.parties() == {}
    assert client.products() == {}
    values = {"name": "Åse Ødegård", "email": "ase@fjord.example", "phone": "+4722225555", "lang": "de"}
    key, archived = client.create_parties(
        [{**values, "categories": ["gold", "écolo"]}, {"name": "Old", "active": False}]
    )
    assert client.parties()[key] == {
        "name": "Åse Ødegård",
        "code": client.parties()[key]["code"],
        "active": True,
        "email": "ase@fjord.example",
        "phone": "+47 22 22 55 55",
        "mobile": None,
        "website": None,
        "other": None,
        "lang": "de",
        "vat": None,
        "categories": frozenset({"gold", "écolo"}),
    }
    assert client.parties()[archived]["active"] is False
    before = client.stamps()
    client.edit_party(key, email=None, mobile="+4799999999", categories=["gold"], lang=None)
    assert writes_between(before, client.stamps()).changed == {key}
    edited = client.parties()[key]
    assert (edited["email"], edited["mobile"], edited["categories"], edited["lang"]) == (
        None,
        "+47 99 99 99 99",
        {"gold"},
        None,
    )
    price = Decimal("123456789012.3456")
    (product,) = client.create_products([{"name": "Widget", "code": "W-1", "list_price": price}])
    assert client.products()[product]["list_price"] == price


def test_tryton_starts_again_where_it_was_killed(tryton: Tryton) -> None:
    (key,) = tryton.client.create_parties([{"name": "Survivor"}])
    tryton.process.kill()
    assert not tryton.client.serves()
    tryton.process.start()
    assert tryton.client.parties()[key]["name"] == "Survivor"


def test_postgres_stamps_tell_a_write_of_the_same_values(postgres: Postgres) -> None:
    client = postgres.client
    assert client.all() == {}
    one, two = client.load(
        [
            {"full_name": "Ana", "credit_limit": Decimal("99999999999999999999.1234")},
            {"full_name": "Bo", "credit_limit": None},
        ]
    )
    before = client.stamps()
    client.edit(two, full_name="Bo")
    assert writes_between(before, client.stamps()).changed == {two}
    assert client.all()[one]["credit_limit"] == Decimal("99999999999999999999.1234")
