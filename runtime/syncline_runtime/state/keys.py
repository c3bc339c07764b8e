"""The key that is kept outside: from the environment, from a file that it names, or from a file next to the state.

It wraps the keys in the database, so that it can be exchanged without sealing every value anew.
"""

import binascii
import os
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from syncline_runtime.state.failure import StateFailure

VARIABLE: Final = "SYNCLINE_STATE_KEY"
"""Holds the key (32 bytes in base64url or hexadecimal), or the path of a file that does."""

_BYTES: Final = 32
_NONCE: Final = 12


@dataclass(frozen=True, slots=True, repr=False)
class OuterKey:
    """The outer key and where it was found, as people know it."""

    key: bytes
    source: str

    def wrap(self, key: bytes, identity: str, number: int) -> bytes:
        """A key of the database `identity`, to be stored in it."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self.key).encrypt(nonce, key, _place(identity, number))

    def unwrap(self, wrapped: bytes, identity: str, number: int, name: str) -> bytes:
        """The key that was wrapped. Raises StateFailure, telling of the state by `name`."""
        try:
            return AESGCM(self.key).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _place(identity, number))
        except (InvalidTag, ValueError, TypeError):
            raise StateFailure(
                f"state {name} does not open with the key in {self.source}: name its own key with {VARIABLE}, "
                "or restore key and state from the same backup"
            ) from None


def outer_key(name: str, beside: Path, *, fresh: bool, given: str | None, lost: bool = False) -> OuterKey:
    """The key of a state: `given` as in the environment, else the file `beside` it, which is made for a `fresh` state.

    Raises StateFailure for a key that cannot be read, is none, or is left over from a state that is lost, unless that is known.
    """
    if given:
        if (key := _decoded(given)) is not None:
            return OuterKey(key, VARIABLE)
        return OuterKey(_read(Path(given), f"{VARIABLE} names", name), given)
    if not fresh or (lost and beside.exists()):
        return OuterKey(_read(beside, "its key is kept in", name), str(beside))
    if beside.exists():
        raise StateFailure(
            f"state {name} is gone, but its key {beside} is there: restore the state from a backup, or begin anew with "
            "`rebase`, which links what the systems hold by its keys"
        )
    made = prepared(name, beside)
    settle(beside)
    return made


def prepared(name: str, beside: Path) -> OuterKey:
    """A new key, written whole and durably, but not where it is looked for yet: `settle` puts it there. Raises StateFailure."""
    key = os.urandom(_BYTES)
    try:
        file = os.open(_ahead(beside), os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "wb") as out:
            out.write(urlsafe_b64encode(key) + b"\n")
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise StateFailure(f"the key of state {name} cannot be written: {error}; or give one in {VARIABLE}") from None
    return OuterKey(key, str(beside))


def settle(beside: Path) -> None:
    """Put a key that was `prepared` in its place, if there is one and the place is free. Raises StateFailure."""
    try:
        if not beside.exists() and _ahead(beside).exists():
            _ahead(beside).rename(beside)
    except OSError as error:
        raise StateFailure(f"the key {beside} cannot be put in its place: {error}") from None


def _ahead(beside: Path) -> Path:
    return beside.with_name(f"{beside.name}.new")


def _read(path: Path, told: str, name: str) -> bytes:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise StateFailure(
            f"state {name} is sealed and {told} {path}, which cannot be read: restore it, or give the key in {VARIABLE}"
        ) from None
    key = _decoded(text)
    if key is None:
        raise StateFailure(f"{path} holds no key of a state: 32 bytes in base64url or hexadecimal are one")
    return key


def _decoded(text: str) -> bytes | None:
    """32 bytes from hexadecimal or base64url; None for anything else."""
    try:
        if len(text) == 2 * _BYTES:
            return bytes.fromhex(text)
        if len(text) in (43, 44) and text.rstrip("=").replace("-", "").replace("_", "").isalnum():
            return urlsafe_b64decode(text.rstrip("=") + "=")
    except (ValueError, binascii.Error):
        return None
    return None


def _place(identity: str, number: int) -> bytes:
    return f"{identity}|key|{number}".encode()
