"""The code of a file finds its place wherever that is, and notices every other byte."""

from hashlib import blake2b
from pathlib import Path

import pytest

from syncline_runtime.state import intact


def code() -> blake2b:
    return blake2b(key=b"k", digest_size=intact.CODE)


@pytest.mark.parametrize("place", [0, 5, 2**20 - 40, 2**20 - 31, 2**20 - 1, 2**20, 2**20 + 7, 3 * 2**20])
def test_a_closed_file_is_known_and_a_changed_one_is_not(tmp_path: Path, place: int) -> None:
    path, marked = tmp_path / "file", intact.mark()
    path.write_bytes(b"a" * place + marked + b"b" * 70_000)
    intact.close(path, marked, code)
    content = path.read_bytes()
    stored = content[place : place + intact.CODE]
    assert not intact.is_mark(stored)
    assert intact.holds(path, stored, code)
    for changed in (place - 1, place, place + intact.CODE - 1, place + intact.CODE, len(content) - 1):
        if changed >= 0:
            path.write_bytes(content[:changed] + b"?" + content[changed + 1 :])
            assert not intact.holds(path, stored, code)


def test_a_file_that_another_process_has_open_or_that_has_its_mark_twice_keeps_it(tmp_path: Path) -> None:
    path, marked = tmp_path / "file", intact.mark()
    path.write_bytes(b"a" + marked + b"b")
    path.with_name("file-wal").touch()
    intact.close(path, marked, code)
    assert path.read_bytes() == b"a" + marked + b"b"
    path.with_name("file-wal").unlink()
    path.write_bytes(marked + marked)
    intact.close(path, marked, code)
    assert path.read_bytes() == marked + marked
