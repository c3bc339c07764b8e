"""Sealing: field values at rest are AES-256-GCM ciphertexts that open only in their own place of their own database.

The place (database, table and column, row) is authenticated with each value, so that ciphertexts cannot be swapped. What
must be found or compared again without being read is kept as a keyed BLAKE2b code (RFC 7693) under a key of its own.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from syncline_runtime.state.failure import StateFailure

_NONCE: Final = 12
_KEY_ID: Final = 2
_POOL: Final = 1024


class Sealer:
    """The keys of one state, ready to use. `name` is the state as people know it, `identity` what no other state has."""

    def __init__(self, name: str, identity: str, keys: Mapping[int, bytes], current: int, code_key: bytes) -> None:
        self.name = name
        self._identity = identity
        self._ciphers = {number.to_bytes(_KEY_ID, "big"): AESGCM(key) for number, key in keys.items()}
        self._current = current.to_bytes(_KEY_ID, "big")
        self.code_key = code_key
        self._nonces = _nonces()
        self._coders: dict[tuple[str, int], blake2b] = {}

    def place(self, column: str) -> "Place":
        """Where values of one column, `table.column`, are sealed and opened."""
        return Place(self, column, f"{self._identity}|{column}|".encode())

    def code(self, purpose: str, value: bytes, size: int = 16) -> bytes:
        """A keyed code of a value: equal values have equal codes for one purpose (up to 16 letters), and nobody without the key can
        guess any."""
        coder = self._coder(purpose, size)
        coder.update(value)
        return coder.digest()

    def codes(self, purpose: str, about: bytes, values: Iterable[bytes], size: int = 16) -> list[bytes]:
        """The codes of many values, each with `about` before it."""
        begun, found = self._coder(purpose, size), []
        begun.update(about)
        for value in values:
            coder = begun.copy()
            coder.update(value)
            found.append(coder.digest())
        return found

    def _coder(self, purpose: str, size: int) -> blake2b:
        """A keyed code that nothing was fed to yet. To copy one costs half of making it."""
        begun = self._coders.get((purpose, size))
        if begun is None:
            begun = blake2b(key=self.code_key, digest_size=size, person=purpose.encode())
            self._coders[purpose, size] = begun
        return begun.copy()

    def code_of_many(self, purpose: str) -> blake2b:
        """A keyed code of 32 bytes, to be fed piece by piece."""
        return blake2b(key=self.code_key, digest_size=32, person=purpose.encode())

    def encrypt(self, value: bytes, place: bytes) -> bytes:
        nonce = next(self._nonces)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, value, place)

    def decrypt(self, sealed: bytes, place: bytes) -> bytes:
        """Raises InvalidTag, KeyError, ValueError."""
        return self._ciphers[sealed[:_KEY_ID]].decrypt(
            sealed[_KEY_ID : _KEY_ID + _NONCE], sealed[_KEY_ID + _NONCE :], place
        )

    def turn(self, number: int, key: bytes) -> None:
        """Seal under another key from now on; what is sealed under former ones still opens."""
        self._current = number.to_bytes(_KEY_ID, "big")
        self._ciphers[self._current] = AESGCM(key)


def _nonces() -> Iterator[bytes]:
    """Twelve random bytes each time, never the same twice."""
    while True:
        pool = os.urandom(_NONCE * _POOL)
        for at in range(0, len(pool), _NONCE):
            yield pool[at : at + _NONCE]


class Place:
    """One column of one table; a row is known by its number (`schema.SEALED`). NULL and empty values stay as they are."""

    def __init__(self, sealer: Sealer, column: str, prefix: bytes) -> None:
        self._sealer = sealer
        self._column = column
        self._prefix = prefix

    def seal(self, row: int, value: bytes | None) -> bytes | None:
        return self._sealer.encrypt(value, b"%b%d" % (self._prefix, row)) if value else value

    def open(self, row: int, sealed: bytes | None) -> bytes | None:
        """The value that was sealed for this row. Raises StateFailure."""
        if not sealed:
            return sealed
        try:
            return self._sealer.decrypt(sealed, b"%b%d" % (self._prefix, row))
        except (InvalidTag, KeyError, ValueError, TypeError):
            raise StateFailure(
                f"state {self._sealer.name} is damaged or was changed by another hand: {self._column} of row {row} does not "
                "open; restore it from a backup"
            ) from None

    def opens(self, row: int, sealed: bytes | None) -> bool:
        """Whether a value is as it was sealed for this row."""
        try:
            self.open(row, sealed)
        except StateFailure:
            return False
        return True

    def seal_text(self, row: int, value: str | None) -> bytes | None:
        return None if value is None else self.seal(row, value.encode())

    def open_text(self, row: int, sealed: bytes | None) -> str | None:
        """The text that was sealed for this row. Raises StateFailure."""
        opened = self.open(row, sealed)
        return None if opened is None else opened.decode()
