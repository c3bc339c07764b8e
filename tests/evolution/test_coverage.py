"""No change is forgotten: each field of the model, altered, makes a change, or is listed with the reason why it makes none."""

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from syncline.evolution.comparing import compare
from syncline.model import expressions, spec, types
from syncline.source import Source, Span
from syncline_runtime import declaration
from tests.evolution.specs import changed, model

RICH = changed(
    (
        "connector books over sql {",
        """connector mill over jsonrpc {
  setting url  : url
  setting user : text
  setting pass : secret
  base "{url}/rpc"
  auth login {
    CALL "login" [user, { password: pass }]
    token "{user}:{0}" base64 as header "Authorization" prefix "Session "
    refresh on 401
  }
  rate 10 per 2 seconds
  throttle 429
  timeout 20 seconds
  concurrency 2
  encoding form
  headers { "X-Version": "3" }
  error { message: "error.1", fields: "error.2", code: "error.0", in_success: "error", stale: ["Stale"] }
  resource model(model) {
    id      : integer identity
    created : instant readonly
    written : instant version precision 1 ms fallback created
    list CALL "model.{model}.search" {
      page offset(max: 500)
      since ["written", ">=", since] inclusive
      sort [["id", "ASC"]]
      filter equals [field, "=", value]
      params [filter, offset, limit, sort, fields]
    }
    read CALL "model.{model}.read" { many 200, returns record, params [ids, fields] }
    create POST "/{model}" {
      returns record, missing 404
      batch POST "/batch" { many 50, atomic, body { requests: records }, each { body: values }, item "body", returns record }
    }
    update CALL "model.{model}.write" { many 100, atomic, params [updates] }
    delete CALL "model.{model}.delete" { params [ids] }
    archive active false
    lock version
  }
}
connector books over sql {""",
    ),
    (
        "system shop =",
        """system plant = mill { url: env("PLANT_URL"), user: "robot", pass: secret("PLANT_PASS") }
extend plant {
  resource parties like model("party") {
    name   : text(80) required unique
    mail   : text(80) child contact_mechanisms(type: "email") value
    status : text(12) set "won" by POST "/parties/{id}/win"
    active : boolean
    price  : decimal(12, 2)
  }
}
system shop =""",
    ),
    (
        "entity Visitor {",
        """map Contact to plant.parties where active = true when stage is customer or price is present and price > 3 {
  code       -> mail
  stage      -> status as { prospect: "won", customer: "won", lost: "won" }
  name      <-> name as trim
  price      -> price
}
entity Visitor {""",
    ),
    (
        "entity Visitor {",
        """record Row { sku : text(20), count : integer }
entity Basket { number : text(20), town : text(40)?, rows : list<Row> by sku, shop : ref Basket?, match number }
extend erp {
  resource baskets table "baskets" {
    id : integer identity, number : text(20), mark : text(20)?
    twin : ref baskets, place : ref places, rows : list<items>
  }
  resource places table "places" { id : integer identity, name : text(40) unique }
  resource items { sku : text(20), count : integer }
}
map Basket to erp.baskets {
  number <- number, shop <- twin, shop.number -> mark, town <- place.name
  rows <- rows { sku <- sku, count <- count }
}
sync Basket from erp { run every 1 hour, delete in erp never }
entity Tariff { number : text(20), rates : list<Row> by sku, match number }
extend erp {
  resource tariffs table "tariffs" { id : integer identity, number : text(20), north : integer?, south : integer? }
}
map Tariff to erp.tariffs { number <- number, rates["N"].count <- north, rates["S"].count <- south }
sync Tariff from erp { run every 1 hour, delete in erp never }
entity Visitor {""",
    ),
    ("sync Contact across crm, erp {", "sync Contact across crm, erp, plant {\n  delete in plant never"),
    ("    home.town ask\n", "    record owned by crm when stage is customer\n    otherwise ask\n"),
    (
        "  tags   : set<text>\n",
        "  tags   : set<text>\n  visits : list<Visit> via contact\n  spent  : integer = sum(visits.price)\n",
    ),
    ("  upper(name)   -> nick\n", '  if stage is lost then "gone" else upper(name) -> nick\n'),
    (
        "  run every 5 minutes\n",
        '  run every 5 minutes\n  run full daily at "02:00" in "Europe/Oslo"\n'
        '  erase keep in crm "the law"\n  erase keep in erp "the law"\n',
    ),
    (
        "sync Contact",
        """map Visitor to crm.people { mail <-> name }
map Visitor to erp.parties { mail <-> title }
sync Visitor across crm, erp {
  delete in crm never
  delete in erp never
  truth { mail python("shop.merging:longest") }
  run after Contact
}
derive Visitor from Contact once when stage becomes customer { mail <- code }
entity Visit {
  number  : text(20)
  price   : integer?
  contact : ref Contact?
  match number
}
sync Contact""",
    ),
)

