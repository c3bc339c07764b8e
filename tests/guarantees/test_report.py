"""The guarantee report: what it says of a connector, and that the runtime really does it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from syncline.cli import main
from syncline.cli.files import loader
from syncline.guarantees.guarantee import Guarantee, Topic
from syncline.guarantees.reporting import report
from syncline.model.spec import Spec
from syncline.pipeline import check_spec
from syncline_runtime.simulation.sandbox import Sandbox
from syncline_runtime.state import SqliteStore
from tests.guarantees.installation import Installation, installed

SPEC = """## What the variants below are about.
spec kept version 1

connector source over rest {{
  setting url : url
  base "{{url}}"
  resource people {{
    id      : integer  identity
    changed : instant  version precision 1 ms
    email   : email
    name    : text(80)
    list GET "/people" {{ items "people", since "changed>={{since}}" inclusive, filter "where"{source_list} }}
    {source_read}
  }}
}}
connector target over rest {{
  setting url : url
  base "{{url}}"
  resource people {{
    id      : integer  identity
    changed : instant  version precision 1 ms
    email   : email {unique}
    name    : text(80)
    list GET "/people" {{ items "people", since "changed>={{since}}" inclusive, filter "where"{list} }}
    {read}
    create POST "/people" {{ returns {made}{create} }}
    update PATCH "/people/{{id}}" {{ returns {returns}{update} }}
    delete DELETE "/people/{{id}}"
    {more}
  }}
}}
system crm = source {{ url: env("CRM_URL") }}
system desk = target {{ url: env("DESK_URL") }}
entity Person {{ email: email?, name: text(80), match email }}
map Person to crm.people {{ email <- email, name <- name }}
map Person to desk.people {{ email -> email, name -> name }}
sync Person from crm to desk {{
  delete in desk propagate
  guard delete over 100 and 90%
  run every 5 minutes
}}
"""

READ = 'read GET "/people/{id}" { returns record }'
READ_MANY = 'read POST "/people/read" { many 20, returns record, answer "people", body { ids: ids } }'
BATCH = """, batch POST "/batch" {
      many 10
      atomic
      body { requests: records }
      each { method: "PATCH", url: "/people/{id}", body: values }
      item "body"
      returns record
    }"""
PLAIN = {
    "source_list": "", "source_read": READ, "unique": "", "list": "", "read": READ, "create": "", "update": "", "returns": "record",
    "made": "record", "more": "",
}  # fmt: skip


def text(**parts: str) -> str:
    return SPEC.format(**{**PLAIN, **parts})


def model(spec: str, *, sound: bool = True) -> Spec:
    checked = check_spec("kept.sync", spec.encode(), loader("kept.sync"))
    assert checked.sound is sound, checked.diagnostics
    assert checked.model is not None
    return checked.model


def said(spec: str, topic: Topic, system: str = "desk", *, sound: bool = True) -> list[Guarantee]:
    (sync,) = report(model(spec, sound=sound)).syncs
    (side,) = [side for side in sync.sides if side.system == system]
    return [one for one in side.guarantees if one.topic is topic]


def verdicts(spec: str, topic: Topic, system: str = "desk", *, sound: bool = True) -> list[str]:
    return [one.verdict for one in said(spec, topic, system, sound=sound)]


# -- what it says ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "topic", "expected"),
    [
        ({}, Topic.DUPLICATES, ["looked-up", "at-most-once"]),
        ({"unique": "unique"}, Topic.DUPLICATES, ["refused-by-system", "at-most-once"]),
        ({"create": ', idempotency "Key"'}, Topic.DUPLICATES, ["idempotency-key", "looked-up", "at-most-once"]),
        (
            {"create": ', many 20, idempotency "Key"'},
            Topic.DUPLICATES,
            ["idempotency-key-unused", "looked-up", "at-most-once"],
        ),
        ({"list": ", partial", "unique": "unique"}, Topic.DUPLICATES, ["refused-by-system", "at-most-once"]),
        ({}, Topic.LOST_UPDATES, ["guarded", "guarded"]),
        ({"more": "lock etag"}, Topic.LOST_UPDATES, ["locked", "locked"]),
        ({"more": "lock etag", "update": BATCH}, Topic.LOST_UPDATES, ["guarded", "locked"]),
        ({"more": "lock etag", "read": READ_MANY}, Topic.LOST_UPDATES, ["guarded", "guarded"]),
        ({"more": "lock version"}, Topic.LOST_UPDATES, ["guarded", "guarded"]),
        ({"read": "", "more": "lock etag"}, Topic.LOST_UPDATES, ["until-listed", "until-listed"]),
        ({"read": ""}, Topic.UNKNOWN_OUTCOMES, ["listed-again"]),
        ({}, Topic.UNKNOWN_OUTCOMES, ["read-again"]),
        ({"made": "id"}, Topic.UNKNOWN_OUTCOMES, ["read-again"]),
        ({"made": "nothing"}, Topic.UNKNOWN_OUTCOMES, ["create-unnamed", "read-again"]),
        ({}, Topic.ECHO, ["by-stored-value"]),
        ({"returns": "nothing"}, Topic.ECHO, ["by-sent-value"]),
        ({"returns": "nothing", "read": READ_MANY}, Topic.ECHO, ["by-stored-value"]),
    ],
)
def test_what_follows_from_the_declarations(parts: dict[str, str], topic: Topic, expected: list[str]) -> None:
    assert verdicts(text(**parts), topic) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, ["by-absence-confirmed"]),
        ({"source_read": ""}, ["absence-not-confirmed", "not-noticed"]),
        ({"source_read": "archive name null"}, ["by-flag", "absence-not-confirmed"]),
        (
            {"source_read": f"{READ}\n    archive name null", "source_list": ", partial"},
            ["by-flag", "absence-says-nothing"],
        ),
    ],
)
def test_how_deletions_are_noticed(parts: dict[str, str], expected: list[str]) -> None:
    assert verdicts(text(**parts), Topic.DELETIONS, "crm") == [*expected, "deleted-elsewhere-never"]


def test_a_listing_without_the_order_of_changes_begins_again() -> None:
    assert verdicts(text(), Topic.RESUMING) == ["resumes-by-listing"]
    ordered = ', page number(page, size, max: 10), sort "changed"'
    assert verdicts(text(list=ordered), Topic.RESUMING) == ["resumes"]


def test_a_partial_listing_is_refused_where_a_create_would_be_looked_for_in_it() -> None:
    spec = text(list=", partial")
    assert verdicts(spec, Topic.DUPLICATES, sound=False)[0] == "possible"
    found = check_spec("kept.sync", spec.encode(), loader("kept.sync")).diagnostics
    assert [diagnostic.code for diagnostic in found] == ["create.may-duplicate"]


def test_each_statement_names_the_line_it_follows_from() -> None:
    spec = text(unique="unique", more="lock etag")
    lines = spec.splitlines()
    for topic, part in ((Topic.DUPLICATES, "email"), (Topic.LOST_UPDATES, "lock")):
        first = said(spec, topic)[0].because[0]
        assert part in lines[first.line - 1]
        assert first.line > lines.index("connector target over rest {")
    (sync,) = report(model(spec)).syncs
    for one in (*sync.guarantees, *(one for side in sync.sides for one in side.guarantees)):
        assert one.because or one.verdict in ("one-state", "no-automation"), one


# -- and that it is so -------------------------------------------------------------------------------------------------


@contextmanager
def running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, spec: str = "", **parts: str
) -> Iterator[Installation]:
    path = tmp_path / "kept.sync"
    path.write_text(spec or text(**parts), encoding="utf-8")
    with installed(path, tmp_path, monkeypatch, "kept", {}) as made:
        for number in range(count):
            made.systems["crm"].add("people", {"email": f"ana{number}@example.com", "name": f"Ana {number}"})
        yield made


Answer = tuple[int, Any]


def spied(sandbox: Sandbox, change: Callable[[str, str, Any, Answer], Answer]) -> None:
    """Let `change` see verb, path and headers of each request with its answer, and answer otherwise."""
    answer = sandbox.answer

    def spy(verb: str, target: str, headers: Any, body: bytes) -> Answer:
        return change(verb, target, headers, answer(verb, target, headers, body))

    monkey: Any = sandbox
    monkey.answer = spy


@pytest.mark.parametrize(
    "parts", [{}, {"more": "lock etag"}, {"more": "lock etag", "update": BATCH}, {"more": "lock version"}]
)
def test_an_update_carries_a_version_exactly_where_the_report_says_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: dict[str, str]
) -> None:
    with running(tmp_path, monkeypatch, 3, **parts) as made:
        assert made.holds("--apply-first", crm=True, desk=True) == {}
        seen: list[bool] = []

        def note(verb: str, target: str, headers: Any, answer: Answer) -> Answer:
            if verb == "PATCH" or target == "/batch":
                seen.append("if-match" in headers)
            return answer

        spied(made.systems["desk"], note)
        for identity in list(made.systems["crm"].records["people"]):
            made.systems["crm"].edit("people", identity, {"name": "Bo"})
        made.holds("--approve", "update")
        assert made.did["desk"].updated == 3
        assert seen
        locked = verdicts(text(**parts), Topic.LOST_UPDATES)[0] == "locked"
        assert set(seen) == {locked}


def test_an_edit_before_the_guard_read_is_seen_and_one_after_it_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, monkeypatch, 2) as made:
        assert made.holds("--apply-first", crm=True, desk=True) == {}
        crm, desk = made.systems["crm"], made.systems["desk"]
        early, late = desk.records["people"]
        written: list[str] = []

        def edit(verb: str, target: str, headers: Any, answer: Answer) -> Answer:
            if verb == "GET" and target.partition("?")[0] == "/people":
                if not written:
                    desk.edit("people", early, {"name": "early"})
            elif verb == "GET" and target == f"/people/{late}" and not written:
                desk.edit("people", late, {"name": "late"})
            elif verb == "PATCH":
                written.append(target)
            return answer

        spied(desk, edit)
        for identity in list(crm.records["people"]):
            crm.edit("people", identity, {"name": "Bo"})
        made.holds("--approve", "update")
        assert written[0] == f"/people/{late}", "the one edited before its guard read is decided again first"
        with SqliteStore(made.state, "kept", create=False) as store:
            overwritten = [row[4] for row in store.review.journal_entries("overwritten")]
        assert '"late"' not in map(str, overwritten), "nobody saw it"


def test_how_long_a_key_of_creates_lasts_is_said() -> None:
    (key, *_) = said(text(create=', idempotency "Key" 24 hours'), Topic.DUPLICATES, "desk")
    assert "in later ones for 24 hours" in key.statement
    (key, *_) = said(text(create=', idempotency "Key"'), Topic.DUPLICATES, "desk")
    assert key.statement.startswith("within a run, a create")


@pytest.mark.parametrize("parts", [{}, {"create": ', idempotency "Key"'}, {"list": ", partial", "unique": "unique"}])
def test_a_create_that_landed_without_an_answer_makes_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: dict[str, str]
) -> None:
    with running(tmp_path, monkeypatch, 1, **parts) as made:
        desk = made.systems["desk"]
        keys: list[str] = []

        def lose(verb: str, target: str, headers: Any, answer: Answer) -> Answer:
            if verb == "POST" and target == "/people":
                keys.append(headers.get("key", ""))
                if len(keys) == 1:
                    return 504, {"message": "the gateway gave up"}
                if keys[-1] == keys[0] != "" or "unique" in parts:
                    made_twice = max(desk.records["people"], key=int)
                    del desk.records["people"][made_twice]
                    return (200, {"id": 1}) if "unique" not in parts else (409, {"message": "not unique"})
            if verb == "GET" and "partial" in parts.get("list", ""):
                return 200, {"people": []}
            return answer

        spied(desk, lose)
        made.holds("--apply-first", "--settle", "0", crm=True, desk=True)
        made.holds("--settle", "0")
        made.holds("--settle", "0")
        assert len(desk.records["people"]) == 1
        assert bool(keys[0]) is ("idempotency" in parts.get("create", ""))


def test_creates_whose_answers_name_no_record_are_found_by_their_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, monkeypatch, 2, made="nothing") as made:
        spied(made.systems["desk"], lambda verb, target, headers, answer: (200, {}) if verb == "POST" else answer)
        made.holds("--apply-first")
        assert made.did["desk"].created == 0
        made.holds()
        made.holds()
        assert len(made.systems["desk"].records["people"]) == 2


def test_with_unknown_hold_a_partial_listing_makes_no_second_record() -> None:
    spec = text(list=", partial").replace("  guard delete", "  unknown hold\n  guard delete")
    assert verdicts(spec, Topic.DUPLICATES) == ["held", "at-most-once"]


def test_a_create_without_a_key_is_sent_once_and_waits_for_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = (
        text()
        .replace("    email   : email\n", "    email   : email\n    vat     : text(20)\n")
        .replace("match email", "vat: text(20)?, match vat then email")
        .replace("crm.people { email <- email", "crm.people { vat <- vat, email <- email")
    )
    assert verdicts(spec, Topic.DUPLICATES) == ["looked-up", "at-most-once"]
    with running(tmp_path, monkeypatch, 0, spec) as made:
        made.systems["crm"].add("people", {"email": None, "vat": "NO1", "name": "Ana"})
        sent: list[str] = []

        def lose(verb: str, target: str, headers: Any, answer: Answer) -> Answer:
            if verb == "POST" and target == "/people":
                sent.append(target)
                return 504, {"message": "the gateway gave up"}
            return answer

        spied(made.systems["desk"], lose)
        for _ in range(3):
            made.holds("--apply-first", "--settle", "0")
        assert len(sent) == 1


@pytest.mark.parametrize("read", [READ, ""])
def test_an_update_without_an_answer_keeps_no_other_record_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    with running(tmp_path, monkeypatch, 2, read=read) as made:
        made.holds("--apply-first")
        crm, desk = made.systems["crm"], made.systems["desk"]
        sent: list[str] = []

        def lose(verb: str, target: str, headers: Any, answer: Answer) -> Answer:
            if verb == "PATCH":
                sent.append(target)
                return (504, {"message": "the gateway gave up"}) if len(sent) == 1 else answer
            return answer

        spied(desk, lose)
        first, second = crm.records["people"]
        crm.edit("people", first, {"name": "Bo"})
        made.holds("--approve", "update", "--settle", "0")
        crm.edit("people", second, {"name": "Bo"})
        listed = verdicts(text(read=read), Topic.UNKNOWN_OUTCOMES) == ["listed-again"]
        assert listed is not bool(read)
        made.holds("--approve", "update")
        assert len(sent) == 2


@pytest.mark.parametrize("read", [READ, ""])
def test_a_deletion_is_carried_on_exactly_where_the_report_says_it_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    with running(tmp_path, monkeypatch, 5, source_read=read) as made:
        made.holds("--apply-first")
        crm, desk = made.systems["crm"], made.systems["desk"]
        crm.remove("people", next(iter(crm.records["people"])))
        made.holds()
        assert len(desk.records["people"]) == 5, "an incremental run looks for no deletion"
        made.holds("--full")
        noticed = "by-absence-confirmed" in verdicts(text(source_read=read), Topic.DELETIONS, "crm")
        assert noticed is bool(read)
        assert len(desk.records["people"]) == (4 if noticed else 5)


# -- how it is shown ---------------------------------------------------------------------------------------------------


def test_the_command_shows_the_report_as_text_and_joined_to_the_findings(tmp_path: Path) -> None:
    path = tmp_path / "kept.sync"
    path.write_text(text(), encoding="utf-8")
    shown = CliRunner().invoke(main, ["check", "--report", str(path)])
    assert shown.exit_code == 0, shown.output
    for words in (
        "sync Person",
        "in desk (people)",
        "lost updates",
        "n guard reads + n writes",
        "a timer of yours calls `run`",
    ):
        assert words in shown.output
    joined = CliRunner().invoke(main, ["check", "--report", "--output", "json", str(path)])
    document = json.loads(joined.output)
    assert document["diagnostics"] == []
    assert document["guarantees"]["format_version"] == "1.0"
    (found,) = document["guarantees"]["reports"]
    side = found["syncs"][0]["systems"][1]
    assert side["system"] == "desk"
    assert {one["topic"] for one in side["guarantees"]} <= {topic.value for topic in Topic}
    assert found["syncs"][0]["thousand_changes"][0]["calls"] == {"crm": 1, "desk": 2001}


def test_an_unsound_spec_has_findings_and_no_report(tmp_path: Path) -> None:
    path = tmp_path / "kept.sync"
    path.write_text(text(list=", partial"), encoding="utf-8")
    shown = CliRunner().invoke(main, ["check", "--report", str(path)])
    assert shown.exit_code == 1
    assert "create.may-duplicate" in shown.output
    assert "promises" not in shown.output


def test_a_schedule_is_held_against_the_rate_for_a_stated_number_of_changes(tmp_path: Path) -> None:
    path = tmp_path / "kept.sync"
    spec = text().replace("connector target over rest {\n", "connector target over rest {\n  rate 10 per second\n")
    path.write_text(spec, encoding="utf-8")
    (budget,) = report(model(spec)).syncs[0].budgets
    assert budget.calls == 3000
    assert budget.capacity is not None
    for changes, code in ((budget.capacity, 0), (budget.capacity + 1, 1)):
        shown = CliRunner().invoke(main, ["check", "--changes", str(changes), str(path)])
        assert shown.exit_code == code, shown.output
        assert ("cost.exceeds-rate" in shown.output) is bool(code)


def test_the_schedules_of_one_account_are_added_up() -> None:
    """Tools that limit each job by itself put a multiple of the rate on the account."""
    two = (
        text()
        .replace("connector target over rest {\n", "connector target over rest {\n  rate 15 per 10 minutes\n")
        .replace("run every 5 minutes", "run every 1 minute")
        .replace(
            'system desk = target { url: env("DESK_URL") }', 'system desk = target { url: env("DESK_URL") }\n{another}'
        )
    )
    second = """
