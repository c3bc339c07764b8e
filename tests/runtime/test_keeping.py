"""A state is exported and imported as it was, what is old is let go, and an audit that was tampered with is told."""

import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.cli import execute
from syncline_runtime.state import SqliteStore
from syncline_runtime.state.keys import VARIABLE
from tests.runtime.executing.conftest import World, package

PERSON = "Personal-canary"


@pytest.fixture
async def world(tmp_path: Path) -> World:
    """A link with a history: an edit that lost, a conflict, an answer, a deletion, something in quarantine."""
    world = World(tmp_path / "state.db", package("crm", "erp"))
    ids = [world.twin("crm").put("customers", vat=vat, name=PERSON, note="old") for vat in "123"]
    world.twin("crm").put("customers", name="no key")
    await world.run()
    one, *_ = world.records("erp")
    world.twin("crm").put("customers", ids[0], name="Ana", note="from crm")
    world.twin("erp").put("customers", one, title="Bo", memo="from erp")
    world.twin("crm").drop("customers", ids[2])
    await world.run(full=True)
    assert command(world, "review", "resolve", "--all", "--take", "crm", "--by", "Kari")[0] == 0
    await world.run()
    return world


def command(world: World, *argv: str, state: Path | None = None) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = execute(world.package, [*argv, "--state", str(state or world.path)], stdout=out, stderr=err)
    return code, out.getvalue(), err.getvalue()


def content(world: World, path: Path) -> dict[str, Any]:
    with SqliteStore(path, world.package.name) as store:
        found = store.opened()
    found.pop("lease")
    # An import tells of itself; the rest must be as it was.
    found["audit"] = [row for row in found["audit"] if row["action"] != "imported"]
    found["meta"] = [row for row in found["meta"] if row["key"] != "audit head"]
    return found


def key_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.key")


# -- export, import ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["--sealed", "--clear"])
async def test_what_was_exported_is_imported_as_it_was(world: World, tmp_path: Path, form: str) -> None:
    file, other = tmp_path / "state.jsonl", tmp_path / "elsewhere" / "state.db"
    other.parent.mkdir()
    assert command(world, "export", form, str(file))[0] == 0
    assert file.stat().st_mode & 0o077 == 0
    assert (PERSON in file.read_text()) == (form == "--clear")
    if form == "--sealed":
        key_of(other).write_text(key_of(world.path).read_text())
    assert command(world, "import", str(file), state=other)[2] == ""
    assert content(world, other) == content(world, world.path)
    if form == "--clear":
        assert key_of(other).read_text() != key_of(world.path).read_text()
    assert PERSON.encode() not in other.read_bytes()
    before, world.path = world.path, other
    await world.settled()
    assert command(world, "audit", "verify")[0] == 0
    assert command(world, "why", "1", "name")[1] == command(world, "why", "1", "name", state=before)[1]


async def test_an_import_that_fails_leaves_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "elsewhere" / "state.db"
    other.parent.mkdir()
    whole = {}
    for form in ("--sealed", "--clear"):
        file = tmp_path / f"{form}.jsonl"
        assert command(world, "export", form, str(file))[0] == 0
        whole[form] = file.read_text().splitlines()
    head, *rows, end = whole["--clear"]
    audited = [number for number, row in enumerate(rows) if row.startswith('["audit"')]
    broken = {
        "not whole": [head, *rows],
        "are missing": [head, *rows[:-1], end],
        "no export": ["{}", *rows, end],
        "format 9": [head.replace('"format_version": 1', '"format_version": 9'), *rows, end],
        "schema 1,": [json.dumps({**json.loads(head), "schema": 1}), *rows, end],
        "is of 'others'": [json.dumps({**json.loads(head), "package": "others"}), *rows, end],
        "does not know": [head, '["theirs", {}]', *rows, end],
        "cannot be read": [head, "[", *rows, end],
        "is sealed": whole["--sealed"],
        "audit row": [head, *(row.replace("F9", "F2") if n in audited else row for n, row in enumerate(rows)), end],
    }
    for word, lines in broken.items():
        file = tmp_path / "broken.jsonl"
        file.write_text("\n".join(lines))
        code, out, err = command(world, "import", str(file), state=other)
        assert (code, out) == (2, ""), word
        assert word in err
        assert err.count("\n") == 1
        assert list(other.parent.iterdir()) == []
    monkeypatch.setenv(VARIABLE, "A" * 43)
    file.write_text("\n".join(whole["--sealed"]))
    code, _, err = command(world, "import", str(file), state=other)
    assert code == 7
    assert "does not open with the key" in err
    assert list(other.parent.iterdir()) == []