SPAN = "a place is where a change is shown, never a change"
ELSEWHERE = "names what is compared at its own place"
DERIVED = "follows from what is compared: "
CHECKED = "checked when compiling; the runs do not know it"

IRRELEVANT = {
    **{f"{name}.span": SPAN for name, _ in inspect.getmembers(spec) + inspect.getmembers(expressions)},
    "ResourceModel.places": SPAN,
    "ConnectorModel.places": SPAN,
    "Line.native_span": SPAN,
    "Spec.file": "a moved file is the same spec",
    "Spec.sha256": DERIVED + "the text, of which most says nothing to a run",
    "Spec.doc": "documentation",
    "Spec.automations": CHECKED,
    "Spec.examples": "samples that `check` runs; no record knows of them",
    "Entity.doc": "documentation",
    "Field.doc": "documentation",
    "ResourceModel.doc": "documentation",
    "Entity.complete": "a spec with errors is not compared",
    "Map.complete": "a spec with errors is not compared",
    "System.place_of": DERIVED + "the maps: a place goes by its name, as a system does",
    "Line.homes": DERIVED + "the maps of what is referred to",
    "Sync.complete": "a spec with errors is not compared",
    "Entity.renamed_from": "only joins the old name to the new; a name that stays is no renaming",
    "Field.renamed_from": "only joins the old name to the new; a name that stays is no renaming",
    "SettingModel.name": ELSEWHERE + ": a system's settings",
    "SettingModel.kind": DERIVED + "the kind of what the system gives",
    "SettingModel.required": CHECKED,
    "SettingModel.default": DERIVED + "what the system gives, the default included",
    "ConnectorModel.settings": DERIVED + "the settings that the system gives",
    "ConnectorModel.resources": DERIVED + "the system's resources, with what `extend` adds",
    "ConnectorModel.spelling": DERIVED + "the spelling of each native field",
    "ResourceModel.spelling": DERIVED + "the spelling of each native field",
    "declaration.Resource.marker": "each create without an answer remembers whether a mark went with it",
    "declaration.Resource.counter": "what it counts is told when it happens, and nothing that is kept depends on it",
    "ConnectorModel.templates": DERIVED + "the system's resources",
    "Elements.record": ELSEWHERE + ": the fields of the elements",
    "Map.paths": DERIVED + "the lines and conditions that name them",
    "Map.looks": DERIVED + "the lines that name them",
    "Line.by": DERIVED + "the path on the left of the line",
    "Line.needed": DERIVED + "the fields of the elements",
    "Look": DERIVED + "the path, and the fields on it",
    "NativeField.ways": DERIVED + "the path, which is its name",
    "Way": DERIVED + "the path, and the native fields on it",
    "declaration.Resource.through": DERIVED + "the paths of the lines",
    "Sync.derivations": DERIVED + "the derivations of the spec",
    "Sync.derived": "a spec with errors is not compared",
    "ConnectorModel.cleared_for_pii": DERIVED + "whether the system takes personal data",
    "Sync.maps": DERIVED + "the maps of the spec in the systems of the sync",
    "CodecUse.gives": DERIVED + "the codec and both ends of the line",
    "CodecUse.declared_as": "what a codec does counts, not its name",
    "Truth.text": DERIVED + "the rule itself; the text has its layout",
    "Type.former": "only joins the old name to the new; a name that stays is no renaming",
    "Type.name": "what a type is counts, not its name",
    "EntityField.type": DERIVED + "the field",
    "NativeValue.type": DERIVED + "the native field",
    "Apply.type": DERIVED + "the function and its arguments",
    "Choose.type": DERIVED + "its branches",
    "Both.type": "always a boolean",
    "declaration.NativeField": DERIVED + "the native fields of the resource",
    "declaration.Resource.fields": DERIVED + "the native fields of the resource",
    "declaration.Resource.name": ELSEWHERE + ": a map's resource",
    "declaration.Connector.name": ELSEWHERE + ": the system's connector",
}
"""Why a field makes no change, by class and field, or by class."""

MODULES = (spec, types, expressions)


def named(cls: type) -> str:
    return cls.__name__ if cls.__module__ in {module.__name__ for module in MODULES} else f"declaration.{cls.__name__}"


def classes() -> Iterator[type]:
    """The dataclasses of the model, and those of a declaration that a system's connector is made of."""
    for module in MODULES:
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == module.__name__ and dataclasses.is_dataclass(cls):
                yield cls
    yield from (
        declaration.Connector, declaration.Login, declaration.HeaderAuth, declaration.Errors, declaration.Rate,
        declaration.Resource, declaration.Listing, declaration.Paging, declaration.Since, declaration.Operation,
        declaration.Call, declaration.Child, declaration.Text, declaration.Slot, declaration.Literally,
        declaration.FromEnvironment, declaration.NativeField,
    )  # fmt: skip


