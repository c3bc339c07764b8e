"""Syncs: who takes part, what each clause says, and in whose words a truth rule is told."""

from collections.abc import Callable
from typing import Any

import pytest

from syncline_runtime.declaration import OnDelete

Resolve = Callable[..., Any]

MAPPED = """
record Address { street : text?, city : text? }
enum Stage { open, won }
entity E { name : text, code : text?, rank : integer?, address : Address, stage : Stage? }
entity Other { name : text }
map E to a.customers { name <-> name, code <-> code, rank <-> rank, address.street <-> stage, address.city -> born }
map E to b.customers { name <-> name, code <- code, rank <-> rank, address.street <-> stage }
"""


def sync(within: Resolve, clauses: str, head: str = "sync E across a, b") -> Any:
    return within(f"{MAPPED}{head} {{\n{clauses}\n}}")


def test_a_sync_holds_its_systems_maps_and_clauses(within: Resolve) -> None:
    result = sync(
        within,
        """
  create in b when stage is won
  create in a never
  update in a never
  delete in a archive unless edited
  delete in b hold
  empty ignored
  out of scope keep
  merged hold
  unknown hold
  guard delete over 10 and 5%
  guard update over 500
  guard create over 2.5%
  run every 90 seconds
  run full daily at "02:00" in "America/Mexico_City"
""",
    )
    assert result.found == []
    (found,) = result.spec.syncs
    assert [system.name for system in found.systems] == ["a", "b"]
    assert [one.system.name for one in found.maps] == ["a", "b"]
    assert [(rule.system.name, rule.allowed, rule.when is not None) for rule in found.creates] == [
        ("b", True, True),
        ("a", False, False),
    ]
    assert [(rule.system.name, rule.allowed) for rule in found.updates] == [("a", False)]
    assert [(rule.system.name, rule.policy, rule.unless_edited) for rule in found.deletes] == [
        ("a", OnDelete.ARCHIVE, True),
        ("b", OnDelete.HOLD, False),
    ]
    assert (found.empty, found.out_of_scope, found.complete) == ("ignored", "keep", True)
    assert [(guard.operation, guard.count, guard.percent) for guard in found.guards] == [
        ("delete", 10, 5.0),
        ("update", 500, 0.0),
        ("create", 0, 2.5),
    ]
    assert [(one.kind, one.seconds, one.at, one.zone) for one in found.triggers] == [
        ("every", 90, None, None),
        ("daily", None, "02:00", "America/Mexico_City"),
    ]


def test_every_rule_of_truth_is_told_in_the_words_of_the_spec(within: Resolve) -> None:
    result = sync(
        within,
        """
  truth {
    name           owned by b keep
    code           prefers a then b
    rank and stage newest   else b
    address.street python("my.rules:merge")
    otherwise      ask
  }
""",
    )
    assert result.found == []
    (found,) = result.spec.syncs
    told = [(rule.rule, rule.fields, [one.name for one in rule.systems], rule.text) for rule in found.truth]
    assert told == [
        ("owned", ("name",), ["b"], "owned by b keep"),
        ("prefers", ("code",), ["a", "b"], "prefers a then b"),
        ("newest", ("rank", "stage"), ["b"], "newest else b"),
        ("python", ("address.street",), [], 'python("my.rules:merge")'),
    ]
    assert found.truth[0].drift == "keep"
    assert found.truth[3].function == "my.rules:merge"
    assert found.otherwise is not None
    assert (found.otherwise.rule, found.otherwise.fields, found.otherwise.text) == ("ask", (), "ask")
    assert found.rule_for("rank") is found.truth[2]
    assert found.rule_for("born") is found.otherwise


def test_a_rule_for_a_record_decides_its_contested_leaves(within: Resolve) -> None:
    result = sync(within, "truth { address newest else a }")
    assert result.found == []
    assert result.spec.syncs[0].truth[0].fields == ("address.street",)


def test_a_rule_for_a_record_that_nobody_maps_still_names_its_leaves(within: Resolve) -> None:
    result = within("""record Address { street : text? }
entity E { name : text, address : Address }
map E to a.customers { name <-> name }
sync E from a { truth { address ask } }""")
    assert result.spec.syncs[0].truth[0].fields == ("address.street",)


def test_from_to_says_where_records_are_born(within: Resolve) -> None:
    result = sync(within, "delete in b propagate", "sync E from a to b")
    assert result.found == []
    (found,) = result.spec.syncs
    assert [(rule.system.name, rule.allowed, rule.span.text) for rule in found.creates] == [("a", False, "a")]
    assert [(rule.system.name, rule.policy) for rule in found.deletes] == [
        ("b", OnDelete.PROPAGATE),
        ("a", OnDelete.NEVER),
    ]


def test_a_clause_may_repeat_what_from_says_but_not_contradict_it(within: Resolve) -> None:
    same = sync(within, "create in a never\ndelete in a never", "sync E from a to b")
    assert same.found == []
    assert len(same.spec.syncs[0].creates) == 1
    against = sync(within, "create in a when stage is won\ndelete in a archive", "sync E from a to b")
    assert [code for code, _ in against.found] == ["sync.contradiction", "sync.contradiction"]


