"""Each kind of change: a pair of specs, the changes between them, and their classes."""

from dataclasses import replace
from typing import NamedTuple

import pytest

from syncline.diagnostics.lexicon import LEXICON
from syncline.evolution.change import Impact, Need
from syncline.evolution.comparing import compare
from syncline.evolution.kinds import KINDS
from syncline.evolution.words import worded
from tests.evolution.specs import BASE, changed, model

DATA, STATE, API, BEHAVIOUR, SAFE = Impact.DATA, Impact.STATE, Impact.API, Impact.BEHAVIOUR, Impact.SAFE
Edit = tuple[str, str]


class Case(NamedTuple):
    """What is edited, and the changes that it makes, all of them: subject and code. `classes` are those of the first."""

    classes: tuple[Impact, ...]
    expected: tuple[tuple[str, str], ...]
    edits: tuple[Edit, ...]
    before: tuple[Edit, ...] = ()


def case(classes: str, expected: str, *edits: Edit, before: tuple[Edit, ...] = ()) -> Case:
    """`expected` reads `subject: code; subject: code`."""
    pairs = [one.rsplit(": ", 1) for one in expected.split("; ")]
    wanted = tuple(Impact[name] for name in classes.split("+"))
    return Case(wanted, tuple((subject, code) for subject, code in pairs), edits, before)