FIELDS = [(cls, field.name) for cls in classes() for field in dataclasses.fields(cls)]
OLD, NEW = model(RICH), model(RICH, "new.sync")

WELL_FORMED: dict[tuple[str, str], tuple[Any, ...]] = {
    ("Trigger", "kind"): ("webhook",),
    ("Guard", "operation"): ("create",),
    ("EraseRule", "action"): ("purge",),
    ("Sync", "merged"): ("follow",),
    ("Line", "made"): ((),),
    ("Spec", "maps"): (tuple(one for one in NEW.maps if one.system.name != "shop"),),
}
"""What a field is altered to where not any value will do."""


def parts(value: object, seen: dict[int, Any]) -> None:
    """Every dataclass instance below a value, each once."""
    if id(value) in seen or isinstance(value, Span | Source):
        return
    if isinstance(value, Mapping):
        for item in value.values():
            parts(item, seen)
    elif isinstance(value, tuple):
        for item in value:
            parts(item, seen)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        if not type(value).__module__.startswith(("syncline.model", "syncline_runtime.declaration")):
            return
        seen[id(value)] = value
        for field in dataclasses.fields(value):
            parts(getattr(value, field.name), seen)


def found() -> list[Any]:
    """The parts that runs use come first: an alteration of theirs is sooner seen."""
    seen: dict[int, Any] = {}
    for value in (NEW.entities, [line for one in NEW.maps for line in one.lines], NEW):
        parts(tuple(value) if isinstance(value, list) else value, seen)
    return list(seen.values())


PARTS = found()


@contextmanager
def altered(part: object, name: str, value: object) -> Iterator[None]:
    """The new spec with one field of one part of it altered. Nothing but the type checker guards the fields of the model."""
    before = getattr(part, name)
    object.__setattr__(part, name, value)
    try:
        yield
    finally:
        object.__setattr__(part, name, before)


def others(cls: type, name: str, value: object) -> Iterator[object]:
    """Values that the field may have instead."""
    if (cls.__name__, name) in WELL_FORMED:
        yield from WELL_FORMED[cls.__name__, name]
        return
    match value:
        case bool():
            yield not value
        case int() | float() | Decimal():
            yield value + 1
        case str():
            yield value + "x"
        case Enum():
            yield from (member for member in type(value) if member is not value)
        case Span(source, start, end):
            yield Span(source, start + 1, end + 1)
        case tuple():
            yield value[:-1]
            yield (*value, *(value[:1] or ("x",)))
        case Mapping():
            yield dict(list(value.items())[1:])
            yield {**value, "x": next(iter(value.values()), "x")}
        case None:
            yield "x"
            yield 1
    if type(value).__module__ == expressions.__name__:
        yield from [part for part in PARTS if type(part) in (expressions.Constant, expressions.EntityField)][:4]
    known = [getattr(part, name) for part in PARTS if type(part) is cls]
    yield from [one for one in known if one != value][:3]
    yield None


def changes_of(cls: type, name: str, limit: int) -> Iterator[tuple[str, ...]]:
    """The codes that each alteration makes; what is no well-formed model says nothing."""
    for part in [part for part in PARTS if type(part) is cls][:limit]:
        value = getattr(part, name)
        for other in others(cls, name, value):
            if other == value and type(other) is type(value):
                continue
            try:
                with altered(part, name, other):
                    codes = tuple(change.code for change in compare(OLD, NEW))
            except (TypeError, AttributeError, KeyError, ValueError):
                continue
            yield codes


@pytest.mark.parametrize(("cls", "name"), FIELDS, ids=[f"{named(cls)}.{name}" for cls, name in FIELDS])
def test_a_field_is_compared_or_irrelevant_with_a_reason(cls: type, name: str) -> None:
    label = f"{named(cls)}.{name}"
    assert any(type(part) is cls for part in PARTS), f"the sample has no {cls.__name__}"
    if label in IRRELEVANT or named(cls) in IRRELEVANT:
        assert not any(changes_of(cls, name, 1)), f"{label} is compared after all"
    else:
        assert any(changes_of(cls, name, 80)), f"{label} is neither compared nor listed as irrelevant with its reason"


def test_the_list_of_the_irrelevant_is_not_out_of_date() -> None:
    labels = {f"{named(cls)}.{name}" for cls, name in FIELDS} | {named(cls) for cls, _ in FIELDS}
    assert {label for label in IRRELEVANT if not label.endswith(".span")} <= labels
