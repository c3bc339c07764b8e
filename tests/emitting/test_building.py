"""A build touches what it must and nothing else: its manifest knows its own files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from syncline.building import MANIFEST, Refusal, digest, planned
from syncline.cli import main

SPEC = """spec tiny version 1
connector box over rest {{
  setting url : url
  base "{{url}}"
  resource things {{
    id   : text(10) identity
    name : {type}
    list GET "/things" {{ items "items" }}
    create POST "/things" {{ returns record }}
    update PUT "/things/{{id}}" {{ returns record }}
  }}
}}
system a = box {{ url: env("A_URL") }}
system b = box {{ url: env("B_URL") }}
entity Thing {{
  name : {type}
  match name
}}
map Thing to a.things {{ name <-> name }}
map Thing to b.things {{ name <-> name }}
sync Thing across a, b {{
  delete in a never
  delete in b never
  truth {{ name owned by a }}
  empty propagates
}}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.sync"
    path.write_text(SPEC.format(type="text(20)"), encoding="utf-8")
    return path


def build(spec: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["build", str(spec), "-o", str(spec.parent / "out"), *options])


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir() if path.is_file()}


def test_building_again_writes_nothing(spec: Path) -> None:
    first = build(spec)
    assert first.exit_code == 0, first.output
    package = spec.parent / "out" / "tiny"
    before = snapshot(package)
    assert set(json.loads((package / MANIFEST).read_text())["files"]) == set(before) - {MANIFEST}
    second = build(spec)
    assert second.exit_code == 0
    assert "up to date" in second.output
    assert snapshot(package) == before
    assert build(spec, "--check").exit_code == 0


def test_a_changed_spec_rewrites_only_what_changed(spec: Path) -> None:
    build(spec)
    package = spec.parent / "out" / "tiny"
    before = snapshot(package)
    spec.write_text(SPEC.format(type="text(21)"), encoding="utf-8")
    check = build(spec, "--check")
    assert check.exit_code == 1
    assert snapshot(package) == before
    assert build(spec).exit_code == 0
    after = snapshot(package)
    changed = {name for name in after if after[name] != before.get(name)}
    assert "systems.py" not in changed
    assert {"__init__.py", "package.py", MANIFEST} <= changed


def test_an_edited_file_is_refused_and_named(spec: Path) -> None:
    build(spec)
    edited = spec.parent / "out" / "tiny" / "thing.py"
    edited.write_text("# mine\n", encoding="utf-8")
    spec.write_text(SPEC.format(type="text(21)"), encoding="utf-8")
    before = snapshot(edited.parent)
    refused = build(spec)
    assert refused.exit_code == 2
    assert "thing.py was edited" in refused.output
    assert "--force" in refused.output
    assert snapshot(edited.parent) == before
    assert build(spec, "--check").exit_code == 1
    assert build(spec, "--force").exit_code == 0
    assert build(spec, "--check").exit_code == 0


def test_a_foreign_file_is_refused(spec: Path) -> None:
    package = spec.parent / "out" / "tiny"
    package.mkdir(parents=True)
    (package / "systems.py").write_text("x = 1\n", encoding="utf-8")
    refused = build(spec)
    assert refused.exit_code == 2
    assert "systems.py was not written by syncline" in refused.output
    assert [path.name for path in package.iterdir()] == ["systems.py"]


def test_stale_files_of_ours_go_and_other_files_stay(spec: Path) -> None:
    build(spec)
    package = spec.parent / "out" / "tiny"
    (package / "mine.py").write_text("", encoding="utf-8")
    text = SPEC.format(type="text(20)").replace("Thing", "Item")
    spec.write_text(text, encoding="utf-8")
    assert build(spec).exit_code == 0
    assert {path.name for path in package.glob("*.py")} == {
        "__init__.py", "__main__.py", "systems.py", "syncs.py", "stamp.py", "laws_test.py", "package.py", "item.py", "mine.py",
    }  # fmt: skip


def test_a_spec_with_errors_builds_nothing(spec: Path) -> None:
    spec.write_text(SPEC.format(type="text(20)").replace("owned by a", "owned by c"), encoding="utf-8")
    assert build(spec).exit_code == 1
    assert not (spec.parent / "out").exists()


def test_a_killed_build_knows_its_own_files() -> None:
    """Whatever prefix of a plan was carried out, the next build, even of another spec, refuses nothing."""
    old = {"a.py": "1", "b.py": "2", "gone.py": "3"}
    new = {"a.py": "10", "b.py": "20", "c.py": "30"}
    newest = {"a.py": "100", "c.py": "300"}
    disk = dict(old)
    plan = planned(
        new, {path: digest(text.encode()) for path, text in disk.items()}, planned(old, {}, None).manifest.encode()
    )
    for written in range(len(plan.writes) + 1):
        halfway = disk | dict(list(plan.writes.items())[:written])
        present = {path: digest(text.encode()) for path, text in halfway.items()}
        again = planned(newest, present, plan.announced.encode())
        assert again.refusals == ()
        assert set(again.deletes) == set(halfway) - set(newest)


@pytest.mark.parametrize(
    "manifest",
    [
        b"", b"[]", b"{}", b'{"format": 2, "files": {}}', b"\xff", b"[" * 100_000,
        b'{"format": 1, "files": {"../../etc/passwd": "' + b"0" * 64 + b'"}}',
        b'{"format": 1, "files": {"/tmp/x.py": "' + b"0" * 64 + b'"}}',
        b'{"format": 1, "files": {"a.py": "link"}}',
        b'{"format": 1, "files": {}, "before": []}',
    ],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(manifest: bytes) -> None:
    plan = planned({"a.py": ""}, {}, manifest)
    assert plan.refusals == (Refusal(MANIFEST, "manifest"),)
    assert planned({"a.py": ""}, {}, manifest, force=True).refusals == ()


def test_a_link_is_never_followed(spec: Path) -> None:
    build(spec)
    target = spec.parent / "elsewhere.py"
    target.write_text("mine", encoding="utf-8")
    link = spec.parent / "out" / "tiny" / "thing.py"
    link.unlink()
    link.symlink_to(target)
    assert build(spec).exit_code == 2
    assert build(spec, "--force").exit_code == 0
    assert target.read_text(encoding="utf-8") == "mine"
    assert not link.is_symlink()
