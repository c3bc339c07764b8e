"""References are to what is in step in the same system, and some record can always come first."""

import pytest

from syncline.certificate import obligations
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.words import worded
from syncline.pipeline import Checked, check_spec

CONNECTOR = """spec s version 1
connector c over rest {{
  setting url : url
  setting token : secret
  base "{{url}}"
  auth bearer token
  resource as {{ id : text identity, k : text(9), b : ref bs {a}, list GET "/a", create POST "/a", update PATCH "/a/{{id}}" }}
  resource bs {{ id : text identity, k : text(9), c : ref cs {b}, list GET "/b", create POST "/b", update PATCH "/b/{{id}}" }}
  resource cs {{ id : text identity, k : text(9), a : ref as {c}, list GET "/c", create POST "/c", update PATCH "/c/{{id}}" }}
}}
system x = c {{ url: env("X"), token: secret("XT") }}
system y = c {{ url: env("Y"), token: secret("YT") }}
entity A {{ k : text(9), b : ref B?, match k }}
entity B {{ k : text(9), c : ref C?, match k }}
entity C {{ k : text(9), a : ref A?, match k }}
map A to x.as {{ k <- k, b <- b }}
map B to x.bs {{ k <- k, c <- c }}
map C to x.cs {{ k <- k, a <- a }}
map A to y.as {{ k -> k, b -> b {line} }}
map B to y.bs {{ k -> k, c -> c {line} }}
map C to y.cs {{ k -> k, a -> a {line} }}
sync A from x to y {{ delete in y unlink {more} }}
sync B from x to y {{ delete in y unlink {after} }}
sync C from x to y {{ delete in y unlink }}
"""


def checked(a: str = "", b: str = "", c: str = "", after: str = "", more: str = "", line: str = "") -> Checked:
    text = CONNECTOR.format(a=a, b=b, c=c, after=after, more=more, line=line)
    return check_spec("s.sync", text.encode(), lambda name: None)


def cycles(**words: str) -> list[Diagnostic]:
    return [one for one in checked(**words).diagnostics if one.code == "reference.cycle"]


REQUIRED = {"a": "required", "b": "required", "c": "required"}


def test_a_circle_of_required_references_is_drawn() -> None:
    (found,) = cycles(**REQUIRED)
    assert "A.b → B.c → C.a → A" in worded(found).message
    assert found.span.source.line(found.span.line).startswith("map A to y.as")


@pytest.mark.parametrize("open_", "abc")
def test_one_that_may_be_empty_opens_it(open_: str) -> None:
    found = checked(**{**REQUIRED, open_: ""})
    assert [one.code for one in found.diagnostics if one.code.startswith("reference.")] == []


def test_run_after_and_a_required_reference_make_a_circle_too() -> None:
    assert cycles(after=", run after A") == []
    (found,) = cycles(a="required", after=", run after A")
    assert "A.b → B runs after → A" in worded(found).message


def test_nothing_waits_where_nothing_is_created() -> None:
    assert cycles(**REQUIRED, more=", create in y never") == []


@pytest.mark.parametrize("sound", [True, False])
def test_the_certificate_says_what_was_proven_of_references(sound: bool) -> None:
    found = checked(**({} if sound else REQUIRED))
    assert found.model is not None
    status = {one.by: one.status for one in obligations(found.model) if "reference" in one.by}
    assert status["reference.not-synced"] == "proven"
    assert ("reference.cycle" in status) is sound
