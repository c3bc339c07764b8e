"""Exchanging keys: every value is sealed anew under a new key, or all keys are wrapped with another outer key."""

import os
from collections.abc import Iterator
from typing import Any, Final

from syncline_runtime.state.backing import Backing
from syncline_runtime.state.keys import OuterKey
from syncline_runtime.state.opening import CODES_KEY
from syncline_runtime.state.schema import SEALED

_BATCH: Final = 1000


class Rekeying:
    """The part of a state that exchanges its keys. Its methods must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing, outer: OuterKey, identity: str) -> None:
        self._backing = backing
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._outer = outer
        self._identity = identity

    def reseal(self) -> int:
        """Seal every value anew under a new key, and forget the old ones; how many values. The key of the codes stays: they
        could not be found again."""
        self._execute("PRAGMA secure_delete = ON")
        number = 1 + int(self._execute("SELECT max(key_id) FROM data_key")[0][0])
        key = os.urandom(32)
        self._execute("INSERT INTO data_key VALUES (?, ?)", (number, self._outer.wrap(key, self._identity, number)))
        self._backing.sealer.turn(number, key)
        count = sum(self._resealed(table) for table in SEALED)
        self._execute("DELETE FROM data_key WHERE key_id <> ? AND key_id <> ?", (CODES_KEY, number))
        return count

    def _resealed(self, table: str) -> int:
        key, columns = SEALED[table]
        sealer, count, last = self._backing.sealer, 0, -1
        places = [sealer.place(f"{table}.{name}") for name in columns]
        changes = ", ".join(f"{name} = ?" for name in columns)
        while rows := self._execute(
            f"SELECT {key}, {', '.join(columns)} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT {_BATCH}", (last,)
        ):
            last = rows[-1][0]
            changed = []
            for number, *values in rows:
                opened = [place.open(number, value) for place, value in zip(places, values, strict=True)]
                count += sum(bool(value) for value in opened)
                changed.append(
                    (*(place.seal(number, value) for place, value in zip(places, opened, strict=True)), number)
                )
            self._many(f"UPDATE {table} SET {changes} WHERE {key} = ?", changed)
        return count

    def rewrap(self, outer: OuterKey, name: str) -> None:
        """Wrap the keys with another outer key: from then on the state opens with that one only."""
        for number, wrapped in self._execute("SELECT key_id, wrapped FROM data_key"):
            opened = self._outer.unwrap(wrapped, self._identity, number, name)
            self._execute(
                "UPDATE data_key SET wrapped = ? WHERE key_id = ?", (outer.wrap(opened, self._identity, number), number)
            )
        self._outer = outer

    def unreadable(self) -> Iterator[tuple[str, Any]]:
        """Open every value, and yield the table and row of each that does not open."""
        for table, (key, columns) in SEALED.items():
            places = [self._backing.sealer.place(f"{table}.{name}") for name in columns]
            last = -1
            while rows := self._execute(
                f"SELECT {key}, {', '.join(columns)} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT {_BATCH}",
                (last,),
            ):
                last = rows[-1][0]
                for number, *values in rows:
                    if not all(place.opens(number, value) for place, value in zip(places, values, strict=True)):
                        yield table, number
