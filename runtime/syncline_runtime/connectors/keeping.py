"""What a SQLite table stores just as it is bound, by its definition."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

_NUMBERS: Final = frozenset(("rowid", "oid", "_rowid_"))
_RANDOM: Final = 2**62
"""Beyond this, the next number may not follow the last one."""

_TEXT: Final[frozenset[type]] = frozenset((str, type(None)))
_NUMERIC: Final[frozenset[type]] = frozenset((int, bool, type(None)))
_NULL: Final[frozenset[type]] = frozenset((type(None),))
_ANY: Final = _TEXT | _NUMERIC


class Keeping(NamedTuple):
    """A table in which nothing but the rows themselves has a hand: by column, in small letters, the types of values that it keeps;
    `number` is the column that is another name of a row's number, "" where none is."""

    number: str
    kinds: Mapping[str, frozenset[type]]

    def numbers(self, columns: Sequence[str]) -> bool:
        """Whether rows with these columns are numbered by the database."""
        return not any(name.lower() == self.number or name.lower() in _NUMBERS for name in columns)

    def looked(self, columns: Sequence[str], kinds: Sequence[frozenset[type]]) -> tuple[int, ...]:
        """The places of the columns that may not hold what is bound, by the types of what is bound in each."""
        kept = [self.kinds.get(name.lower(), frozenset()) for name in columns]
        return tuple(at for at, bound in enumerate(kinds) if not bound <= kept[at])


def keeping(cursor: Any, table: str) -> Keeping | None:
    """What an ordinary table keeps, as it stands in the cursor's transaction; None where a trigger or a rule for conflicts may
    change what is inserted, or the numbers of rows are all but used up. Raises sqlite3.Error."""
    defined = cursor.execute(
        "SELECT type, sql FROM main.sqlite_master WHERE lower(tbl_name) = lower(?)", (table,)
    ).fetchall()
    kinds = [kind for kind, _ in defined]
    if kinds.count("table") != 1 or "trigger" in kinds or any("CONFLICT" in (sql or "").upper() for _, sql in defined):
        return None
    columns = cursor.execute("SELECT name, type, pk FROM pragma_table_xinfo(?)", (table,)).fetchall()
    keys = [(name, kind) for name, kind, place in columns if place]
    number = keys[0][0].lower() if len(keys) == 1 and keys[0][1].upper() == "INTEGER" else ""
    quoted = '"' + table.replace('"', '""') + '"'
    ((most,),) = cursor.execute(f"SELECT max(rowid) FROM {quoted}").fetchall()
    if most is not None and most > _RANDOM:
        return None
    return Keeping(number, {name.lower(): _kept(kind.upper()) for name, kind, _ in columns})


def _kept(declared: str) -> frozenset[type]:
    """The types of values that a column of a declared type keeps as they are (SQLite, Determination of Column Affinity)."""
    if "INT" in declared:
        return _NUMERIC
    if any(part in declared for part in ("CHAR", "CLOB", "TEXT")):
        return _TEXT
    if "BLOB" in declared or not declared:
        return _ANY
    return _NULL if any(part in declared for part in ("REAL", "FLOA", "DOUB")) else _NUMERIC
