"""What is computed for a system must not come back from it as an edit; what may be right is left alone."""

import pytest

from syncline.diagnostics.pages import PRELUDE, sample
from syncline.pipeline import check_spec

SPEC = """
entity Customer {{ email: email, name: text(100)?, other: text(100)?, match email }}
map Customer to crm.contacts {{ email <-> email, name <-> name, other <-> stage }}
map Customer to shop.contacts {{
  email <-> email
  {lines}
}}
"""
WRITES = 'if name is present then name else "Unknown" -> name'


def codes(*lines: str) -> list[str]:
    text = PRELUDE + SPEC.format(lines="\n  ".join(lines))
    found = check_spec("a.sync", text.encode(), lambda name: sample().encode()).diagnostics
    return [f"{each.code}:{each.span.text}" if each.code == "map.comes-back" else each.code for each in found]


def test_a_value_that_is_computed_from_a_field_and_read_back_into_it_is_refused() -> None:
    assert codes("name <- name", WRITES) == [f"map.comes-back:{WRITES.removesuffix(' -> name')}"]
    cut = 'if name is present then upper(truncate(name, 9) + "!") else null'
    assert codes(f"{cut} -> name only when present", "name <- name") == [f"map.comes-back:{cut}"]


@pytest.mark.parametrize(
    "lines",
    [
        ("name <-> name",),
        ('name <-> name as none("Unknown")',),
        (WRITES,),
        ('name <- name as none("Unknown")', WRITES),  # the read undoes the write
        ('name <- if name = "Unknown" then null else name', WRITES),
        ("name <- name", "name -> name"),
        ("name <- name", f"{WRITES} only on create"),
        ("name <- vat", WRITES),
        ("other <- name", WRITES),  # another field: nothing that was written comes back as itself
    ],
)
def test_what_may_be_right_is_left_alone(lines: tuple[str, ...]) -> None:
    assert not [code for code in codes(*lines) if code.startswith("map.comes-back")]
