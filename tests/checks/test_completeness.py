"""What the check calls decided, the runtime decides: whatever order the sync names its systems in, the outcome is the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.pages import PRELUDE, sample
from syncline.examples.loading import load_package
from syncline.pipeline import Checked, check_spec, generate
from syncline_runtime.deciding import decide, prepare
from syncline_runtime.declaration import Package
from syncline_runtime.records import ActionKind, Link, Member, MemberState

SYSTEMS = ("crm", "erp", "shop")
ORDERS = (SYSTEMS, SYSTEMS[::-1], ("erp", "crm", "shop"))
START = datetime(2026, 1, 1, tzinfo=UTC)

RULES = st.one_of(
    st.permutations(SYSTEMS).flatmap(
        lambda order: st.integers(1, 3).map(lambda count: "prefers " + " then ".join(order[:count]))
    ),
    st.sampled_from([f"owned by {system}" for system in SYSTEMS]),
    st.sampled_from([f"newest else {system}" for system in SYSTEMS]),
    st.sampled_from(["ask", "max", "min"]),
)
DELETES = st.sampled_from(
    ["never", "archive", "archive unless edited", "unlink", "recreate", "hold", "unlink unless edited"]
)


def spec_of(rule: str, arrows: tuple[str, str, str], deletes: tuple[str, ...], creates: tuple[bool, ...]) -> Checked:
    maps = "".join(
        f"map Customer to {system}.contacts {{ email <-> email, score {arrow} rating }}\n"
        for system, arrow in zip(SYSTEMS, arrows, strict=True)
    )
    clauses = "".join(f"  delete in {system} {policy}\n" for system, policy in zip(SYSTEMS, deletes, strict=True))
    clauses += "".join(
        f"  create in {system} never\n" for system, made in zip(SYSTEMS, creates, strict=True) if not made
    )
    text = f"""{PRELUDE}