entity Partner { email: email?, name: text(80), match email }
map Partner to crm.people { email <- email, name <- name }
map Partner to SYSTEM.people { email -> email, name -> name }
sync Partner from crm to SYSTEM { delete in SYSTEM propagate, run every 1 minute }
"""
    cases = (
        ("", "", 0),
        ("", second.replace("SYSTEM", "desk"), 1),
        ('system other = target { url: env("DESK_URL") }', second.replace("SYSTEM", "other"), 1),
        ('system other = target { url: env("OTHER_URL") }', second.replace("SYSTEM", "other"), 0),
    )
    for another, more, count in cases:
        spec = two.replace("{another}", another) + more
        found = check_spec("kept.sync", spec.encode(), loader("kept.sync")).diagnostics
        assert [diagnostic.code for diagnostic in found] == ["cost.exceeds-rate"] * count, (another, found)


def test_archiving_needs_an_update_and_is_refused_without() -> None:
    flagged = text(more="archive name null").replace("delete in desk propagate", "delete in desk archive")
    model(flagged)
    without = re.sub(r"\n    update PATCH [^\n]*\n", "\n", flagged).replace(
        "run every", "update in desk never, run every"
    )
    found = check_spec("kept.sync", without.encode(), loader("kept.sync")).diagnostics
    assert [(diagnostic.code, diagnostic.facts["operation"]) for diagnostic in found] == [
        ("write.not-offered", "update")
    ]