SYNC_HEAD = "sync Contact across crm, erp {"
OTHER_SYNC = """
map Visitor to crm.contacts { mail <-> name }
map Visitor to erp.parties { mail <-> title }
sync Visitor across crm, erp {
  delete in crm never
  delete in erp never
  truth { mail ask }
}
"""
VISITOR = ("entity Visitor {", OTHER_SYNC + "entity Visitor {")
COMPUTED = (
    (
        "  tags   : set<text>\n",
        "  tags   : set<text>\n  visits : list<Visit> via contact\n  spent  : integer? = sum(visits.price)\n",
    ),
    (
        "entity Visitor {",
        "entity Visit { price : integer?, contact : ref Contact?, host : ref Contact? }\nentity Visitor {",
    ),
)
DERIVE = "derive Visitor from Contact once when stage becomes customer { mail <- code }\n"
DERIVED = ("entity Visitor {", OTHER_SYNC + DERIVE + "entity Visitor {")
PRICE_BOTH = (
    ("  price         -> price\n", "  price         <-> price\n"),
    ("    tags      union\n", "    tags      union\n    price     owned by erp\n"),
)
# fmt: off
CASES = (
    # the spec
    case("STATE+API", "other: spec.renamed", ("spec base version", "spec other version")),
    case("SAFE", "base: spec.version-changed", ("version 1\n", "version 2\n")),
    # entities and fields
    case("SAFE", "Lead: entity.added", ("entity Visitor", "entity Lead { mail : text, match mail }\nentity Visitor")),
    case("STATE+API", "Visitor: entity.removed", ("entity Visitor {\n  mail : text(80)\n  match mail\n}\n", "")),
    case("API", "Guest: entity.renamed", ("entity Visitor {", "entity Guest renamed from Visitor {")),
    case(
        "STATE+API", "Visitor: entity.removed; Guest: entity.added", ("entity Visitor {", "entity Guest {")
    ),
    case("STATE+API", "Client: entity.replaced; Client: sync.added",
         ("entity Contact {", "entity Client {"), ("map Contact to crm", "map Client to crm"),
         ("map Contact to erp", "map Client to erp"), ("map Contact to shop", "map Client to shop"),
         ("sync Contact across", "sync Client across")),
    case("SAFE", "Visitor.nick: field.added", ("  mail : text(80)", "  mail : text(80)\n  nick : text(80)?")),
    case(
        "STATE+API",
        "Visitor.mail: field.removed; Visitor.post: field.added; Visitor: match.changed",
        ("  mail : text(80)\n  match mail", "  post : text(80)\n  match post"),
    ),
    case(
        "API", "Visitor.post: field.renamed",
        ("  mail : text(80)\n  match mail", "  post : text(80) renamed from mail\n  match post"),
    ),
    case("STATE+API", "Contact.tel: field.replaced; Contact.tel in crm: line.added; Contact.tel in erp: line.added",
         ("  phone  : text(30)? pii", "  tel    : text(30)? pii"), ("  phone        <-> phone\n", "  tel <-> phone\n"),
         ("  phone     <-> phone\n", "  tel <-> phone\n"), ("    phone     prefers", "    tel       prefers")),
    case("API", "Contact.tel: field.renamed",
         ("  phone  : text(30)? pii", "  tel    : text(30)? pii renamed from phone"),
         ("  phone        <-> phone\n", "  tel <-> phone\n"),
         ("  phone     <-> phone\n", "  tel <-> phone\n"), ("    phone     prefers", "    tel       prefers")),
    case("API", "Contact.level: field.renamed",
         ("stage  : Stage = prospect", "level : Stage = prospect renamed from stage"), ("  stage        <->", "  level <->"),
         ("  stage      ->", "  level ->"), ("shop.people when stage", "shop.people when level"),
         ("create in erp when stage", "create in erp when level"), ("update in erp when stage", "update in erp when level")),
    case("API", "Contact.place.town: field.renamed; Contact.place.country: field.renamed",
         ("home   : Address", "place : Address renamed from home"), ("  home.town    <->", "  place.town <->"),
         ("  home.country <->", "  place.country <->"), ("  home.town <->", "  place.town <->"),
         ("home.town ask", "place.town ask")),
    case("API", "Client: entity.renamed",
         ("entity Contact {", "entity Client renamed from Contact {"), ("map Contact to crm", "map Client to crm"),
         ("map Contact to erp", "map Client to erp"), ("map Contact to shop", "map Client to shop"),
         ("sync Contact across", "sync Client across")),
    case("STATE+API", "Visitor.mail: field.kind", ("mail : text(80)", "mail : email")),
    case("STATE+API", "Visitor.marks: field.kind", ("marks  : set<text>", "marks  : list<text>"), before=(
        ("entity Visitor {", "entity Visitor {\n  marks  : set<text>"),
    )),
    case("DATA", "Visitor.mail: field.narrowed", ("mail : text(80)", "mail : text(40)")),
    case("DATA", "Visitor.mail: field.narrowed", ("mail : text(80)", 'mail : text(80) matching "[a-z]+"')),
    case("DATA", "Visitor.mail: field.narrowed", ("mail : decimal(9, 3)", "mail : decimal(9, 2)"), before=(
        ("mail : text(80)", "mail : decimal(9, 3)"),
    )),
    case("DATA", "Visitor.mail: field.narrowed", ("mail : decimal(9, 2)", "mail : decimal(9, 3)"), before=(
        ("mail : text(80)", "mail : decimal(9, 2)"),
    )),
    case("SAFE", "Visitor.mail: field.widened", ("mail : text(80)", "mail : text(90)")),
    case("SAFE", "Visitor.mail: field.widened", ("mail : decimal(9, 2)", "mail : decimal(10, 3)"), before=(
        ("mail : text(80)", "mail : decimal(9, 2)"),
    )),
    case("DATA", "Visitor.mail: field.required", ("mail : text(80)?", "mail : text(80)"), before=(
        ("mail : text(80)", "mail : text(80)?"),
    )),
    case("DATA", "Visitor.mail: field.optional", ("mail : text(80)", "mail : text(80)?")),
    case("API", "Contact.stage: field.members-added; Contact.stage in crm: line.table-extended; "
         "Contact.stage in erp: line.table-extended",
         ("customer, lost }", "customer, lost, dormant }"),
         ('lost: "lost" }', 'lost: "lost", dormant: "asleep" }'), ("lost: 9 }", "lost: 9, dormant: 7 }")),
    case("DATA+STATE+API", "Contact.stage: field.members-removed; Contact.stage in crm: line.codec; "
         "Contact.stage in erp: line.codec",
         ("customer, lost }", "customer }"), (', lost: "lost" }', " }"), (", lost: 9 }", " }")),
    case("API", "Contact.stage: field.members-renamed",
         ("enum Stage { prospect, customer, lost }", "enum Stage { lead renamed from prospect, won renamed from customer, lost }"),
         ("{ prospect: \"lead\", customer: [", "{ lead: \"lead\", won: ["), (" = prospect", " = lead"),
         ("{ prospect: 0, customer: 1", "{ lead: 0, won: 1"),
         ("shop.people when stage is customer", "shop.people when stage is won"),
         ("create in erp when stage is customer", "create in erp when stage is won"),
         ("update in erp when stage is customer", "update in erp when stage is won")),
    case("DATA", "Contact.stage: field.default", ("= prospect", "= lost")),
    case("DATA", "Contact.stage: field.default", (" = prospect", "")),
    case("BEHAVIOUR", "Contact.phone: field.pii", ("phone  : text(30)? pii", "phone  : text(30)?")),
    case("DATA", "Contact: match.changed", ("match code then ask name", "match code then name")),
    case("DATA", "Contact: match.changed", ('["n/a"]', '["none"]')),
    case("DATA", "Contact: match.changed", ("match code then ask name", "match code and name then ask name")),
    # maps
    case("SAFE", "Contact in hall: map.added; hall: system.added", ("entity Visitor {", """
system hall = desk { url: env("H_URL"), key: secret("H_KEY") }
map Contact to hall.people { code -> number }
entity Visitor {""")),
    case("API", "Contact in shop: map.removed", (
        "map Contact to shop.people when stage is customer {\n  code -> number\n  name -> name\n}\n", "")),
    case("DATA+STATE", "Contact in shop: map.resource", ("map Contact to shop.people", "map Contact to shop.contacts")),
    case("DATA", "Contact in crm: map.where", ("size > 3", "size > 4")),
    case("DATA", "Contact in crm: map.where", ('kind = "company"', 'kind = "firm"')),
    case("DATA", "Contact in crm: map.where", (' where kind = "company" and size > 3', "")),
    case("DATA", "Contact in shop: map.when", ("when stage is customer {", "when stage is lost {")),
    case("DATA", "Contact in shop: map.when", (" when stage is customer {", " {")),
    case("DATA", "Contact.price in shop: line.added", ("  code -> number\n", "  code -> number\n  price -> price\n")),
    case("BEHAVIOUR", "Contact.name in shop: line.removed", ("  name -> name\n", "")),
    case("BEHAVIOUR", "Contact.=nick in crm: line.removed", ("  upper(name)   -> nick\n", "")),
    case("DATA", "Contact.home.town in crm: line.source-removed; Contact.home.town: truth.idle",
         ("  home.town    <-> town   as trim\n", ""), ("    home.town ask\n", "")),
    case("DATA", "Contact.price in crm: line.direction; Contact.price: truth.rule", *PRICE_BOTH),
    case("DATA", "Contact.price in crm: line.direction; Contact.price: truth.idle",
         *((after, before) for before, after in PRICE_BOTH), before=PRICE_BOTH),
    case("DATA+STATE", "Contact.code in shop: line.native", ("  code -> number\n", "  code -> nick\n")),
    case("DATA", "Contact.name in crm: line.codec", ("<-> name   as trim", "<-> name   as trim then upper")),
    case("DATA", "Contact.stage in erp: line.codec", ("lost: 9 }", "lost: 8 }")),
    case("DATA", "Contact.stage in crm: line.codec", ('["won", "key"]', '["key", "won"]')),
    case("BEHAVIOUR", "Contact.stage in crm: line.table-extended", ('["won", "key"]', '["won", "key", "vip"]')),
    case("DATA", "Contact.=nick in crm: line.expression", ("upper(name)", "lower(name)")),
    case("DATA", "Contact.name in shop: line.condition", ("  name -> name\n", "  name -> name only into empty\n")),
    case("DATA", "Contact.=note in erp: line.condition", ("note only on create", "note")),
    # syncs
    case("DATA", "Visitor: sync.added", VISITOR),
    case("BEHAVIOUR", "Visitor: sync.removed",
         (OTHER_SYNC, ""), before=(VISITOR,)),
    case("DATA", "Contact: sync.system-added", (SYNC_HEAD, "sync Contact across crm, erp, shop {\n  delete in shop never")),
    case("STATE", "Contact: sync.system-removed",
         ("sync Contact across crm, erp, shop {\n  delete in shop never", SYNC_HEAD),
         before=((SYNC_HEAD, "sync Contact across crm, erp, shop {\n  delete in shop never"),)),
    case("DATA", "Contact: sync.order", ("across crm, erp", "across erp, crm")),
    case("DATA", "Contact.code: truth.rule", ("owned by erp", "owned by crm")),
    case("DATA", "Contact.code: truth.rule", ("owned by erp", "owned by erp keep")),
    case("DATA", "Contact.phone: truth.rule", ("prefers crm then erp", "prefers erp then crm")),
    case("DATA", "Contact.name: truth.rule", ("newest else crm", "newest else erp")),
    case("DATA", "Contact.tags: truth.rule; Contact.home.town: truth.rule",
         ("tags      union", "otherwise ask"), ("home.town ask", "home.town prefers crm then erp")),
    case("DATA", "Contact.code: truth.together; Contact.name: truth.together; Contact.code: truth.rule",
         ("    code      owned by erp\n    name      newest else crm\n", "    code and name newest else crm\n")),
    case("DATA", "Contact in crm: create.opened", ("  create in crm never\n", "")),
    case("DATA", "Contact in erp: create.opened", ("  create in erp when stage is customer\n", "")),
    case("DATA", "Contact in erp: create.condition", ("create in erp when stage is customer", "create in erp when stage is lost")),
    case("BEHAVIOUR", "Contact in erp: create.closed", ("create in erp when stage is customer", "create in erp never")),
    case("DATA", "Contact in erp: update.opened", ("  update in erp when stage is customer\n", "")),
    case("DATA", "Contact in erp: update.condition", ("update in erp when stage is customer", "update in erp when stage is lost")),
    case("BEHAVIOUR", "Contact in erp: update.closed", ("update in erp when stage is customer", "update in erp never")),
    case("DATA", "Contact in erp: delete.policy", ("delete in erp never", "delete in erp propagate")),
    case("DATA", "Contact in crm: delete.policy", ("archive unless edited", "archive")),
    case("DATA", "Contact: sync.empty", ("empty propagates", "empty ignored")),
    case("DATA", "Contact: sync.out-of-scope", ("out of scope unlink", "out of scope keep")),
    case("BEHAVIOUR", "Contact: sync.unknown", ("out of scope unlink", "out of scope unlink\n  unknown hold")),
    case("BEHAVIOUR", "Contact: sync.merged", ("out of scope unlink", "out of scope unlink\n  merged follow")),
    case("BEHAVIOUR", "Contact: guard.loosened", ("over 10 and 10%", "over 20 and 10%")),
    case("BEHAVIOUR", "Contact: guard.loosened", ("  guard delete over 10 and 10%\n", "")),
    case("BEHAVIOUR", "Contact: guard.tightened", ("over 10 and 10%", "over 5 and 10%")),
    case("SAFE", "Contact: sync.erase", ("every 5 minutes", 'every 5 minutes\n  erase keep in crm "the law"')),
    case("BEHAVIOUR", "Contact: sync.triggers", ("every 5 minutes", "every 1 hour")),
    case("BEHAVIOUR", "Contact: sync.triggers",
         ("every 5 minutes", 'every 5 minutes\n  run full daily at "02:00" in "Europe/Oslo"')),
    # computed fields
    case("DATA", "Contact.spent: field.computed", ("sum(visits.price)", "max(visits.price)"), before=COMPUTED),
    case("DATA", "Contact.spent: field.computed; Contact.spent: field.default",
         ("= sum(visits.price)", "= 3"), before=COMPUTED),
    case("DATA", "Contact.spent: field.computed", ("via contact", "via host"), before=COMPUTED),
    # derivations
    case("DATA", "Visitor: derive.added", ("sync Visitor", DERIVE + "sync Visitor"), before=(VISITOR,)),
    case("BEHAVIOUR", "Visitor: derive.removed", (DERIVE, ""), before=(DERIVED,)),
    case("DATA", "Visitor: derive.condition", ("becomes customer {", "becomes lost {"), before=(DERIVED,)),
    case("DATA", "Visitor: derive.condition", ("once when stage becomes customer {", "once when stage is customer {"),
         before=(DERIVED,)),
    case("DATA", "Visitor.mail: derive.line", ("mail <- code", "mail <- lower(code)"), before=(DERIVED,)),
    # systems
    case("SAFE", "hall: system.added", (
        "system shop =", 'system hall = desk { url: env("H_URL"), key: secret("H_KEY") }\nsystem shop =')),
    case("STATE+API", "shop: system.removed",
         ('system shop = desk { url: env("SHOP_URL"), key: secret("SHOP_KEY") }\n', ""),
         ("map Contact to shop.people when stage is customer {\n  code -> number\n  name -> name\n}\n", "")),
    case("DATA+STATE", "erp: system.connector",
         ("connector books over", "connector ledger over"), ("system erp = books", "system erp = ledger")),
    case("STATE", "crm: system.setting", ('env("CRM_URL")', 'env("CRM2_URL")')),
    case("STATE", "crm: system.setting", ('url: env("CRM_URL")', 'url: env("CRM_URL"), site: "oslo"')),
    case("BEHAVIOUR", "erp: system.secret", ('secret("ERP_URL")', 'secret("BOOKS_URL")')),
    case("BEHAVIOUR", "crm: connector.calls; shop: connector.calls", ("rate 50 per second", "rate 60 per second")),
    case("BEHAVIOUR", "crm: connector.calls; shop: connector.calls", ('base "{url}/v1"', 'base "{url}/v2"')),
    case("STATE", "erp.parties: resource.location", ('table "parties"', 'table "customers"')),
    case("STATE", "erp.parties: resource.identity; erp.parties.code: native.facts",
         ("    id       : integer identity\n", "    id       : integer\n"),
         ("code     : text(20)\n", "code     : text(20) identity\n"),
         before=(("  code      <-> code   as upper\n", "  code      <-  code   as upper\n"),)),
    case("STATE", "crm.contacts: resource.cursor", (
        "    changed  : instant version precision 1 ms\n", "    changed  : instant version precision 1 ms fallback made\n")),
    case("BEHAVIOUR", "crm.contacts: resource.calls", ("version precision 1 ms\n", "version precision 2 seconds\n")),
    case("DATA", "crm.contacts: resource.complete", ('      items "data"\n', '      items "data"\n      partial\n')),
    case("DATA", "erp.parties: resource.archive", ("archive active false", "archive active true")),
    case("BEHAVIOUR", "crm.contacts: resource.calls", ("max: 100", "max: 50")),
    case("BEHAVIOUR", "crm.contacts: resource.calls", ('update PATCH  "/contacts', 'update PUT    "/contacts')),
    case("DATA", "crm.contacts.country: native.type", ("country  : text(2)\n", "country  : country\n")),
    case("DATA", "crm.contacts.labels: native.spelling", (
        "labels   : set<text> normalises(trim)", "labels   : set<text> spelled comma normalises(trim)")),
    case("DATA", "crm.contacts.phone: native.spelling", ('at "phones.first"', 'at "phones.second"')),
    case("SAFE", "shop.people.number: native.widened", (
        "    changed : instant version\n    number  : text(20)", "    changed : instant version\n    number  : text(30)")),
    case("DATA", "crm.contacts.labels: native.normalises", ("normalises(trim)", "normalises(trim, lower)")),
    case("BEHAVIOUR", "crm.contacts.number: native.facts", ("number   : text(20) unique", "number   : text(20)")),
)
# fmt: on