async def test_neither_overwrites_what_is_there(world: World, tmp_path: Path) -> None:
    file = tmp_path / "state.jsonl"
    assert command(world, "export", "--sealed", str(file))[0] == 0
    assert "there is a state file" in command(world, "import", str(file))[2]
    assert command(world, "export", "--sealed", str(file))[0] == 2


# -- retention ---------------------------------------------------------------------------------------------------------


async def test_what_is_old_is_let_go_and_that_it_happened_stays(world: World) -> None:
    before = content(world, world.path)
    code, out, _ = command(
        world, "prune", "--json", "--values", "0", "--snapshots", "1", "--answers", "0", "--runs", "1"
    )
    assert code == 0
    pruned = json.loads(out)["pruned"]
    assert pruned["values"] > 0
    assert pruned["snapshots"] > 0
    assert pruned["answers"] > 0
    assert pruned["runs"] == len(before["run"]) - 1
    after = content(world, world.path)
    assert len(after["audit"]) == len(before["audit"]) + 1
    assert all(row["before"] is None and row["after"] is None for row in after["audit"])
    assert [row["remote_id"] for row in after["tombstone"]] == [row["remote_id"] for row in before["tombstone"]]
    assert after["link"] == before["link"]
    assert command(world, "audit", "verify")[0] == 0
    assert "F9" in command(world, "why", "1", "note")[1]
    await world.settled()


async def test_what_is_young_is_kept(world: World) -> None:
    before = content(world, world.path)
    code, out, _ = command(
        world, "prune", "--json", "--values", "36500", "--snapshots", "36500", "--answers", "36500", "--runs", "36500"
    )
    assert code == 0
    assert set(json.loads(out)["pruned"].values()) == {0}
    assert content(world, world.path) == before


# -- audit -------------------------------------------------------------------------------------------------------------


def tampered(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


SWAP = (
    "UPDATE audit SET seq = -1 WHERE seq = 3",
    "UPDATE audit SET seq = 3 WHERE seq = 4",
    "UPDATE audit SET seq = 4 WHERE seq = -1",
)


@pytest.mark.parametrize(
    ("statements", "row", "word"),
    [
        (("UPDATE audit SET reason = 'another' WHERE seq = 3",), 3, "altered"),
        (("UPDATE audit SET actor = 'another' WHERE action = 'answered'",), None, "altered"),
        (("UPDATE audit SET line = line + 1 WHERE seq = 3",), 3, "altered"),
        (("DELETE FROM audit WHERE seq = 3",), 3, "removed"),
        (("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",), None, "removed"),
        (("DELETE FROM audit",), 1, "removed"),
        (SWAP, 3, "another's place"),
        (("DELETE FROM meta WHERE key = 'audit head'",), None, "end"),
        (
            (
                "CREATE TABLE t AS SELECT * FROM audit WHERE seq = 2",
                "UPDATE t SET seq = (SELECT max(seq) + 1 FROM audit)",
                "INSERT INTO audit SELECT * FROM t",
                "DROP TABLE t",
            ),
            None,
            "",
        ),
        (("UPDATE audit SET after = before WHERE before IS NOT NULL AND after IS NOT NULL",), None, "exchanged"),
    ],
)
async def test_an_audit_that_was_tampered_with_is_told_with_the_row(
    world: World, statements: tuple[str, ...], row: int | None, word: str
) -> None:
    code, out, err = command(world, "audit", "verify")
    assert (code, err) == (0, "")
    assert "the audit holds" in out
    tampered(world.path, *statements)
    code, _, err = command(world, "audit", "verify")
    assert code == 2
    assert word in err
    if row is not None:
        assert f"row {row}: " in err


async def test_a_state_that_was_set_back_is_told_by_its_head(world: World, tmp_path: Path) -> None:
    old = world.path.read_bytes()
    early = json.loads(command(world, "audit", "verify", "--json")[1])["head"]
    world.twin("crm").put("customers", next(iter(world.records("crm"))), name="Cem")
    await world.run()
    head = json.loads(command(world, "audit", "verify", "--json", "--head", early)[1])["head"]
    assert command(world, "audit", "verify", "--head", head)[0] == 0
    world.path.write_bytes(old)
    code, _, err = command(world, "audit", "verify", "--head", head)
    assert code == 2
    assert "an older state was put in place" in err


async def test_the_audit_tells_who_decided(world: World) -> None:
    rows = [json.loads(line) for line in command(world, "audit", "show", "--json")[1].splitlines()]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["actor"] for row in rows if row["action"] in ("answered", "resolved")} == {"Kari"}
    assert {row["actor"] for row in rows if row["action"] == "agreed"} == {"engine"}
    assert "Kari  answered" in command(world, "audit", "show")[1]
