"""A state as lines of JSON, and back: sealed as it is stored, or with every value opened for the eyes of whoever holds the file."""

import json
import os
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from syncline_runtime.state.audit import Audit
from syncline_runtime.state.backing import Backing
from syncline_runtime.state.database import Database
from syncline_runtime.state.failure import StateFailure
from syncline_runtime.state.keys import VARIABLE, OuterKey
from syncline_runtime.state.opening import CODES_KEY, open_database, unlocked
from syncline_runtime.state.schema import SCHEMA_VERSION, SEALED, TABLES
from syncline_runtime.state.sealing import Sealer
from syncline_runtime.state.store import SqliteStore, is_url

EXPORT_VERSION: Final = 1
"""Of the lines; another one is refused."""

_PORTION: Final = 5000
_TABLES: Final = tuple(re.findall(r"^CREATE TABLE (\w+)\(", TABLES, re.MULTILINE))
_ALONE: Final = frozenset(("lease", "file_code"))
"""Of this place alone."""


def exported(store: SqliteStore, *, clear: bool) -> Iterator[str]:
    """The lines of a state: a head, a row a line, an end that counts them.

    Sealed, the lines say nothing without the key of the state and open with no other. `clear`, they hold every value, and the key
    of the codes, with which the audit could be written anew.
    """
    database, sealer = store.backing.database, store.backing.sealer
    head: dict[str, Any] = {
        "kind": "state export",
        "format_version": EXPORT_VERSION,
        "schema": SCHEMA_VERSION,
        "package": store.package,
        "sealed": not clear,
    }
    if clear:
        head["code_key"] = b64encode(sealer.code_key).decode()
    count = 0
    with store.preview():
        yield json.dumps(head)
        columns = database.columns()
        for table in _TABLES:
            if table in _ALONE or (clear and table == "data_key"):
                continue
            names = sorted(columns[table])
            key, sealed = SEALED.get(table, ("", ()))
            places = {name: sealer.place(f"{table}.{name}") for name in sealed} if clear else {}
            for row in _rows(store, table, names):
                values = dict(zip(names, row, strict=True))
                for name, place in places.items():
                    values[name] = place.open(values[key], values[name])
                count += 1
                yield json.dumps([table, {name: _spelled(value) for name, value in values.items()}])
    yield json.dumps({"rows": count})


def _rows(store: SqliteStore, table: str, names: list[str]) -> Iterator[tuple[Any, ...]]:
    offset = 0
    listed = ", ".join(names)
    while rows := store.backing.database.execute(
        f"SELECT {listed} FROM {table} ORDER BY {listed} LIMIT {_PORTION} OFFSET {offset}"
    ):
        yield from rows
        offset += len(rows)


