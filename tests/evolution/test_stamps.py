"""The stamp lets a changed spec pass if and only if `diff` calls all of its changes safe."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.evolution.change import Impact
from syncline.evolution.comparing import compare, impact
from syncline.evolution.stamping import stamp
from syncline.model.spec import Spec
from syncline_runtime.declaration import Stamp
from syncline_runtime.evolving import differences, renames_of
from tests.evolution import test_coverage as coverage
from tests.evolution.specs import BASE, changed, model
from tests.evolution.test_changes import CASES, Case
from tests.evolution.test_laws import EDITS

few = settings(max_examples=25, deadline=None)
edits = st.sets(st.sampled_from(EDITS)).map(lambda chosen: changed(*sorted(chosen)))


INCONSISTENT = {
    "CodecUse.gives",
    "Map.entity",
    "Sync.derivations",
    "Map.system",
    "Sync.maps",
    "Type.members",
    "Type.name",
    "Type.length",
    "Type.precision",
}
"""What stands in several places of a model, so that one of them altered alone is no spec."""


def well_formed(cls: type, name: str, value: object) -> bool:
    """Whether the sample has such a value there."""
    return any(type(getattr(part, name)) is type(value) for part in coverage.PARTS if type(part) is cls)


def passes(old: Spec, new: Spec) -> bool:
    return all(one.safe for one in differences(stamp(old).aspects, stamp(new)))


def safe(old: Spec, new: Spec) -> bool:
    return all(impact(change) is Impact.SAFE for change in compare(old, new))


@pytest.mark.parametrize("one", CASES, ids=[f"{each.expected[0][1]}-{at}" for at, each in enumerate(CASES)])
def test_the_stamp_judges_each_change_as_diff_does(one: Case) -> None:
    before = changed(*one.before)
    old, new = model(before), model(changed(*one.edits, text=before))
    assert passes(old, new) == safe(old, new), differences(stamp(old).aspects, stamp(new))
    assert passes(new, old) == safe(new, old), differences(stamp(new).aspects, stamp(old))


@few
@given(edits, edits)
def test_the_stamp_judges_several_changes_as_diff_does(before: str, after: str) -> None:
    old, new = model(before), model(after)
    assert passes(old, new) == safe(old, new)


@pytest.mark.parametrize(
    ("cls", "name"),
    [one for one in coverage.FIELDS if f"{coverage.named(one[0])}.{one[1]}" not in INCONSISTENT],
    ids=lambda one: one if isinstance(one, str) else coverage.named(one),
)
def test_whatever_in_the_model_is_altered_the_stamp_and_diff_agree(cls: type, name: str) -> None:
    for part in [part for part in coverage.PARTS if type(part) is cls][:2]:
        value = getattr(part, name)
        for other in coverage.others(cls, name, value):
            if type(other) is not type(value) and not well_formed(cls, name, other):
                continue
            try:
                with coverage.altered(part, name, other):
                    expected = safe(coverage.OLD, coverage.NEW)
                    found = differences(stamp(coverage.OLD).aspects, stamp(coverage.NEW))
            except (TypeError, AttributeError, LookupError, ValueError, RecursionError):
                continue  # no well-formed model
            assert all(one.safe for one in found) == expected, (part, other, found, compare(coverage.OLD, coverage.NEW))


def test_the_name_of_an_enum_is_no_matter() -> None:
    other = BASE.replace("Stage", "Phase")
    assert all(one.safe for one in differences(stamp(model(BASE)).aspects, stamp(model(other))))
    assert safe(model(BASE), model(other))


def test_a_stamp_has_nothing_of_layout_order_and_documentation() -> None:
    moved = BASE.replace("## What is kept in step.", "## Else.\n\n# a remark").replace("  name  ", "    name   ")
    assert stamp(model(BASE)) == stamp(model(moved, "elsewhere.sync"))


def test_a_renaming_is_found_until_it_is_carried_out() -> None:
    text = changed(
        (
            "entity Visitor {\n  mail : text(80)\n  match mail",
            "entity Guest renamed from Visitor {\n  post : text(80) renamed from mail\n  match post",
        )
    )
    old, new = stamp(model(BASE)), stamp(model(text))
    assert renames_of(old.aspects, new) == {"Visitor": "Guest", "Visitor.mail": "Guest.post"}
    assert {(one.subject, one.old, one.new) for one in differences(old.aspects, new)} == {
        ("entity `Guest`", "Visitor", "Guest"),
        ("field `Guest.post`", "Visitor.mail", "Guest.post"),
    }
    assert differences(new.aspects, new) == ()


def test_a_renaming_does_not_hide_what_else_changed() -> None:
    text = changed(("  mail : text(80)\n  match mail", "  post : text(40) renamed from mail\n  match post"))
    found = differences(stamp(model(BASE)).aspects, stamp(model(text)))
    assert [(one.subject, one.aspect, one.old, one.new) for one in found if not one.safe] == [
        ("field `Visitor.post`", "", "Visitor.mail", "Visitor.post"),
        ("field `Visitor.post`", "length", "80", "40"),
    ]


def test_a_stamp_without_a_name_that_was_renamed_twice_is_of_another_spec() -> None:
    stored = stamp(model(changed(("mail : text(80)\n  match mail", "first : text(80)\n  match first")))).aspects
    new = replace(stamp(model(BASE)), renamed={"Visitor.mail": "second"})
    assert isinstance(new, Stamp)
    assert renames_of(stored, new) == {}
    assert not all(one.safe for one in differences(stored, new))
