"""Identifiers and file names for what a spec names: its own where that is plain and free, a slug with a stable suffix else."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from syncline.lowering.reserved import DEVICES, MODULES, WORDS

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}").fullmatch
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def is_plain(name: str) -> bool:
    """Whether the name is an identifier as it stands: ASCII, no underscore first, not doubled into a dunder, no word of Python."""
    return _PLAIN(name) is not None and "__" not in name and name not in WORDS


def is_package(name: str) -> bool:
    """Whether a package may bear the name: plain, in lower case, hiding no module."""
    return is_plain(name) and name == name.lower() and name not in MODULES and name not in DEVICES


def snake(name: str) -> str:
    """The name in snake case: `SalesOrder` is `sales_order`, `address.street` is `address_street`."""
    return _HUMP.sub("_", name.replace(".", "_")).lower()


def slug(name: str, original: str) -> str:
    """A plain identifier for any text: its ASCII letters and digits, then six digits that only `original` has."""
    letters = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:40] or "n"
    stem = letters if letters[0].isalpha() else f"n{letters}"
    return f"{stem}_{sha256(original.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"


def distinct(names: Iterable[tuple[str, str]], taken: Iterable[str]) -> dict[str, str]:
    """An identifier for each (original, wished): the wish where it is plain and nobody's, in order, a slug else.

    `taken` are identifiers of the module that have another meaning.
    """
    used = set(taken)
    found: dict[str, str] = {}
    for original, wish in names:
        name = wish if is_plain(wish) and wish not in used else slug(wish, original)
        while name in used:
            name = slug(wish, name + original)
        used.add(name)
        found[original] = name
    return found
