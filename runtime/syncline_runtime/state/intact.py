"""Whether a state file is, byte for byte, as it was when it was last closed.

The database notices a torn page, and a sealed value notices any change; a flipped bit in an id, a version or a state would pass
for data. So a file that is closed gets a keyed code of all its bytes, in place of the mark that it had while it was written to.
"""

import fcntl
import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

CODE: Final = 32
LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a file beyond which looking at all of them would cost more than a run with nothing to do."""

_LOCKED: Final = (512, 0x40000000)
"""Length and start of the bytes whose locks tell who has a database open: whoever has, even idle, shares them (os_unix.c,
https://www.sqlite.org/lockingv3.html)."""

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
    with path.open("rb") as file:
        found, place = _code(file, stored, code)
    return place >= 0 and found == stored


def close(path: Path, marked: bytes, code: Code) -> None:
    """Put the code of the file in place of its mark, if nobody has the file open; who opens it meanwhile waits."""
    log = path.with_name(f"{path.name}-wal")
    # Closing a file lets go of all locks that its process has on it, those of its other connections too.
    if log.exists() or path.stat().st_size > LARGEST:
        return
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, *_LOCKED)
        except (BlockingIOError, PermissionError):
            return
        if log.exists():  # left by somebody who died meanwhile
            return
        found, place = _code(file, marked, code)
        if place >= 0:
            os.pwrite(file.fileno(), found, place)


def _code(file: BinaryIO, wanted: bytes, code: Code) -> tuple[bytes, int]:
    """The code of a file but for the bytes `wanted`; where these are in it, -1 unless they are in it once."""
    place = _place(file, wanted)
    if place < 0:
        return b"", -1
    made, at = code(), file.seek(0)
    while portion := bytearray(file.read(_PORTION)):
        first, last = max(place, at), min(place + CODE, at + len(portion))
        if first < last:
            portion[first - at : last - at] = bytes(last - first)
        made.update(portion)
        at += len(portion)
    return made.digest(), place


def _place(file: BinaryIO, wanted: bytes) -> int:
    """Where bytes are in a file; -1 unless they are in it once."""
    found, at, end = -1, file.seek(0), b""
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
