"""Single elements of a list, by key, in fields of the record itself: each is that element there, and says nothing of the others."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.pipeline import check_spec
from syncline_runtime.values import ABSENT
from tests.references.worlds import World, compiled

SPEC = """spec s version 1
connector api over rest {
  setting url : url
  setting token : secret
  base "{url}"
  auth bearer token
  resource goods {
    id : text identity
    updated : instant version
    sku : text(20) required unique
    prices : list<prices>
    list GET "/goods" { since "updated >= '{since}'" }
    read GET "/goods/{id}" { returns record }
    create POST "/goods" { returns record }
    update PATCH "/goods/{id}" { returns record }
  }
  resource prices {
    id : text identity
    code : text(3)
    net : decimal(12, 2)
    memo : text?
  }
  resource articles {
    id : text identity
    updated : instant version
    sku : text(20) required unique
    eur : decimal(12, 2)?
    usd : decimal(12, 2)?
    usd_memo : text?
    list GET "/articles" { since "updated >= '{since}'" }
    read GET "/articles/{id}" { returns record }
    create POST "/articles" { returns record }
    update PATCH "/articles/{id}" { returns record }
  }
}
system shop = api { url: env("CRM"), token: secret("CRMT") }
system erp = api { url: env("ERP"), token: secret("ERPT") }
record Price { currency : text(3), amount : decimal(12, 2), note : text? }
entity Good { sku : text(20), prices : list<Price> by currency, match sku }
map Good to shop.goods {
  sku <-> sku
  prices <-> prices { currency <-> code, amount <-> net, note <-> memo }
}
map Good to erp.articles {
  sku <-> sku
  prices["EUR"].amount <-> eur
  prices["USD"].amount <-> usd
  prices["USD"].note <-> usd_memo
}
sync Good across shop, erp {
  delete in shop unlink, delete in erp unlink, truth { otherwise prefers shop then erp }, empty propagates
}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, SPEC)


GOODS = compiled(SPEC)


def row(code: str, net: float | int, **fields: Any) -> dict[str, Any]:
    return {"code": code, "net": net, "memo": None, **fields}


def shop(world: World) -> dict[str, Any]:
    """By code, what the rows in the shop show."""
    (good,) = world.records("shop", "goods")
    return {each["code"]: (each["net"], each.get("memo")) for each in good["prices"]}


def erp(world: World) -> tuple[Any, Any, Any]:
    article = world.only("erp", "articles")
    return article["eur"], article["usd"], article["usd_memo"]


async def test_an_element_is_written_where_it_is_picked_and_null_where_there_is_none(world: Any) -> None:
    world.put("shop", "goods", sku="1", prices=[row("GBP", 3), row("USD", 2, memo="new"), row("EUR", 1)])
    world.put("shop", "goods", sku="2", prices=[row("GBP", 3)])
    await world.run()
    shown = {one["sku"]: (one["eur"], one["usd"], one["usd_memo"]) for one in world.records("erp", "articles")}
    assert shown == {"1": (1, 2, "new"), "2": (None, None, None)}
    await world.quiet()


async def test_elements_are_made_changed_and_removed_from_either_side(world: Any) -> None:
    good = world.put("shop", "goods", sku="1", prices=[row("GBP", 3, shelf="b"), row("EUR", 1, shelf="a")])
    await world.run()
    article = world.only("erp", "articles")["id"]
    world.put("erp", "articles", article, eur=5, usd=7)
    await world.run()
    assert shop(world) == {"GBP": (3, None), "EUR": (5, None), "USD": (7, None)}
    assert [one.get("shelf") for one in world.only("shop", "goods")["prices"]] == ["b", "a", None]
    await world.quiet()
    world.put("erp", "articles", article, eur=None, usd_memo="last")
    await world.run()
    assert shop(world) == {"GBP": (3, None), "USD": (7, "last")}
    await world.quiet()
    world.put("shop", "goods", good, prices=[row("USD", 8, memo="last"), row("EUR", 2), row("GBP", 4)])
    await world.run()
    assert erp(world) == (2, 8, "last")
    world.put("shop", "goods", good, prices=[row("GBP", 4)])
    await world.run()
    assert erp(world) == (None, None, None)
    await world.quiet()


