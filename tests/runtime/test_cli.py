"""The command line of a generated package, over two real SQLite databases."""

import io
import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.cli import execute
from syncline_runtime.declaration import (
    Call,
    Connector,
    Every,
    FromEnvironment,
    Listing,
    NativeField,
    Operation,
    Package,
    Paging,
    Resource,
    System,
    Text,
)
from tests.runtime.executing.conftest import field_map, package

CANARY = "s3cr3t-canary"
SHARED = ("vat", "name", "mail")


def database(path: Path, columns: dict[str, str]) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE customers(id INTEGER PRIMARY KEY, {', '.join(f'{one} TEXT' for one in columns)})")
    connection.commit()
    connection.close()


def rows(path: Path, statement: str) -> list[Any]:
    connection = sqlite3.connect(path)
    found = connection.execute(statement).fetchall()
    connection.commit()
    connection.close()
    return found


def over_sql(name: str, columns: dict[str, str]) -> System:
    call = Call(verb="SQL", target=Text("customers"))
    operation = Operation(call=call, many=500, returns="record")
    return System(
        name=name,
        connector=Connector(name="database", protocol="sql"),
        settings={"url": FromEnvironment(f"{name.upper()}_URL", secret=True)},
        resources={
            "customers": Resource(
                name="customers",
                identity="id",
                location="customers",
                fields={
                    "id": NativeField(name="id", kind="integer"),
                    **{one: NativeField(name=one, kind="text") for one in columns},
                },
                list=Listing(call=call, paging=Paging(style="keyset", size=1000)),
                read=operation,
                create=operation,
                update=operation,
                delete=operation,
            )
        },
    )


