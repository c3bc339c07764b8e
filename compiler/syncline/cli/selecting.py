"""Which specs a command is about: files as they are named, and those of folders. Nothing of the compiler is imported."""

import re
from collections.abc import Iterable
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Final, NamedTuple

from syncline.cli.files import fail, read_spec

_HEADER: Final = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*spec[ \t]", re.MULTILINE)
_IMPORT: Final = re.compile(rb'^[ \t]*import[ \t]+"([^"\n]+)"', re.MULTILINE)


class Selection(NamedTuple):
    """`specs` are checked; `imported` stand in the folders too and have no `spec` line: they are checked by those that import
    them."""

    specs: tuple[str, ...]
    imported: tuple[str, ...]


def selected(places: Iterable[str]) -> Selection:
    """The specs of files, of folders with all below them, and `-`. Ends the program when a folder has none."""
    specs: dict[str, None] = {}
    imported: dict[str, None] = {}
    for place in places:
        if place == "-" or not Path(place).is_dir():
            specs[place] = None
            continue
        below = sorted(path.as_posix() for path in Path(place).rglob("*.sync") if path.is_file())
        if not below:
            fail(f"no .sync file in {place}")
        texts = {path: read_spec(path)[1] for path in below}
        wanted = {
            normpath(join(dirname(path), name.decode("utf-8", "replace")))
            for path, text in texts.items()
            for name in _IMPORT.findall(text)
        }
        for path, text in texts.items():
            (imported if path in wanted and not _HEADER.search(text) else specs)[path] = None
    return Selection(tuple(specs), tuple(path for path in imported if path not in specs))