async def test_edits_of_two_sides_to_different_elements_meet(world: Any) -> None:
    good = world.put("shop", "goods", sku="1", prices=[row("EUR", 1), row("USD", 2)])
    await world.run()
    article = world.only("erp", "articles")["id"]
    world.put("shop", "goods", good, prices=[row("EUR", 10), row("USD", 2), row("GBP", 9)])
    world.put("erp", "articles", article, usd=20)
    await world.run()
    assert shop(world) == {"EUR": (10, None), "USD": (20, None), "GBP": (9, None)}
    assert erp(world)[:2] == (10, 20)
    await world.quiet()
    world.put("shop", "goods", good, prices=[row("EUR", 11), row("USD", 20), row("GBP", 9)])
    world.put("erp", "articles", article, eur=12)
    await world.run()
    assert shop(world)["EUR"][0] == erp(world)[0] == 11
    await world.quiet()


async def test_an_element_without_what_it_needs_sets_its_record_aside(world: Any) -> None:
    world.put("erp", "articles", sku="1", eur=1, usd_memo="no price")
    world.put("erp", "articles", sku="2", eur=2)
    await world.run()
    assert [one["sku"] for one in world.records("shop", "goods")] == ["2"]
    with world.store() as store:
        (held,) = store.review.quarantined()
    assert held.reason_code == "record.collection.incomplete"


async def test_records_that_are_there_on_both_sides_meet_without_a_loss(world: Any) -> None:
    world.put("shop", "goods", sku="1", prices=[row("EUR", 1), row("GBP", 3)])
    world.put("erp", "articles", sku="1", usd=2)
    await world.run()
    assert shop(world) == {"EUR": (1, None), "GBP": (3, None), "USD": (2, None)}
    assert erp(world)[:2] == (1, 2)
    await world.quiet()


async def test_what_may_be_empty_is_emptied_and_its_element_stays(tmp_path: Path) -> None:
    world = World(
        tmp_path,
        SPEC.replace("amount : decimal(12, 2)", "amount : decimal(12, 2)?").replace(
            "net : decimal(12, 2)", "net : decimal(12, 2)?"
        ),
    )
    world.put("shop", "goods", sku="1", prices=[row("EUR", 1, memo="kept")])
    await world.run()
    world.put("erp", "articles", world.only("erp", "articles")["id"], eur=None)
    await world.run()
    assert shop(world) == {"EUR": (None, "kept")}
    await world.quiet()


async def test_what_is_emptied_does_not_flow_where_that_is_ignored(tmp_path: Path) -> None:
    world = World(tmp_path, SPEC.replace("empty propagates", "empty ignored"))
    world.put("shop", "goods", sku="1", prices=[row("EUR", 1), row("USD", 2)])
    await world.run()
    world.put("erp", "articles", world.only("erp", "articles")["id"], eur=None, usd=5)
    await world.run()
    assert shop(world) == {"EUR": (1, None), "USD": (5, None)}
    assert erp(world)[:2] == (1, 5)
    await world.quiet()


AMOUNTS = st.none() | st.integers(1, 4).map(Decimal)
ROWS = st.dictionaries(st.sampled_from(("EUR", "USD", "GBP")), st.integers(1, 4).map(Decimal))


@settings(max_examples=60, deadline=None)
@given(values=ROWS, eur=AMOUNTS, usd=AMOUNTS)
def test_reading_gives_what_was_written_and_writing_what_was_read(
    values: dict[str, Decimal], eur: Decimal | None, usd: Decimal | None
) -> None:
    mapping = GOODS.mapping("Good", "erp")
    hub = tuple({"currency": key, "amount": value, "note": None} for key, value in sorted(values.items()))
    shown = mapping.read(mapping.write({"sku": "1", "prices": hub}, None))["prices"]
    assert {one["currency"]: one["amount"] for one in shown} == {key: values[key] for key in values if key != "GBP"}
    native = {"sku": "1", "eur": eur, "usd": usd, "usd_memo": None}
    assert mapping.write(mapping.read(native), native) == native


FIELDS = st.tuples(st.none() | st.integers(1, 3), st.none() | st.integers(1, 3))


