"""Nested collections in derivations: each element of what a record follows from makes one, by lines of its own."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncline.pipeline import check_spec
from tests.references.test_lines import CONNECTOR
from tests.references.worlds import World

DEALS = f"""{CONNECTOR.replace("    rows : list<rows>", "    state : text?" + chr(10) + "    rows : list<rows>")}
enum Stage {{ open, won }}
record Item {{ code : text(10), count : integer, price : decimal(10, 2)?, note : text? }}
record Position {{ sku : text(20), quantity : integer, price : decimal(10, 2)?, text : text? }}
entity Deal {{ number : text(20), stage : Stage?, items : list<Item> by code, match number }}
entity Quotation {{ number : text(20), positions : list<Position> by sku, match number }}
map Deal to crm.orders {{
  number <- number
  stage  <- state as {{ open: "open", won: "won" }}
  items  <- rows {{ code <- truncate(sku, 10), count <- qty, price <- price, note <- memo }}
}}
map Quotation to erp.orders {{
  number    <-> number
  positions <-> rows {{ sku <-> sku, quantity <-> qty, price <-> price, text <-> memo }}
}}
sync Deal from crm {{ empty propagates }}
sync Quotation across erp {{ delete in erp never, empty propagates }}
"""
ONCE = """derive Quotation from Deal once when stage becomes won {
  number    <- number
  positions <- items { sku <- "Q-" + code, quantity <- count + 1, price <- price, text <- note }
}
"""


def row(sku: str, qty: int, **more: Any) -> dict[str, Any]:
    return {"sku": sku, "qty": qty, "price": None, "memo": None, **more}


def positions(world: World) -> dict[str, int]:
    return {each["sku"]: each["qty"] for each in world.only("erp", "orders")["rows"]}


async def test_a_won_deal_becomes_a_quotation_with_its_lines(tmp_path: Path) -> None:
    world = World(tmp_path, DEALS + ONCE)
    deal = world.put("crm", "orders", number="D1", state="open", rows=[row("b", 2), row("a", 1)])
    await world.run(apply_first=True)
    assert not world.records("erp", "orders")
    world.put(
        "crm",
        "orders",
        deal,
        state="won",
        rows=[row("b", 2), row("a", 1), row("c", 5, price=Decimal("1.50"), memo="new")],
    )
    await world.run()
    assert positions(world) == {"Q-a": 2, "Q-b": 3, "Q-c": 6}
    assert {each["memo"] for each in world.only("erp", "orders")["rows"]} == {None, "new"}
    before = world.writes
    await world.run()
    assert world.writes == before


async def test_once_made_its_lines_are_its_own(tmp_path: Path) -> None:
    world = World(tmp_path, DEALS + ONCE)
    deal = world.put("crm", "orders", number="D1", state="open", rows=[row("a", 1)])
    await world.run(apply_first=True)
    world.put("crm", "orders", deal, state="won")
    await world.run()
    quotation = world.only("erp", "orders")
    world.put("erp", "orders", quotation["id"], rows=[{**quotation["rows"][0], "qty": 9}])
    world.put("crm", "orders", deal, rows=[row("a", 4), row("b", 1)])
    await world.run()
    assert positions(world) == {"Q-a": 9}


async def test_while_it_holds_its_lines_follow(tmp_path: Path) -> None:
    text = (DEALS + ONCE.replace("once when stage becomes won", "while stage is won")).replace("<->", "->")
    world = World(tmp_path, text)
    deal = world.put("crm", "orders", number="D1", state="won", rows=[row("a", 1)])
    await world.run(apply_first=True)
    world.put("crm", "orders", deal, rows=[row("b", 1), row("a", 4)])
    await world.run()
    assert positions(world) == {"Q-a": 5, "Q-b": 2}
    before = world.writes
    await world.run()
    assert world.writes == before


async def test_two_lines_that_fall_together_set_their_deal_aside(tmp_path: Path) -> None:
    world = World(tmp_path, DEALS + ONCE.replace('"Q-" + code', '"Q"'))
    deal = world.put("crm", "orders", number="D1", state="open", rows=[row("a", 1), row("b", 1)])
    await world.run(apply_first=True)
    world.put("crm", "orders", deal, state="won")
    assert (await world.run()).exit_code == 1
    assert not world.records("erp", "orders")
    world.put("crm", "orders", deal, rows=[row("a", 1)])
    await world.run()
    assert positions(world) == {"Q": 2}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("positions <- items { sku <- code, quantity <- count }", []),
        ("positions <-> items { sku <-> code, quantity <-> count }", ["derive.only-reads"]),
        ("positions <- items { sku <- code, quantity <- cuont }", ["name.unknown-field"]),
        ("positions <- items { skku <- code }", ["map.field-unknown"]),
        ("positions <- items { quantity <- count }", ["collection.no-key"]),
        ("positions <- items { sku <- count, quantity <- count }", ["type.mismatch"]),
        ("positions <- number { sku <- count }", ["type.mismatch", "name.unknown-field"]),
    ],
)
def test_the_check_reads_them_as_any_line(line: str, found: list[str]) -> None:
    text = f"{DEALS}derive Quotation from Deal once when stage becomes won {{ number <- number, {line} }}\n"
    codes = [one.code for one in check_spec("s.sync", text.encode(), lambda name: None).diagnostics]
    assert [code for code in codes if code in found or not found] == codes
    assert set(codes) <= set(found)
    assert bool(codes) is bool(found)
