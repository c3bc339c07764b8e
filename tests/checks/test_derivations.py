"""Derivations resolve, are checked like maps, and reach on: what they make is compared, traced and written elsewhere."""

from datetime import UTC, datetime, timedelta

import pytest

from syncline.diagnostics.pages import PRELUDE, sample
from syncline.evolution.comparing import compare
from syncline.examples.loading import load_package
from syncline.lineage.tracing import trace
from syncline.model.spec import Spec
from syncline.pipeline import Checked, check_spec, generate

SPEC = """
enum Stage {{ open, won, lost }}
entity Deal {{
  number: text(20), name: text(100), stage: Stage?, rating: integer?, seen: instant?, match number
}}
entity Order {{ number: text(20), name: text(100)?, rating: integer? = 1, match number }}
map Deal to crm.contacts {{
  number <- truncate(number, 20)
  name   <- name
  stage  <- stage as {{ open: "open", won: "won", lost: "lost" }}
  rating <- rating
  seen   <- joined
}}
map Order to shop.contacts {{ number -> vat, name -> name, rating -> rating, "a@b.org" -> email }}
sync Deal from crm {{ }}
sync Order across shop {{ delete in shop never }}
derive Order from Deal {derive}
"""
ONCE = "once when stage becomes won { number <- number, name <- name }"
WHOLE = "once when stage becomes won { number <- number, name <- name, rating <- rating }"


def check(derive: str, *edits: tuple[str, str]) -> Checked:
    text = SPEC.format(derive=derive)
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    return check_spec("deals.sync", (PRELUDE + text).encode(), {"sample.sync": sample().encode()}.get)


def codes(derive: str, *edits: tuple[str, str]) -> list[str]:
    return sorted({one.code for one in check(derive, *edits).diagnostics})


def model(derive: str, *edits: tuple[str, str]) -> Spec:
    found = check(derive, *edits)
    assert found.model is not None
    assert found.sound, found.diagnostics
    return found.model


@pytest.mark.parametrize(
    "derive",
    [
        ONCE,
        "once when stage becomes won and rating is present and rating > 3 { number <- number, name <- upper(name) }",
        "once when stage is not present { number <- number, name <- name }",
        "once when name becomes present { number <- number, name <- name, rating <- if stage is won then 5 else 1 }",
        "while stage in [won, lost] { number <- number, name <- name }",
        "while seen is past { number <- number, name <- name }",
        "once when stage becomes won and seen is present and seen + 2 weeks is past { number <- number, name <- name }",
    ],
)
def test_a_sound_derivation_becomes_code(derive: str) -> None:
    files = generate(model(derive))
    assert "derivations=(order.ORDER_FROM_DEAL,)" in files["package.py"]
    compile(files["order.py"], "order.py", "exec")


@pytest.mark.parametrize(
    ("derive", "code"),
    [
        ("once when stage becomes wno { number <- number }", "name.unknown-member"),
        ("once when state becomes won { number <- number }", "name.unknown-field"),
        ("once when rating is past { number <- number }", "type.mismatch"),
        ("once when seen - 2 months is past { number <- number }", "expression.duration"),
        ("while stage is won { number <- if seen is past then number else name }", "condition.time"),
        ("once when rating { number <- number }", "type.mismatch"),
        ("while stage becomes won { number <- number }", "condition.becomes"),
        ("once when stage becomes won { number <- number, nmae <- name }", "map.field-unknown"),
        ("once when stage becomes won { number <- number, name <- rating }", "type.mismatch"),
        ("once when stage becomes won { number <- name }", "type.narrowing-length"),
        ("once when stage becomes won { number <- number, number <- number }", "map.field-twice"),
        ("once when stage becomes won { name <- name }", "derive.no-value"),
        ("once when stage becomes won { number -> number }", "derive.only-reads"),
        ("once when stage becomes won { number <- number as trim }", "derive.only-reads"),
        ("once when stage becomes won { number <- number only on create }", "derive.only-reads"),
        ("once when stage becomes won { number <- if stage becomes won then number else name }", "condition.becomes"),
    ],
)
def test_a_mistake_is_told_at_its_place(derive: str, code: str) -> None:
    assert code in codes(derive)


def test_an_entity_that_only_a_derivation_fills_has_its_sources() -> None:
    bare = ("rating: integer? = 1", "rating: integer?")
    assert codes(ONCE, bare) == ["field.no-source"]
    assert codes(WHOLE, bare) == []


