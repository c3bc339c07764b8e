"""Nested collections: elements are the same where their keys are, whatever their place; each field of each flows on its own."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.references.worlds import World

CONNECTOR = """spec s version 1
connector api over rest {
  setting url : url
  setting token : secret
  base "{url}"
  auth bearer token
  resource orders {
    id : text identity
    updated : instant version
    number : text(20) required unique
    rows : list<rows>
    list GET "/orders" { since "updated >= '{since}'" }
    read GET "/orders/{id}" { returns record }
    create POST "/orders" { returns record }
    update PATCH "/orders/{id}" { returns record }
  }
  resource rows {
    id : text identity
    sku : text(20)
    qty : integer
    price : decimal(10, 2)?
    memo : text?
    product_id : ref products
  }
  resource products {
    id : text identity
    updated : instant version
    sku : text(20) required
    list GET "/products" { since "updated >= '{since}'" }
    read GET "/products/{id}" { returns record }
    create POST "/products" { returns record }
    update PATCH "/products/{id}" { returns record }
  }
}
system crm = api { url: env("CRM"), token: secret("CRMT") }
system erp = api { url: env("ERP"), token: secret("ERPT") }
"""
POLICY = "delete in crm unlink, delete in erp unlink, empty propagates"
BY_SKU = f"""{CONNECTOR}
record Line {{ sku : text(20), quantity : integer, price : decimal(10, 2)?, note : text? }}
entity Order {{ number : text(20), lines : list<Line> by sku, match number }}
map Order to crm.orders {{ number <-> number, lines <-> rows {{ sku <-> sku, quantity <-> qty, note <-> memo }} }}
map Order to erp.orders {{ number <-> number, lines <-> rows {{ sku <-> sku, quantity <-> qty, price <-> price }} }}
sync Order across crm, erp {{ {POLICY}, truth {{ otherwise prefers crm then erp }} }}
"""
BY_PRODUCT = f"""{CONNECTOR}
record Line {{ product : ref Product, quantity : integer }}
entity Product {{ sku : text(20), match sku }}
entity Order {{ number : text(20), lines : list<Line> by product.sku, match number }}
map Product to crm.products {{ sku <-> sku }}
map Product to erp.products {{ sku <-> sku }}
map Order to crm.orders {{ number <-> number, lines <-> rows {{ product <-> product_id, quantity <-> qty }} }}
map Order to erp.orders {{ number <-> number, lines <-> rows {{ product <-> product_id, quantity <-> qty }} }}
sync Product across crm, erp {{ {POLICY}, truth {{ otherwise prefers crm then erp }} }}
sync Order across crm, erp {{ {POLICY}, truth {{ otherwise prefers crm then erp }} }}
"""


def lines(world: World, system: str, *names: str) -> dict[Any, tuple[Any, ...]]:
    key, *others = names
    return {row[key]: tuple(row.get(name) for name in others) for row in world.only(system, "orders")["rows"]}


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, BY_SKU)
    rows = [{"id": "r1", "sku": "lamp", "qty": 2, "memo": "blue", "own": 1}, {"id": "r2", "sku": "desk", "qty": 1}]
    made.put("crm", "orders", "o1", number="A1", rows=rows)
    return made


async def test_the_elements_of_a_new_record_come_over(world: World) -> None:
    await world.run()
    assert lines(world, "erp", "sku", "qty", "price") == {"lamp": (2, None), "desk": (1, None)}
    await world.quiet()


async def test_each_field_of_each_element_flows_on_its_own(world: World) -> None:
    await world.run()
    there = world.only("erp", "orders")
    rows = [
        {**row, "price": Decimal("9.50"), "qty": 5 if row["sku"] == "desk" else row["qty"]} for row in there["rows"]
    ]
    world.put("erp", "orders", there["id"], rows=[*reversed(rows), {"sku": "vase", "qty": 7, "price": Decimal(1)}])
    here = world.only("crm", "orders")
    world.put("crm", "orders", "o1", rows=[{**here["rows"][0], "qty": 3}, here["rows"][1]])
    await world.run()
    assert lines(world, "crm", "sku", "qty", "memo") == {"lamp": (3, "blue"), "desk": (5, None), "vase": (7, None)}
    assert lines(world, "erp", "sku", "qty") == {"lamp": (3,), "desk": (5,), "vase": (7,)}
    assert lines(world, "erp", "sku", "price")["lamp"] == (Decimal("9.50"),)
    await world.quiet()


async def test_what_is_there_keeps_its_id_its_place_and_what_no_line_maps(world: World) -> None:
    await world.run()
    there = world.only("erp", "orders")
    rows = [{**row, "qty": 4} if row["sku"] == "lamp" else row for row in there["rows"]]
    world.put("erp", "orders", there["id"], rows=rows)
    await world.run()
    first, second = world.only("crm", "orders")["rows"]
    assert (first["id"], first["own"], first["qty"], first["memo"]) == ("r1", 1, 4, "blue")
    assert (second["id"], second["sku"]) == ("r2", "desk")


async def test_another_order_is_no_change(world: World) -> None:
    await world.run()
    before = world.writes
    world.put("crm", "orders", "o1", rows=list(reversed(world.only("crm", "orders")["rows"])))
    await world.run()
    assert world.writes == before


async def test_a_removed_element_is_removed_and_one_edited_meanwhile_goes_by_the_rule(world: World) -> None:
    await world.run()
    there = world.only("erp", "orders")
    world.put("erp", "orders", there["id"], rows=[row for row in there["rows"] if row["sku"] == "desk"])
    await world.run()
    assert lines(world, "crm", "sku") == {"desk": ()}
    there = world.only("erp", "orders")
    world.put("erp", "orders", there["id"], rows=[])
    here = world.only("crm", "orders")["rows"]
    world.put("crm", "orders", "o1", rows=[{**here[0], "qty": 9}])
    await world.run()
    assert lines(world, "crm", "sku", "qty") == lines(world, "erp", "sku", "qty") == {"desk": (9,)}
    await world.quiet()


async def test_two_elements_with_one_key_set_the_record_aside(world: World) -> None:
    await world.run()
    rows = world.only("crm", "orders")["rows"]
    world.put("crm", "orders", "o1", rows=[*rows, {"sku": "lamp", "qty": 1}])
    before = world.writes
    await world.run()
    assert world.writes == before
    with world.store() as store:
        (held,) = store.review.quarantined()
    assert held.reason_code == "record.collection.key-twice"


async def test_elements_refer_to_the_system_s_own_records(tmp_path: Path) -> None:
    world = World(tmp_path, BY_PRODUCT)
    world.put("erp", "products", "p9", sku="lamp")
    lamp, desk = world.put("crm", "products", sku="lamp"), world.put("crm", "products", sku="desk")
    rows = [{"product_id": lamp, "qty": 1}, {"product_id": desk, "qty": 2}]
    order = world.put("crm", "orders", number="A1", rows=rows)
    await world.run()
    skus = {record["id"]: record["sku"] for record in world.records("erp", "products")}
    there = {skus[row["product_id"]]: row["qty"] for row in world.only("erp", "orders")["rows"]}
    assert there == {"lamp": 1, "desk": 2}
    await world.quiet()
    world.put("crm", "orders", order, rows=[*world.only("crm", "orders")["rows"], {"product_id": "unknown", "qty": 5}])
    before = world.writes
    await world.run()
    assert world.writes == before
    with world.store() as store:
        (waiting,) = store.waiting()
    assert (waiting.field, waiting.target, waiting.remote_id) == ("lines", "Product", "unknown")
    world.twins["crm"].put("products", "unknown", sku="vase")
    await world.run()
    skus = {record["id"]: record["sku"] for record in world.records("erp", "products")}
    there = {skus[row["product_id"]]: row["qty"] for row in world.only("erp", "orders")["rows"]}
    assert there == {"lamp": 1, "desk": 2, "vase": 5}
    await world.quiet()


ROWS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3))


@settings(max_examples=25, deadline=None)
@given(start=ROWS, here=ROWS, there=ROWS)
async def test_edits_on_both_sides_meet_element_by_element(
    tmp_path_factory: pytest.TempPathFactory, start: dict[str, int], here: dict[str, int], there: dict[str, int]
) -> None:
    """Both sides end alike; what only one side touched is as that side left it, what both touched as the CRM left it."""
    world = World(tmp_path_factory.mktemp("lines"), BY_SKU)
    world.put("crm", "orders", "o1", number="A1", rows=[{"sku": sku, "qty": qty} for sku, qty in start.items()])
    await world.run()
    other = world.only("erp", "orders")["id"]
    world.put("crm", "orders", "o1", rows=[{"sku": sku, "qty": qty} for sku, qty in here.items()])
    world.put(
        "erp", "orders", other, rows=[{"sku": sku, "qty": qty} for sku, qty in sorted(there.items(), reverse=True)]
    )
    await world.run()
    wanted = {
        sku: qty for sku in "abcd" if (qty := (here if here.get(sku) != start.get(sku) else there).get(sku)) is not None
    }
    found = {
        system: {sku: qty for sku, (qty,) in lines(world, system, "sku", "qty").items()} for system in ("crm", "erp")
    }
    assert found == {"crm": wanted, "erp": wanted}
    await world.quiet()


async def test_a_person_is_asked_about_one_cell_that_both_changed_and_about_no_other(tmp_path: Path) -> None:
    world = World(tmp_path, BY_SKU.replace("truth { otherwise", "truth { lines ask, otherwise"))
    rows = [{"sku": "lamp", "qty": 2}, {"sku": "desk", "qty": 1}]
    world.put("crm", "orders", "o1", number="A1", rows=rows)
    await world.run()
    there = world.only("erp", "orders")
    other = {row["sku"]: row for row in there["rows"]}
    world.put("crm", "orders", "o1", rows=[{**rows[0], "qty": 3}, rows[1]])
    world.put("erp", "orders", there["id"], rows=[other["lamp"], {**other["desk"], "qty": 4}])
    await world.run()
    assert lines(world, "crm", "sku", "qty") == lines(world, "erp", "sku", "qty") == {"lamp": (3,), "desk": (4,)}
    here, there = world.only("crm", "orders")["rows"], world.only("erp", "orders")
    world.put("crm", "orders", "o1", rows=[{**row, "qty": 7} for row in here])
    world.put("erp", "orders", there["id"], rows=[{**row, "qty": 8} for row in there["rows"]])
    before = world.writes
    await world.run()
    assert world.writes == before
    with world.store() as store:
        (conflict,) = store.review.conflicts()
    assert conflict.field == "lines"
    world.put("erp", "orders", there["id"], rows=[{**row, "qty": 7} for row in there["rows"]])
    await world.run()
    with world.store() as store:
        assert store.review.conflicts() == []
    assert lines(world, "crm", "sku", "qty") == lines(world, "erp", "sku", "qty") == {"lamp": (7,), "desk": (7,)}
    await world.quiet()


async def test_without_a_key_the_list_is_one_value_in_its_order(tmp_path: Path) -> None:
    text = (
        BY_SKU.replace("list<Line> by sku", "list<Line>")
        .replace(", price <-> price", "")
        .replace(", note <-> memo", "")
    )
    world = World(tmp_path, text.replace(", price : decimal(10, 2)?, note : text?", ""))
    world.put("crm", "orders", "o1", number="A1", rows=[{"sku": "b", "qty": 1}, {"sku": "a", "qty": 2}])
    await world.run()
    assert [row["sku"] for row in world.only("erp", "orders")["rows"]] == ["b", "a"]
    there = world.only("erp", "orders")
    world.put("erp", "orders", there["id"], rows=[*there["rows"][::-1], {"sku": "a", "qty": 2}])
    await world.run()
    assert [row["sku"] for row in world.only("crm", "orders")["rows"]] == ["a", "b", "a"]
    await world.quiet()