entity Customer {{ email : email, score : integer?, match email }}
{maps}sync Customer across crm, erp, shop {{
{clauses}  empty propagates
  truth {{ email prefers crm then erp then shop, otherwise {rule} }}
}}
"""
    return check_spec("example.sync", text.encode(), {"sample.sync": sample().encode()}.get)


def errors(checked: Checked) -> list[Diagnostic]:
    return [one for one in checked.diagnostics if one.severity.value == "error"]


BASE = {"email": "a@b.no", "score": 9}
STATES = ("no record", "gone", 9, 1, 2)
"""What may be known of a record: what it shows now, where 9 is what was agreed."""


def every_link() -> Iterator[Link]:
    """Each pattern of records that met first, stayed, changed or were deleted; edits are further apart than any skew."""
    for first in (False, True):
        for pattern in product(STATES, repeat=len(SYSTEMS)):
            if (first and "gone" in pattern) or not any(isinstance(state, int) for state in pattern):
                continue
            members = {
                system: member(system, state, first, START + timedelta(minutes=index))
                for index, (system, state) in enumerate(zip(SYSTEMS, pattern, strict=True))
                if state != "no record"
            }
            yield Link(link_id=1, entity="Customer", values={} if first else BASE, members=members, fresh=first)


def member(system: str, state: str | int, first: bool, changed: datetime) -> Member:
    if state == "gone":
        return Member(system=system, remote_id=system, state=MemberState.GONE, shadow=BASE)
    seen = {**BASE, "score": state}
    if first:
        return Member(system=system, remote_id=system, shadow=seen, seen=seen, updated_at=changed, first_merge=True)
    return Member(system=system, remote_id=system, shadow=BASE, seen=None if seen == BASE else seen, updated_at=changed)


LINKS = tuple(every_link())


def outcome(package: Package, order: tuple[str, ...], link: Link) -> tuple[object, ...]:
    """What a decision comes to, in words that say nothing of the order of systems."""
    (sync,) = package.syncs
    sync = replace(sync, systems=order)
    maps = {field_map.system: field_map for field_map in package.mappings}
    decision = decide(prepare(sync, package.entities["Customer"], maps), link)
    conflicts = {(one.field, frozenset(one.candidates.items())) for one in decision.conflicts if one.field}
    actions = {
        (one.kind, one.system, tuple(sorted(one.fields.items(), key=str)))
        for one in decision.actions
        if one.kind is not ActionKind.HOLD
    }
    held = any(one.kind is ActionKind.HOLD for one in decision.actions)
    return dict(decision.link.values), decision.link.status, conflicts, actions, held


def depends_on_order(package: Package, rule: str) -> Link | None:
    """A link whose outcome follows from the order in which the sync names its systems."""
    for link in LINKS:
        named = rule.rpartition(" ")[2]
        if link.fresh and rule.startswith(("newest", "owned")) and named not in link.members:
            continue  # records that first meet without the named system: the order of systems decides, as the page says
        (sync,) = package.syncs
        if not link.fresh and any(
            system not in link.members and (system not in sync.creates or sync.creates[system].allowed)
            for system in SYSTEMS
        ):
            continue  # a record that is still to be created: as long as it is not there, its system cannot own anything
        found = [outcome(package, order, link) for order in ORDERS]
        if any(other != found[0] for other in found):
            return link
    return None


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    RULES,
    st.tuples(*[st.sampled_from(("<->", "<->", "->", "<-"))] * 3),
    st.tuples(*[DELETES] * 3),
    st.tuples(*[st.sampled_from((True, True, False))] * 3),
)
def test_a_policy_that_passes_never_leaves_a_decision_to_the_order_of_systems(
    rule: str, arrows: tuple[str, str, str], deletes: tuple[str, ...], creates: tuple[bool, ...]
) -> None:
    checked = spec_of(rule, arrows, deletes, creates)
    if checked.model is not None and not errors(checked):
        assert depends_on_order(load_package(generate(checked.model)), rule) is None


@pytest.mark.parametrize(
    ("rule", "deletes", "creates"),
    [
        ("prefers crm", ("hold",) * 3, (True,) * 3),
        ("owned by crm", ("hold",) * 3, (False, True, True)),
        ("owned by crm", ("hold", "never", "never"), (True,) * 3),
        ("owned by crm", ("never", "never", "recreate"), (True,) * 3),
    ],
)
def test_what_is_refused_as_incomplete_has_a_witness(
    rule: str, deletes: tuple[str, ...], creates: tuple[bool, ...]
) -> None:
    checked = spec_of(rule, ("<->",) * 3, deletes, creates)
    assert {one.code for one in errors(checked)} == {"truth.incomplete"}
    assert checked.model is not None
    assert depends_on_order(load_package(generate(checked.model)), rule) is not None


def codes(rule: str, **given: tuple[object, ...]) -> set[str]:
    whole = {"arrows": ("<->",) * 3, "deletes": ("hold",) * 3, "creates": (True,) * 3, **given}
    return {one.code for one in errors(spec_of(rule, **whole))}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "given_", "expected"),
    [
        ("prefers crm", {}, {"truth.incomplete"}),
        ("prefers crm then erp", {}, set()),
        ("prefers crm", {"arrows": ("<->", "<->", "->")}, set()),
        ("owned by crm", {}, set()),
        ("owned by crm", {"creates": (False, True, True)}, {"truth.incomplete"}),
        ("owned by crm", {"creates": (False, True, True), "arrows": ("<->", "<->", "->")}, set()),
        ("owned by crm", {"deletes": ("hold", "never", "never")}, {"truth.incomplete"}),
        ("owned by crm", {"deletes": ("never", "never", "recreate")}, {"truth.incomplete"}),
        ("owned by crm", {"arrows": ("->", "<->", "<->")}, {"truth.incomplete"}),
        ("newest else crm", {"arrows": ("->", "<->", "<->")}, {"truth.incomplete"}),
        ("ask", {}, set()),
        ("ask", {"deletes": ("recreate", "archive", "hold")}, {"delete.contradiction"}),
        ("ask", {"deletes": ("recreate", "recreate", "recreate")}, set()),
        ("ask", {"deletes": ("recreate", "never", "never"), "creates": (True, False, True)}, {"delete.contradiction"}),
    ],
)
def test_gaps_and_contradictions(rule: str, given_: dict[str, tuple[object, ...]], expected: set[str]) -> None:
    assert codes(rule, **given_) == expected