@settings(max_examples=25, deadline=None)
@given(start=ROWS, here=ROWS, there=FIELDS)
async def test_edits_on_both_sides_meet_element_by_element(
    tmp_path_factory: pytest.TempPathFactory,
    start: dict[str, Decimal],
    here: dict[str, Decimal],
    there: tuple[int | None, int | None],
) -> None:
    """Both sides end alike; what only one side touched is as that side left it, what both touched as the shop left it."""
    world = World(tmp_path_factory.mktemp("picked"), SPEC)
    good = world.put("shop", "goods", sku="1", prices=[row(code, int(net)) for code, net in start.items()])
    await world.run()
    article = world.only("erp", "articles")["id"]
    world.put("shop", "goods", good, prices=[row(code, int(net)) for code, net in here.items()])
    world.put("erp", "articles", article, eur=there[0], usd=there[1])
    await world.run()
    picked = dict(zip(("EUR", "USD"), there, strict=True))
    wanted = {
        code: (here if code == "GBP" or here.get(code) != start.get(code) else picked).get(code)
        for code in ("EUR", "USD", "GBP")
    }
    assert {code: net for code, (net, _) in shop(world).items()} == {key: net for key, net in wanted.items() if net}
    assert erp(world) == (wanted["EUR"], wanted["USD"], None)
    await world.quiet()


def test_what_is_not_shown_is_not_known() -> None:
    mapping = GOODS.mapping("Good", "erp")
    assert mapping.read({"sku": "1", "eur": 1, "usd": 2})["prices"] is ABSENT
    assert "eur" not in mapping.write({"sku": "1", "prices": ABSENT}, None)


LINES = """  prices["EUR"].amount <-> eur
  prices["USD"].amount <-> usd
  prices["USD"].note <-> usd_memo
"""


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ('  prices["USD"].amount -> usd\n', ["create.no-value"]),
        ('  prices["USD"].amount <- usd\n', []),
        ('  prices["USD"].note -> usd_memo\n', ["create.no-value"]),
        ('  prices["USD"].note <-> usd_memo\n', ["collection.picked"]),
        ('  prices["EUR"].amount <-> eur\n  prices["USD"].amount -> usd\n', ["collection.picked"]),
        ('  prices["USD"].currency -> usd_memo\n', ["collection.picked"]),
        ('  prices["EUR"].amount -> eur\n  prices["EUR"].amount -> usd\n', ["map.field-twice"]),
        ('  prices["EUR"].amount -> eur\n  prices["USD"].amount -> eur\n', ["map.native-twice"]),
        ('  prices["EUR"] <-> eur\n', ["type.record-as-value"]),
        ('  prices["EUR"].amonut <-> eur\n', ["map.field-unknown"]),
        ('  prices["EUR"].amount <-> usd_memo\n', ["type.mismatch"]),
        ('  prices["EUROS"].amount <-> eur\n', ["type.mismatch"]),
        ('  prices["EUR"].amount -> eur only on create\n', ["not-yet.keyed-element"]),
        ('  round(prices["EUR"].amount, 2) -> eur\n', ["not-yet.keyed-element"]),
        ('  prices["EUR"].amount <-> eur as round(0)\n', []),
    ],
)
def test_what_a_line_may_say(lines: str, found: list[str]) -> None:
    text = SPEC.replace(LINES, lines)
    assert text != SPEC
    assert [one.code for one in check_spec("spec.sync", text.encode(), lambda name: None).diagnostics] == found


def test_null_into_a_required_field_is_found() -> None:
    text = SPEC.replace("eur : decimal(12, 2)?", "eur : decimal(12, 2) required")
    found = [one.code for one in check_spec("spec.sync", text.encode(), lambda name: None).diagnostics]
    assert found == ["type.null-into-required"]


@pytest.mark.parametrize(("name", "key"), [("`my lines`", "EUR"), ("`a__b`", "U'S"), ("`class`", "x y"), ("`é x`", "")])
def test_any_name_and_any_key_becomes_code(name: str, key: str) -> None:
    text = SPEC.replace("sku : text(20), prices :", f"sku : text(20), {name} :").replace(
        "  prices <->", f"  {name} <->"
    )
    mapping = compiled(text.replace("  prices[", f"  {name}[").replace('"EUR"', f'"{key}"')).mapping("Good", "erp")
    (found,) = mapping.read({"sku": "1", "eur": Decimal(1), "usd": None, "usd_memo": None})[name.strip("`")]
    assert found == {"currency": key, "amount": Decimal(1)}
