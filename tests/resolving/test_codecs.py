"""Pipelines: every codec known and rightly called, the type followed from the system's side to the entity's."""

from collections.abc import Callable
from typing import Any

import pytest

from syncline.model.types import Type

Resolve = Callable[..., Any]


def line(within: Resolve, field: str, native: str, before: str = "", arrow: str = "<->") -> Any:
    return within(f"{before}\nentity E {{ f : {field} }}\nmap E to a.customers {{ f {arrow} {native} }}")


@pytest.mark.parametrize(
    ("field", "native", "steps"),
    [
        ("text(200)", "name as trim", [("trim", (), Type("text", length=200))]),
        (
            "text",
            'code as strip("-. ") then upper',
            [("strip", ("-. ",), Type("text", length=20)), ("upper", (), Type("text", length=20))],
        ),
        ("text", 'code as prefix("CU")', [("prefix", ("CU",), Type("text", length=18))]),
        ("email", "mail as lower", [("lower", (), Type("email"))]),
        ("phone", 'code as e164("MX")', [("e164", ("MX",), Type("phone"))]),
        ("money", 'price as money("MXN")', [("money_in", ("MXN",), Type("money"))]),
        ("money", 'rank as money("MXN", minor)', [("money_minor", ("MXN", "minor"), Type("money"))]),
        ("money", "[price, currency] as money", [("money", (), Type("money"))]),
        ("money", "[rank, currency] as money(minor)", [("money_counted", ("minor",), Type("money"))]),
        ("text", '[name, code] as join(" ")', [("join", (" ",), Type("text"))]),
        ("date", 'born as date("%d/%m/%Y")', [("date", ("%d/%m/%Y",), Type("date"))]),
        ("instant", 'met as zone("Europe/Madrid")', [("zone", ("Europe/Madrid",), Type("instant"))]),
        ("instant", "rank as epoch(ms)", [("epoch", ("ms",), Type("instant"))]),
        ("percent", "price as percent", [("percent", (), Type("percent"))]),
        ("boolean", 'stage as bool("Y", "N")', [("bool", ("Y", "N"), Type("boolean"))]),
        ("boolean", "rank as bool(1, 0)", [("bool", (1, 0), Type("boolean"))]),
        ("set<text>", 'stage as split(";")', [("split", (";",), Type("set", item=Type("text")))]),
        ("list<text>", 'stage as split(";")', [("split", (";",), Type("list", item=Type("text")))]),
        (
            "decimal(12, 2)?",
            "price as none(0)",
            [("none", (0,), Type("decimal", nullable=True, precision=12, scale=2))],
        ),
        ("text?", 'name as none("Unknown")', [("none", ("Unknown",), Type("text", nullable=True, length=200))]),
        ("decimal(12, 2)", "price as round(2)", [("round", (2,), Type("decimal", precision=12, scale=2))]),
        ("list<text>", "stage as json", [("json", (), Type("list", item=Type("text")))]),
        ("country", 'code as python("my.codecs:Country")', [("python", ("my.codecs:Country",), Type("country"))]),
    ],
)
def test_each_step_gives_the_type_of_the_entitys_side(
    within: Resolve, field: str, native: str, steps: list[tuple[str, tuple[object, ...], Type]]
) -> None:
    result = line(within, field, native)
    assert result.found == []
    (mapped,) = result.spec.maps[0].lines
    assert [(use.name, use.arguments, use.gives) for use in mapped.pipeline] == steps


