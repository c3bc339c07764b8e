"""Specs that are wide, not long: an entity of many fields in two systems, and one of few fields in many systems.

`python benchmarks/wide_spec.py fields 3200` or `systems 400` prints one. The same number always gives the same text.
"""

import sys

_CONNECTOR = """\
## As wide as you like, for measuring.
spec wide version 1

connector desk over sql {{
  setting url : secret
  resource people table "people" {{
    id      : integer identity
    changed : instant version
{columns}
  }}
}}
"""


def wide_in_fields(count: int) -> str:
    """One entity of so many fields, each two-way in two systems, each with a rule of its own."""
    names = [f"field_{number}" for number in range(count)]
    columns = "\n".join(f"    {name} : text(80)" for name in names)
    fields = "\n".join(f"  {name} : text(80)" for name in names)
    lines = "\n".join(f"  {name} <-> {name} as trim" for name in names)
    rules = "\n".join(f"    {name} prefers crm then erp" for name in names)
    return (
        _CONNECTOR.format(columns=columns)
        + 'system crm = desk { url: secret("CRM_URL") }\nsystem erp = desk { url: secret("ERP_URL") }\n'
        + f"entity Wide {{\n{fields}\n  match field_0\n}}\n"
        + f"map Wide to crm.people {{\n{lines}\n}}\nmap Wide to erp.people {{\n{lines}\n}}\n"
        + "sync Wide across crm, erp {\n  delete in crm never\n  delete in erp never\n"
        + f"  truth {{\n{rules}\n  }}\n}}\n"
    )


def wide_in_systems(count: int) -> str:
    """One entity of four fields, kept in so many systems."""
    names = ("code", "name", "town", "note")
    columns = "\n".join(f"    {name} : text(80)" for name in names)
    systems = [f"s{number}" for number in range(count)]
    lines = "\n".join(f"  {name} <-> {name}" for name in names)
    fields = "\n".join(f"  {name} : text(80)" for name in names)
    parts = [_CONNECTOR.format(columns=columns), f"entity Wide {{\n{fields}\n  match code\n}}\n"]
    parts += [f'system {name} = desk {{ url: secret("{name.upper()}_URL") }}\n' for name in systems]
    parts += [f"map Wide to {name}.people {{\n{lines}\n}}\n" for name in systems]
    deletes = "\n".join(f"  delete in {name} hold" for name in systems)
    parts.append(f"sync Wide across {', '.join(systems)} {{\n{deletes}\n  truth {{ otherwise ask }}\n}}\n")
    return "".join(parts)


if __name__ == "__main__":
    kind, size = sys.argv[1:3] if len(sys.argv) > 2 else ("fields", "3200")
    sys.stdout.write((wide_in_fields if kind == "fields" else wide_in_systems)(int(size)))
