"""Whether a state file is, byte for byte, as it was when it was last closed.

The database notices a torn page, and a sealed value notices any change; a flipped bit in an id, a version or a state would pass
for data. So a file that is closed gets a keyed code of all its bytes, in place of the mark that it had while it was written to.
"""

import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeAlias

CODE: Final = 32
LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a file beyond which looking at all of them would cost more than a run with nothing to do."""

_PORTION: Final = 1024 * 1024
_OPEN: Final = b"syncline is open"

Code: TypeAlias = Callable[[], blake2b]
"""A new keyed code, to be fed."""


def mark() -> bytes:
    """What stands in a file while it is written to; found nowhere else in it."""
    return _OPEN + os.urandom(CODE - len(_OPEN))


def is_mark(stored: bytes) -> bool:
    """Whether a file was not closed since it was last written to."""
    return stored.startswith(_OPEN)


def holds(path: Path, stored: bytes, code: Code) -> bool:
    """Whether the file's bytes are those that `stored`, which stands among them, is the code of."""
    found, place = _code(path, stored, code)
    return place >= 0 and found == stored


def close(path: Path, marked: bytes, code: Code) -> None:
    """Put the code of the file in place of its mark, if no other process has the file open."""
    if path.with_name(f"{path.name}-wal").exists() or path.stat().st_size > LARGEST:
        return
    before = path.stat()
    found, place = _code(path, marked, code)
    after = path.stat()
    if place >= 0 and (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
        with path.open("r+b") as file:
            os.pwrite(file.fileno(), found, place)


def _code(path: Path, wanted: bytes, code: Code) -> tuple[bytes, int]:
    """The code of a file but for the bytes `wanted`; where these are in it, -1 unless they are in it once."""
    place = _place(path, wanted)
    if place < 0:
        return b"", -1
    made, at = code(), 0
    with path.open("rb") as file:
        while portion := bytearray(file.read(_PORTION)):
            first, last = max(place, at), min(place + CODE, at + len(portion))
            if first < last:
                portion[first - at : last - at] = bytes(last - first)
            made.update(portion)
            at += len(portion)
    return made.digest(), place


def _place(path: Path, wanted: bytes) -> int:
    """Where bytes are in a file; -1 unless they are in it once."""
    found, at, end = -1, 0, b""
    with path.open("rb") as file:
        while portion := file.read(_PORTION):
            # What lies across two portions is seen in the second.
            seen = end + portion
            here = seen.find(wanted)
            while here >= 0:
                if found >= 0:
                    return -1
                found = at - len(end) + here
                here = seen.find(wanted, here + 1)
            at += len(portion)
            end = seen[-(CODE - 1) :]
    return found