@pytest.mark.parametrize(
    ("field", "native", "code", "text"),
    [
        ("text", "name as tirm", "codec.unknown", "tirm"),
        ("text", "name as upper(1)", "codec.arguments", "upper(1)"),
        ("text", "name as strip", "codec.arguments", "strip"),
        ("text", 'name as strip("")', "codec.arguments", 'strip("")'),
        ("text", "name as strip(5)", "codec.arguments", "5"),
        ("money", 'price as money("XXZ")', "codec.arguments", 'money("XXZ")'),
        ("money", 'rank as money("MXN", major)', "name.unknown-choice", "major"),
        ("money", "price as money(currency)", "not-yet.codec-path", "currency"),
        ("money", "price as money", "codec.field-count", "money"),
        ("money", "rank as money(minor)", "codec.field-count", "money(minor)"),
        ("money", '[rank, currency] as money("MXN", minor)', "codec.field-count", 'money("MXN", minor)'),
        ("money", "[price, currency]", "codec.field-count", "[price, currency]"),
        ("money", "[currency, price] as money", "codec.type-mismatch", "money"),
        ("money", "[price, currency] as money(minor)", "codec.type-mismatch", "money(minor)"),
        ("text", 'name as join(" ")', "codec.field-count", 'join(" ")'),
        ("text", '[name, rank] as join(" ")', "codec.type-mismatch", 'join(" ")'),
        ("date", 'born as date("%Q")', "codec.arguments", 'date("%Q")'),
        ("instant", 'met as zone("Europe/Nowhere")', "codec.arguments", 'zone("Europe/Nowhere")'),
        ("phone", 'code as e164("ZZ")', "codec.arguments", 'e164("ZZ")'),
        ("instant", "met", "unit.mismatch", "met"),
        ("text", "rank as trim", "codec.type-mismatch", "trim"),
        ("date", "born as trim", "codec.type-mismatch", "trim"),
        ("money", "price", "unit.mismatch", "price"),
        ("email", "active", "type.mismatch", "active"),
        ("phone", "mail", "type.mismatch", "mail"),
        ("set<integer>", "tags", "type.mismatch", "tags"),
        ("country", 'code as python("os.system")', "codec.arguments", '"os.system"'),
    ],
)
def test_a_codec_that_does_not_fit_is_reported_where_it_stands(
    within: Resolve, field: str, native: str, code: str, text: str
) -> None:
    result = line(within, field, native)
    assert result.found == [(code, text)]
    assert result.spec.maps[0].lines == ()
    assert not result.spec.maps[0].complete


@pytest.mark.parametrize(
    ("field", "native", "codecs"),
    [
        ("date", "stage", ("date",)),
        ("boolean", "stage", ("bool",)),
        ("phone", "active", ()),
    ],
)
def test_a_mismatch_names_the_codecs_that_could_stand_between(
    within: Resolve, field: str, native: str, codecs: tuple[str, ...]
) -> None:
    found = line(within, field, native).only("type.mismatch")
    assert set(codecs) <= set(found.facts["codecs"])
    assert [(label.role, label.span.text) for label in found.labels] == [
        ("field-declared-here", "f"),
        ("native-declared-here", native),
    ]


@pytest.mark.parametrize("field", ["text", "text(5)?", "email", "country", "url", "uuid"])
def test_text_may_stand_for_any_kind_of_text(within: Resolve, field: str) -> None:
    assert line(within, field, "name").found == []


def test_a_table_lists_members_and_natives_in_their_order(within: Resolve) -> None:
    table = '{ open: ["appointment", "qualified"], won: "closedwon", otherwise: open }'
    result = line(within, "Stage", f"stage as {table}", "enum Stage { open, won, lost }")
    assert result.found == []
    (use,) = result.spec.maps[0].lines[0].pipeline
    assert use.name == "table"
    assert use.table == (("open", ("appointment", "qualified")), ("won", ("closedwon",)))
    assert use.otherwise == "open"
    assert use.gives == Type("enum", members=("open", "won", "lost"), name="Stage")


