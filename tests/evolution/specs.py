"""Small specs and what may be changed in them."""

from collections.abc import Iterable
from functools import cache

from syncline.diagnostics.diagnostic import Severity
from syncline.model.spec import Spec
from syncline.pipeline import check_spec

BASE = """\
## What is kept in step.
spec base version 1

connector desk over rest {
  setting url  : url
  setting key  : secret
  setting site : text?
  base "{url}/v1"
  auth bearer key
  rate 50 per second
  error { message: "error.message" }

  resource contacts {
    id       : text(20) identity
    changed  : instant version precision 1 ms
    made     : instant
    number   : text(20) unique
    name     : text(80) required
    nick     : text(80)
    phone    : text(30) at "phones.first"
    stage    : text(12)
    town     : text(40)
    country  : text(2)
    size     : integer
    price    : decimal(12, 2)
    labels   : set<text> normalises(trim)
    kind     : text(10)
    closed   : boolean

    list GET "/contacts" {
      items "data"
      page number(page, limit, max: 100)
      since "changed>={since}" inclusive
    }
    read   GET    "/contacts/{id}" { returns record }
    create POST   "/contacts" { returns record }
    update PATCH  "/contacts/{id}" { returns record }
    delete DELETE "/contacts/{id}"
    archive closed true
  }
  resource people {
    id      : text(20) identity
    changed : instant version
    number  : text(20) unique
    name    : text(80) required
    nick    : text(80)
    phone   : text(30)
    stage   : text(12)
    town    : text(40)
    country : text(2)
    size    : integer
    price   : decimal(12, 2)
    labels  : set<text>
    kind    : text(10)
    closed  : boolean
    list GET "/people" { items "data" }
    create POST "/people" { returns record }
    update PATCH "/people/{id}" { returns record }
    delete DELETE "/people/{id}"
    archive closed true
  }
}
connector books over sql {
  setting url : secret
  resource parties table "parties" {
    id       : integer identity
    changed  : instant version
    code     : text(20)
    title    : text(80) required
    phone    : text(30)
    status   : integer
    town     : text(40)
    price    : decimal(12, 2)
    labels   : set<text>
    note     : text(120)
    active   : boolean
    archive active false
  }
}

system crm = desk { url: env("CRM_URL"), key: secret("CRM_KEY") }
system erp = books { url: secret("ERP_URL") }
system shop = desk { url: env("SHOP_URL"), key: secret("SHOP_KEY") }

type Code = text(20)
enum Stage { prospect, customer, lost }
codec stages = { prospect: "lead", customer: ["won", "key"], lost: "lost" }

record Address {
  town    : text(40)?
  country : text(2)?
}

entity Contact {
  code   : Code
  name   : text(80)
  phone  : text(30)? pii
  stage  : Stage = prospect
  price  : decimal(12, 2)?
  home   : Address
  tags   : set<text>
  match code then ask name except ["n/a"]
}

entity Visitor {
  mail : text(80)
  match mail
}

map Contact to crm.contacts where kind = "company" and size > 3 {
  code         <-> number as upper
  name         <-> name   as trim
  phone        <-> phone
  stage        <-> stage  as stages
  price         -> price
  home.town    <-> town   as trim
  home.country <-> country
  tags         <-> labels
  upper(name)   -> nick
}

map Contact to erp.parties {
  code      <-> code   as upper
  name      <-> title  as trim
  phone     <-> phone
  stage      -> status as { prospect: 0, customer: 1, lost: 9 }
  price     <-  price
  home.town <-> town
  tags      <-> labels
  lower(name) -> note only on create
}

map Contact to shop.people when stage is customer {
  code -> number
  name -> name
}

sync Contact across crm, erp {
  create in erp when stage is customer
  create in crm never
  update in erp when stage is customer
  delete in crm archive unless edited
  delete in erp never
  truth {
    code      owned by erp
    name      newest else crm
    phone     prefers crm then erp
    home.town ask
    tags      union
  }
  empty propagates
  out of scope unlink
  guard delete over 10 and 10%
  guard update over 500 and 50%
  run every 5 minutes
}
"""


def changed(*edits: tuple[str, str], text: str = BASE) -> str:
    """A text with each first part, which stands there once, replaced by its second."""
    for before, after in edits:
        assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times"
        text = text.replace(before, after)
    return text


@cache
def model(text: str, name: str = "base.sync") -> Spec:
    """The spec of a text that must check."""
    checked = check_spec(name, text.encode(), lambda _: None)
    errors = [one for one in checked.diagnostics if one.severity is Severity.ERROR]
    assert not errors, errors
    assert checked.model is not None
    return checked.model


def declarations(text: str) -> list[str]:
    """The declarations of a text, each with its lines; the header comes first."""
    blocks: list[str] = []
    depth = 0
    for line in text.splitlines(keepends=True):
        if depth == 0 and not line.strip():
            continue
        if depth == 0 and not (blocks and blocks[-1].startswith("##") and blocks[-1].count("\n") == 1):
            blocks.append("")
        blocks[-1] += line
        depth += line.count("{") - line.count("}")
    return blocks


def joined(blocks: Iterable[str]) -> str:
    """Declarations as one text."""
    return "\n".join(blocks)