def _spelled(value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    try:
        return {"text": value.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(value).decode()}


def _read(value: Any) -> Any:
    match value:
        case {"text": str(text)}:
            return text.encode()
        case {"base64": str(text)}:
            return b64decode(text)
        case _:
            return value


def imported(where: Path | str, package: str, lines: Iterable[str], *, key: str | None = None) -> int:
    """Make the state of an export in a file or in the database of a URL; how many rows. Sealed lines take the key that they were
    sealed with.

    Raises StateFailure, and leaves nothing, if there is a state already or the lines are not whole.
    """
    numbered = iter(lines)
    head = _head(next(numbered, ""), package)
    if is_url(where):
        return _into_database(str(where), package, head, numbered, key)
    path = Path(where)
    if path.exists():
        raise StateFailure(f"there is a state file {path} already: name another one with --state", unusable=False)
    beside = path.with_name(f"{path.name}.key")
    had_key = beside.exists()
    filling = _Filling(head, package, numbered)
    try:
        open_database(path, package, key=_given(head, beside, key), filling=filling).database.close()
    except BaseException:
        for left in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            left.unlink(missing_ok=True)
        if not had_key:
            beside.unlink(missing_ok=True)
        raise
    return filling.count


def _into_database(url: str, package: str, head: dict[str, Any], lines: Iterator[str], key: str | None) -> int:
    from syncline_runtime.state.postgres import beside_of, open_postgres

    filling = _Filling(head, package, lines)
    given = _given(head, beside_of(package), key)
    open_postgres(url, package, create=True, key=given, filling=filling).database.close()
    return filling.count


def _given(head: dict[str, Any], beside: Path, key: str | None) -> str | None:
    """The key that the new state opens with; None where one is made for it. Raises StateFailure."""
    given = os.environ.get(VARIABLE) if key is None else key
    if not given and beside.exists():
        given = str(beside)
    if not given and head["sealed"]:
        raise StateFailure(f"the export is sealed: put its key into {beside}, or give it in {VARIABLE}", unusable=False)
    return given


def _head(line: str, package: str) -> dict[str, Any]:
    try:
        head = json.loads(line)
    except ValueError:
        head = None
    match head:
        case {"kind": "state export", "format_version": int(version), "schema": int(schema), "sealed": bool()}:
            if version != EXPORT_VERSION:
                raise StateFailure(
                    f"the export has format {version}, this runtime reads {EXPORT_VERSION}", unusable=False
                )
            if schema != SCHEMA_VERSION:
                raise StateFailure(
                    f"the export has schema {schema}, this runtime uses {SCHEMA_VERSION}: import it with the runtime that wrote "
                    "it, and let this one carry the state over",
                    unusable=False,
                )
            if head["package"] != package:
                raise StateFailure(f"the export is of {head['package']!r}, not of {package!r}", unusable=False)
            return dict(head)
        case _:
            raise StateFailure("this is no export of a state: `export` makes one", unusable=False)


class _Filling:
    """Puts the rows of an export into a new database, and counts them."""

    def __init__(self, head: dict[str, Any], package: str, lines: Iterator[str]) -> None:
        self.count = 0
        self._head, self._package, self._lines = head, package, lines

    def __call__(self, database: Database, outer: OuterKey) -> None:
        """Raises StateFailure for lines that are not whole, or were altered."""
        try:
            self._fill(database, outer)
        except (ValueError, KeyError, TypeError) as error:
            raise StateFailure(f"the export cannot be read ({type(error).__name__})", unusable=False) from None
        opened = unlocked(database, self._package, outer)
        faults = Audit(Backing(database, opened.sealer)).faults()
        if faults:
            raise StateFailure(f"the export was altered: audit row {faults[0].seq} {faults[0].problem}", unusable=False)

    def _fill(self, database: Database, outer: OuterKey) -> None:
        columns = database.columns()
        whole = False
        sealer: Sealer | None = None
        database.execute("PRAGMA defer_foreign_keys = ON")
        for table in ("meta", "data_key"):
            database.execute(f"DELETE FROM {table}")
        for line in self._lines:
            document = json.loads(line)
            if isinstance(document, dict):
                whole = document.get("rows") == self.count
                break
            table, raw = document
            if table not in columns or not raw.keys() <= columns[table]:
                raise StateFailure(
                    f"the export has a table or column that this runtime does not know: {table}", unusable=False
                )
            values = {name: _read(value) for name, value in raw.items()}
            if not self._head["sealed"] and table == "meta" and values["key"] == "store":
                sealer = _resealing(database, self._head, values["value"], outer)
            key, sealed = SEALED.get(table, ("", ()))
            if not self._head["sealed"] and sealed:
                if sealer is None:
                    raise StateFailure("the export does not name its state before its rows", unusable=False)
                for name in sealed:
                    values[name] = sealer.place(f"{table}.{name}").seal(values[key], values[name])
            names = ", ".join(values)
            database.execute(
                f"INSERT INTO {table}({names}) VALUES ({', '.join('?' * len(values))})", list(values.values())
            )
            self.count += 1
        if not whole:
            raise StateFailure("the export is not whole: lines are missing", unusable=False)


def _resealing(database: Database, head: dict[str, Any], identity: str, outer: OuterKey) -> Sealer:
    """New keys for the values of a clear export; the codes keep theirs, or nothing would be found again."""
    codes, documents = b64decode(head["code_key"]), os.urandom(32)
    for number, key in ((CODES_KEY, codes), (CODES_KEY + 1, documents)):
        database.execute("INSERT INTO data_key VALUES (?, ?)", (number, outer.wrap(key, identity, number)))
    return Sealer(database.name, identity, {CODES_KEY + 1: documents}, CODES_KEY + 1, codes)