@pytest.mark.parametrize(
    ("field", "native", "code", "text"),
    [
        ("Stage", 'stage as { opne: "o" }', "name.unknown-member", "opne"),
        ("Stage", 'stage as { open: "o", otherwise: loost }', "name.unknown-member", "loost"),
        ("Stage", 'stage as { open: "o", open: "p" }', "codec.table-duplicate", "open"),
        ("Stage", "stage as { open: 1 }", "type.mismatch", "1"),
        ("Stage", 'rank as { open: "1" }', "type.mismatch", '"1"'),
        ("Stage", "stage as { open: [] }", "codec.table-empty", "open: []"),
        ("Stage", "stage as { }", "codec.table-empty", "{ }"),
        ("Stage", "stage as { otherwise: open }", "codec.table-empty", "{ otherwise: open }"),
        ("Stage", 'stage as { "open": "o" }', "type.mismatch", '"open"'),
        ("Stage", 'price as { open: "o" }', "codec.type-mismatch", '{ open: "o" }'),
        ("boolean", 'stage as { true: "Y" }', "codec.table-type", '{ true: "Y" }'),
    ],
)
def test_a_faulty_table_is_reported_at_the_row(within: Resolve, field: str, native: str, code: str, text: str) -> None:
    assert line(within, field, native, "enum Stage { open, won }").found == [(code, text)]


def test_a_declared_codec_is_taken_apart_and_keeps_its_name(within: Resolve) -> None:
    result = line(
        within,
        "Stage",
        "stage as stages",
        'enum Stage { open, won }\ncodec plain = trim then lower\ncodec stages = plain then { open: "o", won: "w" }',
    )
    assert result.found == []
    uses = result.spec.maps[0].lines[0].pipeline
    assert [(use.name, use.declared_as) for use in uses] == [
        ("trim", "stages"),
        ("lower", "stages"),
        ("table", "stages"),
    ]
    assert {use.span.text for use in uses} == {"stages"}


@pytest.mark.parametrize(
    ("declaration", "found"),
    [
        ("codec c = trmi", [("codec.unknown", "trmi")]),
        ("codec c = trim then c", [("codec.recursive", "c")]),
        ("codec trim = lower", [("name.shadows-builtin", "trim")]),
        ("codec c = trim\ncodec c = lower", [("name.duplicate", "c")]),
    ],
)
def test_a_declared_codec_is_checked_even_if_nothing_uses_it(
    within: Resolve, declaration: str, found: list[Any]
) -> None:
    assert within(declaration).found == found


def test_a_mistake_in_a_declared_codec_is_reported_once(within: Resolve) -> None:
    result = within("""
codec c = trmi
entity E { f : text, g : text }
map E to a.customers { f <-> name as c, g <-> code as c }
map E to b.customers { f <-> name as c then upper, g <-> code as c(1) }
""")
    assert result.found == [("codec.unknown", "trmi"), ("codec.arguments", "c(1)")]


@pytest.mark.parametrize(
    ("field", "native", "code"),
    [
        ("text?", "name as none(0)", "codec.arguments"),
        ("integer?", 'rank as none("0")', "codec.arguments"),
        ("decimal(12, 2)?", 'price as none("0")', "codec.arguments"),
        ("instant?", "changed as none(0)", "codec.type-mismatch"),
        ("boolean", 'rank as bool("Y", "N")', "codec.arguments"),
        ("boolean", 'stage as bool("Y", 0)', "codec.arguments"),
    ],
)
def test_a_literal_that_no_native_could_equal_is_refused(within: Resolve, field: str, native: str, code: str) -> None:
    assert [found for found, _ in line(within, field, native).found] == [code]


@pytest.mark.parametrize(("field", "codec"), [("Stage", '{ open: "…" }'), ("phone", "e164")])
def test_free_text_is_not_read_as_a_member_or_number_but_may_be_written_from_one(
    within: Resolve, field: str, codec: str
) -> None:
    enum = "enum Stage { open, won }"
    found = line(within, field, "stage", enum).only("type.mismatch")
    assert found.facts["codecs"] == (codec,)
    assert line(within, field, "stage", enum, "->").found == []