class Shell:
    """A working directory with two databases and a package; `do` runs one command."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        self.folder = folder
        self.crm, self.erp = folder / f"{CANARY}-crm.sqlite", folder / f"{CANARY}-erp.sqlite"
        names = {
            "crm": {"vat": "vat", "name": "name", "mail": "mail"},
            "erp": {"vat": "vat_no", "name": "title", "mail": "mail"},
        }
        maps = {}
        for system, columns in names.items():
            whole = field_map(system)
            maps[system] = replace(
                whole,
                flows=tuple(flow for flow in whole.flows if flow.field in SHARED),
                read=reading(columns),
                write=writing(columns),
            )
        spec = package("crm", "erp", **maps)
        self.package: Package = replace(
            spec,
            systems={
                system: over_sql(system, {own: own for own in columns.values()}) for system, columns in names.items()
            },
        )
        database(self.crm, {own: own for own in names["crm"].values()})
        database(self.erp, {own: own for own in names["erp"].values()})
        (folder / ".env").write_text(f"CRM_URL=sqlite:///{self.crm}\nERP_URL='sqlite:///{self.erp}'\n")
        self.out = self.err = ""

    def do(self, *argv: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        code = execute(self.package, argv, stdout=out, stderr=err)
        self.out, self.err = out.getvalue(), err.getvalue()
        assert "Traceback" not in self.err
        assert CANARY not in self.out + self.err
        return code


def reading(columns: dict[str, str]) -> Any:
    return lambda native: {name: native[own] for name, own in columns.items()}


def writing(columns: dict[str, str]) -> Any:
    return lambda values, old: {own: values.get(name) for name, own in columns.items()}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    made = Shell(tmp_path, monkeypatch)
    rows(made.crm, "INSERT INTO customers(vat, name, mail) VALUES ('A1', 'Ana', 'a@x.org'), ('A2', 'Bob', NULL)")
    rows(made.erp, "INSERT INTO customers(vat_no, title) VALUES ('A2', 'Bobby'), ('A3', 'Cem')")
    return made


def test_plan_first_run_run_and_nothing_left(shell: Shell) -> None:
    assert shell.do("plan") == 0
    assert "Customer crm 2 is erp 1: match vat" in shell.out
    assert "name: Bobby → Bob" in shell.out
    assert "[customers.sync:32]" in shell.out
    assert "create in erp" in shell.out
    assert "linked 1 · created 2 (crm 1, erp 1) · updated 1 (erp 1)" in shell.out
    assert rows(shell.erp, "SELECT count(*) FROM customers") == [(2,)]

    assert shell.do("run") == 3
    assert "--apply-first" in shell.err
    assert rows(shell.erp, "SELECT count(*) FROM customers") == [(2,)]

    assert shell.do("run", "--apply-first") == 0
    assert "linked 1 · created 2 (crm 1, erp 1) · updated 1 (erp 1)" in shell.out
    both = [("A1", "Ana", "a@x.org"), ("A2", "Bob", None), ("A3", "Cem", None)]
    assert rows(shell.crm, "SELECT vat, name, mail FROM customers ORDER BY 1") == both
    assert rows(shell.erp, "SELECT vat_no, title, mail FROM customers ORDER BY 1") == both

    assert shell.do("run") == 0
    assert "created 0 · updated 0 · deleted 0" in shell.out
    assert shell.do("status") == 0
    assert "in step" in shell.out


def test_json_documents_are_versioned(shell: Shell) -> None:
    assert shell.do("plan", "--json") == 0
    plan = json.loads(shell.out)
    assert (plan["format_version"], plan["kind"]) == (1, "plan")
    creates = [action for one in plan["records"] for action in one.get("actions", ()) if action["kind"] == "create"]
    assert {action["system"] for action in creates} == {"crm", "erp"}
    assert plan["totals"][0]["planned"] == {"crm": {"create": 1}, "erp": {"create": 1, "update": 1}}
    assert shell.do("run", "--json", "--apply-first") == 0
    run = json.loads(shell.out)
    assert (run["status"], run["syncs"][0]["created"]) == ("in step", 2)
    assert shell.do("status", "--json") == 0
    status = json.loads(shell.out)
    assert status["counts"]["Customer"]["links"] == 3


def test_what_waits_for_a_person_is_listed(shell: Shell) -> None:
    rows(shell.crm, "INSERT INTO customers(vat, name) VALUES ('A9', 'one'), ('A9', 'two')")
    assert shell.do("run", "--apply-first") == 1
    assert "self-duplicate" in shell.out
    assert shell.do("status") == 1
    assert "self-duplicate" in shell.out


def test_a_missing_setting_is_one_line(shell: Shell) -> None:
    (shell.folder / ".env").unlink()
    assert shell.do("run") == 2
    assert shell.err.count("\n") == 2
    assert "setting url" in shell.err
    assert "CRM_URL" in shell.err


def test_an_unreachable_system_is_one_line(shell: Shell) -> None:
    (shell.folder / ".env").write_text(
        f"CRM_URL=sqlite:///{shell.crm}\nERP_URL=sqlite:///{shell.folder}/{CANARY}/none/x.sqlite\n"
    )
    assert shell.do("run", "--apply-first") == 2
    assert shell.err.count("\n") == 1
    assert shell.err.startswith("customers: erp: ")


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"not a database at all, but long enough to look at" * 40, "cannot be read"), (None, "no state file")],
)
def test_a_state_file_of_others_is_refused(shell: Shell, content: bytes | None, word: str) -> None:
    state = shell.folder / "other.db"
    if content is None:
        connection = sqlite3.connect(state)
        connection.execute("CREATE TABLE theirs(a)")
        connection.commit()
        connection.close()
    else:
        state.write_bytes(content)
    before = state.read_bytes()
    assert shell.do("run", "--apply-first", "--state", str(state)) == 7
    assert shell.err.count("\n") == 1
    assert word in shell.err
    assert state.read_bytes() == before


def test_status_needs_a_state_file(shell: Shell) -> None:
    assert shell.do("status") == 2
    assert "no state file" in shell.err
    assert not (shell.folder / "customers.db").exists()


def test_an_env_file_that_is_named_must_exist(shell: Shell) -> None:
    assert shell.do("plan", "--env", "elsewhere.env") == 2
    assert "elsewhere.env" in shell.err
    (shell.folder / "elsewhere.env").write_text("ERP_URL=sqlite:///erp.sqlite\n")
    assert shell.do("plan", "--env", "elsewhere.env") == 2
    assert "or put CRM_URL=… into the file elsewhere.env" in shell.err


def test_a_guard_is_released_on_request(shell: Shell) -> None:
    many = ", ".join(f"('B{number}', 'name {number}')" for number in range(40))
    rows(shell.crm, f"INSERT INTO customers(vat, name) VALUES {many}")
    assert shell.do("run", "--apply-first") == 0
    rows(shell.crm, "UPDATE customers SET name = name || '!'")
    assert shell.do("run") == 1
    assert "--approve update" in shell.out
    assert rows(shell.erp, "SELECT count(*) FROM customers WHERE title LIKE '%!'") == [(0,)]
    assert shell.do("run", "--approve", "update") == 0
    assert rows(shell.erp, "SELECT count(*) FROM customers WHERE title LIKE '%!'") == [(43,)]


def test_a_saved_plan_is_applied_and_one_that_no_longer_holds_is_not(shell: Shell) -> None:
    assert shell.do("plan", "-o", "reviewed.plan") == 0
    file = shell.folder / "reviewed.plan"
    assert file.stat().st_mode & 0o077 == 0
    assert CANARY not in file.read_text()
    rows(shell.crm, "UPDATE customers SET name = 'Bert' WHERE vat = 'A2'")
    assert shell.do("apply", "reviewed.plan") == 4
    assert "crm 2 name: Bob → Bert" in shell.out
    assert "plan -o FILE" in shell.err
    assert rows(shell.erp, "SELECT count(*) FROM customers") == [(2,)]
    assert shell.do("apply", "reviewed.plan", "--json") == 4
    document = json.loads(shell.out)
    assert (document["status"], document["run"]) == ("changed", None)
    assert {"system": "crm", "id": "2", "field": "name", "before": "Bob", "after": "Bert"}.items() <= document[
        "changed"
    ][0].items()

    assert shell.do("plan", "-o", "reviewed.plan") == 0
    assert shell.do("apply", "reviewed.plan") == 0
    assert "created 2 (crm 1, erp 1) · updated 1 (erp 1)" in shell.out
    assert shell.do("run") == 0
    assert "created 0 · updated 0" in shell.out


def test_a_plan_file_that_is_none_is_one_line(shell: Shell) -> None:
    (shell.folder / "no.plan").write_text("nothing")
    for name in ("no.plan", "not-there.plan"):
        assert shell.do("apply", name) == 2
        assert shell.err.count("\n") == 1
        assert name in shell.err


def test_status_tells_what_is_due(shell: Shell) -> None:
    [sync] = shell.package.syncs
    shell.package = replace(shell.package, syncs=(replace(sync, triggers=(Every(seconds=3600),)),))
    assert shell.do("run", "--apply-first") == 0
    before = time.time()
    assert shell.do("status", "--json") == 0
    assert before + 3000 < json.loads(shell.out)["due"]["Customer"]["its schedule"] < before + 3700
    assert shell.do("status") == 0
    assert "its schedule is due for a run from" in shell.out


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_log_tells_events_and_neither_secrets_nor_values(shell: Shell, form: str) -> None:
    person = "Personal-canary"
    rows(
        shell.crm, f"INSERT INTO customers(vat, name) VALUES ('A7', '{person}'), ('A8', '{person}'), ('A8', '{person}')"
    )
    rows(shell.erp, f"CREATE TRIGGER t BEFORE INSERT ON customers BEGIN SELECT RAISE(ABORT, 'no {person}'); END")
    told = []
    shell.do("plan", "-o", "reviewed.plan", "--log-format", form)
    told += shell.err.splitlines()
    shell.do("apply", "reviewed.plan", "--log-format", form)
    told += shell.err.splitlines()
    rows(shell.crm, f"UPDATE customers SET name = '{person} again' WHERE vat = 'A2'")
    shell.do("run", "--log-format", form)
    told += shell.err.splitlines()
    (shell.folder / ".env").write_text(
        f"CRM_URL=sqlite:///{shell.folder}/{CANARY}/none\nERP_URL=sqlite:///{shell.erp}\n"
    )
    shell.do("run", "--log-format", form)
    told += shell.err.splitlines()
    assert told
    for line in told:
        assert person not in line
        assert CANARY not in line
        if form == "json":
            event = json.loads(line)
            assert {"at", "run", "event"} <= event.keys()
        else:
            assert re.match(r"at=\S+ run=\d+ event=\w+", line)
    events = {json.loads(line)["event"] if form == "json" else line.split()[2][6:] for line in told}
    assert {"begin", "phase", "planned", "agreed", "placed", "refused", "done", "failed", "end", "problem"} <= events


def test_why_tells_which_run_rule_system_and_line_made_a_value(shell: Shell) -> None:
    assert shell.do("run", "--apply-first") == 0
    rows(shell.crm, "UPDATE customers SET name = 'Bert' WHERE vat = 'A2'")
    assert shell.do("run") == 0
    rows(shell.crm, "UPDATE customers SET name = 'Berta' WHERE vat = 'A2'")
    rows(shell.erp, "UPDATE customers SET title = 'Berti' WHERE vat_no = 'A2'")
    assert shell.do("run") == 0
    for record in ("crm:2", "erp:1", "A2"):
        assert shell.do("why", record, "name") == 0
        told = shell.out.splitlines()
        assert told[0].endswith("crm 2, erp 1")
        assert "name = Berta" in shell.out
        history = [line for line in told if "run " in line]
        agreed = [line for line in history if " lost " not in line]
        assert ["M0" in agreed[0], "F2" in agreed[1], "Bob → Bert" in agreed[1]] == [True] * 3
        assert any("Bert → Berta from crm: F5 name prefers crm then erp" in line for line in history)
        assert any("Berti of erp lost against Berta" in line for line in history)
        assert all(line.endswith("[customers.sync:32]") for line in history)
    assert shell.do("why", "crm:2") == 0
    assert "updated in erp" in shell.out
    assert "was linked by match vat" in shell.out
    assert shell.do("why", "A1") == 0
    assert "created in erp" in shell.out
    assert shell.do("why", "crm:2", "--json") == 0
    [link] = json.loads(shell.out)["links"]
    assert link["fields"]["name"]["agreed"] == "Berta"
    assert {event["run"] for event in link["fields"]["name"]["events"]} == {1, 2, 3}
    assert shell.do("why", "A1", "name") == 0
    assert "as it was shown when the link was made, in run 1" in shell.out
    assert shell.do("why", "nobody") == 2
    assert "no linked record is called nobody" in shell.err
    assert shell.do("why", "A1", "colour") == 2
    assert "has no field colour" in shell.err


def test_a_lost_state_is_rebased_and_nothing_that_was_deleted_comes_back(shell: Shell) -> None:
    assert shell.do("run", "--apply-first") == 0
    (shell.folder / "customers.db").unlink()
    for left in shell.folder.glob("customers.db*"):
        left.unlink()
    rows(shell.crm, "DELETE FROM customers WHERE vat = 'A3'")
    rows(shell.crm, "UPDATE customers SET name = 'Berta' WHERE vat = 'A2'")

    assert shell.do("rebase") in (0, 1)
    assert "1 creates of Customer in crm, of 3 links: after a rebase" in shell.out
    assert rows(shell.erp, "SELECT title FROM customers WHERE vat_no = 'A2'") == [("Bob",)]

    assert shell.do("rebase", "--apply") == 1
    assert "linked 2" in shell.out
    assert rows(shell.erp, "SELECT title FROM customers WHERE vat_no = 'A2'") == [("Berta",)]
    assert rows(shell.crm, "SELECT count(*) FROM customers") == [(2,)]

    assert shell.do("run") == 1
    assert "after a rebase" in shell.out
    assert rows(shell.crm, "SELECT count(*) FROM customers") == [(2,)]
    assert shell.do("review", "approve") == 0
    assert shell.do("run") == 0
    assert rows(shell.crm, "SELECT count(*) FROM customers") == [(3,)]
    rows(shell.crm, "INSERT INTO customers(vat, name) VALUES ('A4', 'Dana')")
    assert shell.do("run") == 0
    assert rows(shell.erp, "SELECT count(*) FROM customers") == [(4,)]


def test_the_state_of_a_package_that_was_renamed_is_adopted(shell: Shell) -> None:
    assert shell.do("run", "--apply-first") == 0
    shell.package = replace(shell.package, name="clients")
    state = ("--state", "customers.db")
    assert shell.do("run", *state) == 7
    assert "`rebase --adopt`" in shell.err
    assert shell.do("rebase", "--adopt", *state) == 0
    assert shell.do("run", *state) == 7
    assert shell.do("rebase", "--adopt", "--apply", *state) == 0
    assert "linked 0 · created 0 · updated 0" in shell.out
    assert shell.do("run", *state) == 0
    assert shell.do("audit", "show", "--action", "rebasing", *state) == 0
    assert "the state of customers" in shell.out


def test_commands_that_change_something_are_in_the_audit_with_who_gave_them(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCLINE_ACTOR", "Kari")
    assert shell.do("plan", "-o", "reviewed.plan") == 0
    assert shell.do("apply", "reviewed.plan") == 0
    assert shell.do("run", "--approve", "update") == 0
    assert shell.do("rebase", "--apply") == 0
    assert shell.do("migrate", "--apply") == 0
    assert shell.do("prune", "--values", "0") == 0
    assert shell.do("export", "--clear", "state.jsonl") == 0
    assert shell.do("import", "state.jsonl", "--state", "other.db") == 0
    assert shell.do("audit", "show", "--json", "--state", "other.db") == 0
    told = [json.loads(line) for line in shell.out.splitlines()]
    actions = {row["action"] for row in told if row["actor"] == "Kari"}
    assert {"applying", "approved", "rebasing", "migrating", "pruned", "exported", "imported"} <= actions
    assert shell.do("audit", "verify", "--state", "other.db") == 0


@pytest.mark.parametrize(("command", "held"), [(("plan",), 2), (("run", "--apply-first"), 3)])
def test_a_reader_that_goes_away_stops_nothing(shell: Shell, command: tuple[str, ...], held: int) -> None:
    with gone() as nobody, open(nobody, "wb", buffering=0, closefd=False) as pipe:
        told = io.TextIOWrapper(pipe, write_through=True)
        assert execute(shell.package, command, stdout=told, stderr=io.StringIO()) == 0
    assert rows(shell.erp, "SELECT count(*) FROM customers") == [(held,)]


@contextmanager
def gone() -> Iterator[int]:
    """A pipe whose reader is gone."""
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    yield writing_end
    os.close(writing_end)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("apply", "not-there.plan"), "plan -o FILE"),
        (("plan", "-o", "nowhere/reviewed.plan"), "name another place with -o"),
        (("plan", "--state", "nowhere/state.db"), "look at the folder nowhere"),
        (("export", "--sealed", "nowhere/state.jsonl"), "name another place"),
        (("import", "not-there.jsonl", "--state", "other.db"), "name a file that `export` wrote"),
    ],
)
def test_a_place_that_is_none_is_told_with_what_to_do(shell: Shell, argv: tuple[str, ...], says: str) -> None:
    assert shell.do("run", "--apply-first") == 0
    assert shell.do(*argv) == 2
    assert shell.err.count("\n") == 1
    assert says in shell.err
    assert "Errno" not in shell.err


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("status", "--state", "."), "is a folder: name a file in it"),
        (("run", "--settle", "-5"), "no number of seconds"),
        (("run", "--settle", "nan"), "no number of seconds"),
        (("prune", "--values", "x"), "no whole number"),
    ],
)
def test_an_argument_that_is_none_is_refused_before_anything_is_done(
    shell: Shell, capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        shell.do(*argv)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err