@pytest.mark.parametrize(
    ("clause", "code", "text"),
    [
        ("create in c never", "sync.unknown-system", "c"),
        ("create in a when stage is wn", "name.unknown-member", "wn"),
        ("create in a when stge is won", "name.unknown-field", "stge"),
        ("create in a archive", "sync.action", "create in a archive"),
        ("create in a", "sync.action", "create in a"),
        ("update in a never unless edited", "sync.action", "update in a never unless edited"),
        ("delete in a", "sync.action", "delete in a"),
        ("delete in a archive when stage is wn", "name.unknown-member", "wn"),
        ("delete in a when stage is won", "sync.action", "delete in a when stage is won"),
        ("create in a never\ncreate in a never", "sync.duplicate-clause", "create in a never"),
        ("empty ignored\nempty propagates", "sync.duplicate-clause", "empty propagates"),
        ("erase keep in a", "erase.no-reason", "erase keep in a"),
        ('erase purge in a\nerase keep in a "law"', "sync.duplicate-clause", 'erase keep in a "law"'),
        ("erase purge in c", "sync.unknown-system", "c"),
        ("guard delete over 1.5", "sync.guard", "1.5"),
        ("guard delete over 200%", "sync.guard", "guard delete over 200%"),
        ("run every 0 minutes", "sync.schedule", "0 minutes"),
        ("run every 1 month", "sync.schedule", "1 month"),
        ("run every 100 ms", "sync.schedule", "100 ms"),
        ('run full daily at "24:00" in "Europe/Madrid"', "sync.schedule", '"24:00"'),
        ('run full daily at "02:00" in "Madrid"', "sync.schedule", '"Madrid"'),
        ('run full daily at "02:00" in "../../etc/passwd"', "sync.schedule", '"../../etc/passwd"'),
        ("run after Other", "sync.after-unsynced", "Other"),
        ("run after Nobody", "name.unknown-entity", "Nobody"),
        ("truth { nmae ask }", "truth.unknown-field", "nmae"),
        ("truth { name owned by c }", "truth.unknown-system", "c"),
        ("truth { name prefers a then a }", "truth.system-twice", "a"),
        ('truth { name python("nowhere") }', "truth.function", '"nowhere"'),
        ("truth { name owned by a when stage is wn }", "name.unknown-member", "wn"),
        ("truth { record owned by a }", "truth.record", "record owned by a"),
        ("truth { record owned by c otherwise }", "truth.unknown-system", "c"),
        ("truth { otherwise ask, otherwise union }", "sync.duplicate-clause", "otherwise union"),
    ],
)
def test_a_faulty_clause_is_reported_once_and_nothing_follows_from_it(
    within: Resolve, clause: str, code: str, text: str
) -> None:
    assert sync(within, clause).found == [(code, text)]


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("sync E across a, c", [("name.unknown-system", "c")]),
        ("sync E across a, a", [("sync.system-twice", "a")]),
        ("sync Nobody across a, b", [("name.unknown-entity", "Nobody")]),
        ("sync Other across a, b", [("sync.no-map", "a"), ("sync.no-map", "b")]),
    ],
)
def test_who_takes_part_must_exist_and_be_mapped(within: Resolve, head: str, found: list[Any]) -> None:
    assert sync(within, "", head).found == found


def test_a_system_that_could_not_be_resolved_is_reported_once(within: Resolve) -> None:
    result = within(f"""{MAPPED}
system c = shp {{}}
map E to c.customers {{ name <-> name }}
sync E across a, c {{
  create in c never
  truth {{ name prefers a then c }}
}}""")
    assert result.found == [("name.unknown-connector", "shp")]
    (found,) = result.spec.syncs
    assert [system.name for system in found.systems] == ["a"]
    assert not found.complete


def test_an_entity_has_one_sync(within: Resolve) -> None:
    result = within(f"{MAPPED}sync E across a, b {{}}\nsync E from a to b {{}}")
    assert result.found == [("sync.duplicate", "E")]
    assert len(result.spec.syncs) == 1


def test_a_sync_may_wait_for_another(within: Resolve) -> None:
    result = within(f"""{MAPPED}map Other to a.customers {{ name <- name }}
sync E across a, b {{ run after Other }}
sync Other from a {{}}""")
    assert result.found == []
    assert result.spec.syncs[0].triggers[0].after == "Other"
    assert [system.name for system in result.spec.syncs[1].systems] == ["a"]


@pytest.mark.parametrize(
    ("clause", "complete"),
    [
        ("delete in a hold", True),
        ("delete in a", False),
        ("truth { name owned by c }", False),
        ("run every 1 month", True),
    ],
)
def test_a_sync_with_a_part_left_out_says_so(within: Resolve, clause: str, complete: bool) -> None:
    assert sync(within, clause).spec.syncs[0].complete is complete


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("run after Other", "run after E", [("sync.after-cycle", "run after E")]),
        ("run after E", "", [("sync.after-cycle", "run after E")]),
        ("run after Other", "run every 1 hour", []),
    ],
)
def test_syncs_do_not_wait_for_one_another(within: Resolve, first: str, second: str, found: list[Any]) -> None:
    result = within(f"""{MAPPED}map Other to a.customers {{ name <- name }}
sync E across a, b {{ {first} }}
sync Other from a {{ {second} }}""")
    assert result.found == found


def test_an_allowance_is_no_finding_of_this_phase(within: Resolve) -> None:
    assert within(f'{MAPPED}allow truth.unneeded "they agreed"\nsync E across a, b {{}}').found == []