BY_HAND = frozenset(("spec.added", "spec.removed", "connector.protocol", "system.clearance"))
"""Kinds of change with a test of their own: there is no pair of small texts that differ in just that."""


@pytest.mark.parametrize("one", CASES, ids=[f"{each.expected[0][1]}-{at}" for at, each in enumerate(CASES)])
def test_a_change_is_told_with_its_class(one: Case) -> None:
    before = changed(*one.before)
    changes = compare(model(before), model(changed(*one.edits, text=before)))
    assert sorted((change.subject, change.code) for change in changes) == sorted(one.expected)
    code = one.expected[0][1]
    assert KINDS[code].impacts == one.classes
    for change in changes:
        assert change.old is not None or change.new is not None
        assert all(sentence.strip() == sentence for sentence in worded(change))


def test_every_kind_of_change_has_a_case() -> None:
    assert {code for one in CASES for _, code in one.expected} | BY_HAND == set(KINDS)


def test_no_kind_of_change_has_the_code_of_a_diagnostic() -> None:
    assert not set(KINDS) & set(LEXICON)


def test_what_must_happen_is_said_where_something_must_and_the_worst_class_first() -> None:
    for code, kind in KINDS.items():
        assert bool(kind.then) == (kind.needs != (Need.NOTHING,)), code
        assert list(kind.impacts) == sorted(kind.impacts, key=list(Impact).index), code
        assert kind.impacts == (SAFE,) or SAFE not in kind.impacts, code


