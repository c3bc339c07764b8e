"""A user's look at the database, in plain SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row


class PostgresClient:
    """The table of customers, for reading and for editing."""

    def __init__(self, address: str) -> None:
        self._address = address

    def all(self, table: str = "customers") -> dict[str, dict[str, Any]]:
        """Every row by id."""
        with psycopg.connect(self._address, row_factory=dict_row) as connection:
            rows = connection.execute(sql.SQL("select * from {} order by id").format(sql.Identifier(table))).fetchall()
        return {str(row["id"]): row for row in rows}

    def stamps(self, table: str = "customers") -> dict[str, str]:
        """The transaction that last wrote each row, by id."""
        query = sql.SQL("select id::text, xmin::text || ':' || ctid::text from {}").format(sql.Identifier(table))
        with psycopg.connect(self._address) as connection:
            return dict(connection.execute(query).fetchall())

    def load(self, rows: Sequence[Mapping[str, Any]], table: str = "customers") -> list[str]:
        """Insert rows that all have the same columns and give their ids, in order."""
        names = list(rows[0]) if rows else []
        insert = sql.SQL("insert into {} ({}) values ({}) returning id::text").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, names)),
            sql.SQL(", ").join(sql.Placeholder() * len(names)),
        )
        ids: list[str] = []
        with psycopg.connect(self._address) as connection:
            for row in rows:
                found = connection.execute(insert, [row[name] for name in names]).fetchone()
                ids += found or []
        return ids

    def edit(self, key: str, table: str = "customers", **values: Any) -> None:
        """Change columns of a row."""
        update = sql.SQL("update {} set {} where id = %s").format(
            sql.Identifier(table),
            sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in values),
        )
        with psycopg.connect(self._address) as connection:
            connection.execute(update, [*values.values(), int(key)])

    def delete(self, key: str, table: str = "customers") -> None:
        """Remove a row."""
        query = sql.SQL("delete from {} where id = %s").format(sql.Identifier(table))
        with psycopg.connect(self._address) as connection:
            connection.execute(query, [int(key)])

    def clear(self) -> None:
        """Remove every customer."""
        self.execute("truncate customers restart identity")

    def execute(self, statements: str) -> None:
        """Run statements that answer nothing."""
        with psycopg.connect(self._address) as connection:
            connection.execute(statements.encode())
