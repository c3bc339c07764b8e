"""A spec of a given length: many entities, each with fields in two systems, two maps, a sync and an example.

`python benchmarks/large_spec.py 10000` prints one. The same number always gives the same text.
"""

import sys

_HEAD = """\
## A spec as long as you like, for measuring.
spec large version 1

use pocketbase

system crm = pocketbase {
  url: env("CRM_URL"), email: env("CRM_EMAIL"), password: secret("CRM_PASSWORD")
}
system shop = pocketbase {
  url: env("SHOP_URL"), email: env("SHOP_EMAIL"), password: secret("SHOP_PASSWORD")
}

codec states = { open: ["open", "new"], won: "won", lost: "lost" }
enum State { open, won, lost }
"""

_MODULE = """
extend crm {{
  resource accounts_{n} like collection("accounts_{n}") {{
    title    : text(200) required
    mail     : email     unique
    phone    : phone
    vat      : text(20)
    stage    : text(20)  required
    website  : url
    tags     : set<text> spelled json
    street   : text(120)
    city     : text(80)
    employed : integer
    archived : boolean
    archive archived true
  }}
}}

extend shop {{
  resource buyers_{n} like collection("buyers_{n}") {{
    name     : text(200) required
    email    : email     unique
    phone    : phone
    vat      : text(20)
    stage    : text(20)  required
    website  : url
    tags     : set<text> spelled json
    street   : text(120)
    city     : text(80)
    employed : integer
    archived : boolean
    archive archived true
  }}
}}

## A company that buys, number {n}.
entity Customer{n} {{
  name     : text(200)
  email    : email?    pii
  phone    : phone?    pii
  vat      : text(20)?
  stage    : State
  website  : url?
  tags     : set<text>
  street   : text(120)?
  city     : text(80)?
  employed : integer?
  match email
}}

map Customer{n} to crm.accounts_{n} {{
  name     <-> title   as trim
  email    <-> mail    as lower
  phone    <-> phone   as e164("NO")
  vat      <-> vat     as strip("-. ") then upper
  stage    <-> stage   as states
  website  <-> website
  tags     <-> tags
  street   <-> street  as trim
  city     <-> city    as trim
  employed <-> employed
}}

map Customer{n} to shop.buyers_{n} {{
  name     <-> name    as trim
  email    <-> email   as lower
  phone    <-> phone   as e164("NO")
  vat      <-> vat     as upper
  stage    <-> stage   as {{ open: "o", won: "w", lost: "l" }}
  website  <-> website
  tags     <-> tags
  street   <-> street  as trim
  city     <-> city    as trim
  employed <-> employed
}}

sync Customer{n} across crm, shop {{
  delete in crm archive unless edited
  delete in shop archive unless edited
  truth {{
    name            newest else crm
    email           prefers crm then shop
    vat             owned by shop          # edits elsewhere are drift
    phone           prefers crm then shop
    tags            union
    street and city newest else shop
    otherwise       ask
  }}
  empty propagates
  guard delete over 10 and 10%
  guard update over 500 and 50%
  run every 5 minutes
}}
"""


def large_spec(lines: int) -> str:
    """A spec of at least so many lines; the last module is whole."""
    parts = [_HEAD]
    written = _HEAD.count("\n")
    number = 0
    while written < lines:
        number += 1
        module = _MODULE.format(n=number)
        parts.append(module)
        written += module.count("\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(large_spec(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