def test_a_spec_that_came_or_went_is_one_change() -> None:
    spec = model(BASE)
    assert [change.code for change in compare(None, spec)] == ["spec.added"]
    assert [change.code for change in compare(spec, None)] == ["spec.removed"]
    assert compare(None, None) == ()


def test_a_system_that_is_reached_over_another_protocol_or_cleared_otherwise() -> None:
    spec = model(BASE)
    books = spec.systems["erp"].connector
    over_files = replace(books, declaration=replace(books.declaration, protocol="files"))
    moved = replace(spec, systems={**spec.systems, "erp": replace(spec.systems["erp"], connector=over_files)})
    kept_back = replace(spec, systems={**spec.systems, "crm": replace(spec.systems["crm"], cleared_for_pii=False)})
    (change,) = compare(spec, moved)
    assert (change.code, change.subject, KINDS[change.code].impacts) == ("connector.protocol", "erp", (STATE,))
    assert worded(change).message == "`erp` is now reached over files, formerly over sql"
    assert "erp.parties.code" in map(str, change.effects)
    (change,) = compare(spec, kept_back)
    assert (change.code, change.subject, KINDS[change.code].impacts) == ("system.clearance", "crm", (BEHAVIOUR,))
    assert worded(change).message == "`crm` is not cleared for personal data, formerly cleared"


def test_the_worst_comes_first() -> None:
    edits = [
        ("run every 5 minutes", "run every 6 minutes"),
        ("owned by erp", "owned by crm"),
        ("version 1\n", "version 2\n"),
    ]
    changes = compare(model(BASE), model(changed(*edits)))
    assert [KINDS[change.code].impacts[0] for change in changes] == [DATA, BEHAVIOUR, SAFE]