def test_what_is_required_by_the_system_that_is_created_in_has_to_be_written() -> None:
    assert codes(ONCE, (', "a@b.org" -> email', "")) == ["create.required-missing"]


def test_a_key_has_to_be_shown_by_the_derivation_too() -> None:
    derive = "once when stage becomes won { name <- name, rating <- rating }"
    assert "match.not-applicable" in codes(derive)


@pytest.mark.parametrize(
    ("derive", "code", "effects"),
    [
        (WHOLE.replace("won", "lost"), "derive.condition", ["records of shop.contacts"]),
        (WHOLE.replace("once when stage becomes", "while stage is"), "derive.condition", ["records of shop.contacts"]),
        (WHOLE.replace("name <- name", "name <- upper(name)"), "derive.line", ["shop.contacts.name"]),
    ],
)
def test_a_changed_derivation_is_told_with_what_it_reaches(derive: str, code: str, effects: list[str]) -> None:
    (change,) = compare(model(WHOLE), model(derive))
    assert (change.code, [str(effect) for effect in change.effects]) == (code, effects)


def test_a_change_of_the_source_reaches_through_the_derivation() -> None:
    changes = compare(model(WHOLE), model(WHOLE, ("name   <- name\n", "name   <- upper(name)\n")))
    assert "shop.contacts.name" in {str(effect) for one in changes for effect in one.effects}
    changes = compare(model(WHOLE), model(WHOLE, ('won: "won"', 'won: "closed"')))
    assert "records of shop.contacts" in {str(effect) for one in changes for effect in one.effects}


def test_lineage_goes_through_a_derivation() -> None:
    (name,) = trace(model(WHOLE), "Order", "name")
    assert [(one.place, one.condition) for one in name.sources] == [("Deal.name", "once when stage becomes won")]
    (stage,) = trace(model(WHOLE), "Deal", "stage")
    assert "derive Order once when stage becomes won" in [use.clause for use in stage.uses]
    (own,) = trace(model(WHOLE), "Deal", "name")
    assert [one.place for one in own.targets] == ["Order.name"]


def test_what_waits_for_a_date_says_for_which() -> None:
    derive = "once when seen is present and seen - 7 days is past { number <- number, name <- name }"
    made = load_package(
        generate(model(derive, ("delete in shop never", "delete in shop never, create in shop when name is present")))
    )
    (rule,) = made.derivations
    assert rule.dates is not None
    day = datetime(2026, 5, 10, 12, tzinfo=UTC)
    assert rule.dates({"seen": day}) == (day - timedelta(days=7),)
    assert rule.dates({"seen": None}) == (None,)
    held = [rule.holds({"seen": day}, {}, day - timedelta(days=days)) for days in (8, 7, 6)]
    assert held == [False, True, True]
    assert not rule.holds({"seen": None}, {}, day)


def test_creating_updating_and_belonging_may_wait_for_a_date() -> None:
    timed = "rating is present and seen is past"
    edits = (
        ("rating: integer? = 1,", "rating: integer? = 1, seen: instant? = null,"),
        (
            "delete in shop never",
            f"delete in shop never, create in shop when {timed}, update in shop when seen is past",
        ),
        ("map Order to shop.contacts {", "map Order to shop.contacts when seen is past {"),
    )
    made = load_package(generate(model(WHOLE.replace("rating <- rating", "rating <- rating, seen <- seen"), *edits)))
    sync = next(sync for sync in made.syncs if sync.entity == "Order")
    day = datetime(2026, 5, 10, tzinfo=UTC)
    for condition in (sync.creates["shop"], sync.updates["shop"], made.mapping("Order", "shop")):
        assert condition.waits is not None
        assert condition.waits.dates({"seen": day}) == (day,)
        answers = [condition.waits.holds({"seen": day, "rating": 1}, day + timedelta(days=days)) for days in (-1, 0)]
        assert answers == [False, True]


def test_what_is_computed_from_personal_data_is_personal_data() -> None:
    person = """entity Person {
  name   : text(100) pii
  orders : list<Order> via owner
  named  : text(100)? = first(orders.name)
  match name
}
entity Order {"""
    marked = ("entity Order {", person)
    owned = ("rating: integer? = 1,", "rating: integer? = 1, owner: ref Person?,")
    names = ("name: text(100)?, rating: integer? = 1", "name: text(100)? pii, rating: integer? = 1")
    found = check(WHOLE, marked, names, owned)
    assert sorted(str(one.facts["field"]) for one in found.diagnostics if one.code == "pii.not-marked") == [
        "Person.named"
    ]
