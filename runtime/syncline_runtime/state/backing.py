"""What all parts of a store write with."""

from syncline_runtime.state.database import Database
from syncline_runtime.state.sealing import Sealer


class Backing:
    """The database, its keys, and what is remembered of both until the end of a transaction."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.database = database
        self.sealer = sealer
        self._sides: dict[tuple[str, str], int] = {}
        self._next: dict[str, int] = {}

    def forget(self) -> None:
        """Another process may have written since, or what was written is undone."""
        self._sides.clear()
        self._next.clear()

    def side(self, entity: str, system: str, *, make: bool = False) -> int:
        """The number of a system in an entity; 0 where it has no record yet, unless `make`."""
        found = self._sides.get((entity, system), 0)
        if not found:
            statement = "SELECT side_id FROM side WHERE entity = ? AND system = ?"
            for (number,) in self.database.execute(statement, (entity, system)):
                found = self._sides[entity, system] = int(number)
            if not found and make:
                found = self._sides[entity, system] = self.reserve("side", 1)
                self.database.execute("INSERT INTO side VALUES (?, ?, ?)", (found, entity, system))
        return found

    def reserve(self, table: str, count: int) -> int:
        """The first of `count` new ids of a table whose key is `<table>_id`, within a transaction."""
        if table not in self._next:
            rows = self.database.execute(f"SELECT coalesce(max({table}_id), 0) + 1 FROM {table}")
            self._next[table] = int(rows[0][0])
        first = self._next[table]
        self._next[table] += count
        return first
