"""Statements over one table as text, in which every value is a parameter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Condition(NamedTuple):
    """A condition, and what is bound in it."""

    text: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """How a database spells a parameter and a name. `slot` stands for each value; where it is `%s`, a per cent sign is doubled."""

    slot: str

    def name(self, name: str) -> str:
        """A name in quotation marks, whatever is in it."""
        quoted = '"' + name.replace('"', '""') + '"'
        return quoted.replace("%", "%%") if "%" in self.slot else quoted


@dataclass(frozen=True, slots=True)
class Spelled:
    """A table in a database's words. Its columns are named together with it: SQLite takes a lone name in quotation marks that is no
    column for a text."""

    words: Words
    text: str
    columns: Mapping[str, str]

    def select(
        self, names: Sequence[str], where: Sequence[Condition] = (), order: Sequence[str] = (), limit: int | None = None
    ) -> Condition:
        """Rows with these columns, in the order of some."""
        text = f"SELECT {self._listed(names)} FROM {self.text}{_where(where)}"
        if order:
            text += f" ORDER BY {self._listed(order)}"
        return Condition(text if limit is None else f"{text} LIMIT {int(limit)}", _values(where))

    def greatest(self, name: str) -> str:
        """The greatest value of a column."""
        return f"SELECT max({self.columns[name]}) FROM {self.text}"

    def insert(self, names: Sequence[str], returned: Sequence[str]) -> str:
        """A row of these columns; what is returned of it."""
        slots = ", ".join([self.words.slot] * len(names))
        values = f"({', '.join(map(self.words.name, names))}) VALUES ({slots})" if names else "DEFAULT VALUES"
        return f"INSERT INTO {self.text} {values}{self._returning(returned)}"

    def update(self, names: Sequence[str], known_by: Sequence[str], returned: Sequence[str]) -> str:
        """These columns of the row that is known by others; without any, only what is returned of it."""
        where = _where([self.equals(name) for name in known_by])
        if not names:
            return f"SELECT {self._listed(returned)} FROM {self.text}{where}"
        changed = ", ".join(f"{self.words.name(name)} = {self.words.slot}" for name in names)
        return f"UPDATE {self.text} SET {changed}{where}{self._returning(returned)}"

    def delete(self, known_by: Sequence[str], returned: Sequence[str]) -> str:
        """The row that is known by some columns; what is returned of it."""
        return f"DELETE FROM {self.text}{_where([self.equals(name) for name in known_by])}{self._returning(returned)}"

    def inserted(self, names: Sequence[str]) -> str:
        """Of SQLite: (rowid, these columns) of the rows whose numbers are the one parameter, a list in JSON."""
        return f"SELECT rowid, {self._listed(names)} FROM {self.text} WHERE rowid IN (SELECT value FROM json_each(?))"

    def equals(self, name: str) -> Condition:
        """A column has the value that is bound when the statement runs."""
        return Condition(f"{self.columns[name]} = {self.words.slot}")

    def compared(self, name: str, how: str, value: Any) -> Condition:
        """A column is equal to, above (and so on) a value; none is equal to nothing."""
        if value is None:
            return Condition(f"{self.columns[name]} IS NULL" if how == "=" else "1 = 0")
        return Condition(f"{self.columns[name]} {how} {self.words.slot}", (value,))

    def given(self, name: str) -> Condition:
        """A column has a value."""
        return Condition(f"{self.columns[name]} IS NOT NULL")

    def among(self, name: str, values: Sequence[Any]) -> Condition:
        """A column has one of some values."""
        slots = ", ".join([self.words.slot] * len(values))
        return Condition(f"{self.columns[name]} IN ({slots})", tuple(values))

    def _listed(self, names: Sequence[str]) -> str:
        return ", ".join(self.columns[name] for name in names)

    def _returning(self, names: Sequence[str]) -> str:
        return f" RETURNING {', '.join(map(self.words.name, names))}" if names else ""


NOTHING = Condition("1 = 0")


def spelled(words: Words, location: str, columns: Sequence[str]) -> Spelled:
    """The table at a location, `table` or `schema.table`."""
    schema, _, name = location.rpartition(".")
    table = words.name(name)
    return Spelled(
        words,
        f"{words.name(schema)}.{table}" if schema else table,
        {column: f"{table}.{words.name(column)}" for column in columns},
    )


def both(*conditions: Condition) -> Condition:
    """All of some conditions."""
    return Condition(f"({' AND '.join(one.text for one in conditions)})", _values(conditions))


def either(*conditions: Condition) -> Condition:
    """One of some conditions at least."""
    return Condition(f"({' OR '.join(one.text for one in conditions)})", _values(conditions))


def _where(conditions: Sequence[Condition]) -> str:
    return f" WHERE {' AND '.join(one.text for one in conditions)}" if conditions else ""


def _values(conditions: Sequence[Condition]) -> tuple[Any, ...]:
    return tuple(value for one in conditions for value in one.values)
