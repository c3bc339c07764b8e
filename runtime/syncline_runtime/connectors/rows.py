"""Records in text files: CSV and JSON Lines, read line by line and refused with a line number, written as they were found."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TextIO

from syncline_runtime.connectors.decoding import NotJson, decode, encode


class BadFile(Exception):
    """The file cannot be read as what it is declared to be: the message names the line."""


class Format(Protocol):
    """How a file holds records. `columns` of a file that is there is its header, or empty where it has none."""

    def columns(self, path: Path) -> Sequence[str]: ...

    def read(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        """(line, record) in order. Raises BadFile."""

    def text(self, path: Path, records: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
        """The whole content, in the style of the file at `path` if there is one."""


@dataclass(frozen=True, slots=True)
class Csv:
    """Comma-separated values with a header line; every value is text."""

    delimiter: str = ","
    encoding: str = "utf-8"

    def columns(self, path: Path) -> Sequence[str]:
        """The header's names. Raises BadFile where one is empty or stands twice."""
        with self._open(path) as file:
            return self._header(path, csv.reader(file, delimiter=self.delimiter, strict=True))

    def read(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        """See Format."""
        with self._open(path) as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            header = self._header(path, reader)
            try:
                for row in reader:
                    if len(row) == len(header):
                        yield reader.line_num, dict(zip(header, row, strict=True))
                    elif row:
                        raise BadFile(
                            f"{path.name}, line {reader.line_num}: {len(row)} values under {len(header)} columns"
                        )
            except UnicodeDecodeError:
                raise _bad_encoding(path, self.encoding) from None
            except csv.Error as error:
                raise BadFile(f"{path.name}, line {reader.line_num}: {error}") from None

    def text(self, path: Path, records: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
        """See Format; keeps a byte order mark and the line ends that it finds."""
        begin = path.read_bytes()[:4096] if path.exists() else b""
        out = io.StringIO(newline="")
        line_end = "\r\n" if b"\r\n" in begin else "\n"
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator=line_end)
        writer.writerow(columns)
        writer.writerows([spelled(record.get(name)) for name in columns] for record in records)
        marked = begin.startswith(b"\xef\xbb\xbf") and self.encoding == "utf-8"
        return out.getvalue().encode("utf-8-sig" if marked else self.encoding)

    def unheld(self, record: Mapping[str, Any]) -> tuple[str, str] | None:
        """The first field with a character that the encoding does not have, and that character."""
        for name, value in record.items():
            try:
                spelled(value).encode(self.encoding)
            except UnicodeEncodeError as error:
                return name, error.object[error.start]
        return None

    def _open(self, path: Path) -> TextIO:
        return path.open(newline="", encoding="utf-8-sig" if self.encoding == "utf-8" else self.encoding)

    def _header(self, path: Path, reader: Iterator[list[str]]) -> list[str]:
        try:
            header = next(reader, [])
        except UnicodeDecodeError:
            raise _bad_encoding(path, self.encoding) from None
        except csv.Error as error:
            raise BadFile(f"{path.name}, line 1: {error}") from None
        twice = {name for name in header if not name or header.count(name) > 1}
        if twice:
            raise BadFile(f"{path.name}, line 1: a column has no name or one that stands twice: {min(twice)!r}")
        return header


@dataclass(frozen=True, slots=True)
class JsonLines:
    """One JSON object a line, in UTF-8."""

    def columns(self, path: Path) -> Sequence[str]:
        """None are fixed."""
        return ()

    def read(self, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        """See Format."""
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                body = line.removeprefix(b"\xef\xbb\xbf").strip()
                if not body:
                    continue
                try:
                    record = decode(body)
                except NotJson as error:
                    raise BadFile(f"{path.name}, line {number}: {error}") from None
                if type(record) is not dict:
                    raise BadFile(f"{path.name}, line {number}: it is not an object")
                yield number, record

    def text(self, path: Path, records: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
        """See Format."""
        return b"".join(encode(record) + b"\n" for record in records)


def spelled(value: Any) -> str:
    """A value as the text of a CSV cell."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case date() | time():
            return value.isoformat()
        case dict() | list() | tuple():
            return encode(value).decode()
        case _:
            return str(value)


def _bad_encoding(path: Path, encoding: str) -> BadFile:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                return BadFile(
                    f"{path.name}, line {number}: byte {error.start + 1} is not {encoding}; is the file in another encoding?"
                )
    return BadFile(f"{path.name}: it is not {encoding}")
