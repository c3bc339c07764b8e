"""The text of a spec and places in it: offsets only, lines and columns when someone asks."""

from bisect import bisect_right
from typing import NamedTuple

SIZE_LIMIT = 5_000_000
"""The longest text that is compiled, in characters; a longer one is an export or a mistake, not a spec."""


class Source:
    """A spec's text under the name its reader gave it (a path as typed, `<stdin>`); lines end in LF, CRLF or CR."""

    __slots__ = ("_line_starts", "name", "text")

    name: str
    text: str
    _line_starts: list[int] | None

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._line_starts = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Source):
            return NotImplemented
        return self is other or (self.name == other.name and self.text == other.text)

    def __hash__(self) -> int:
        return hash((self.name, self.text))

    def __repr__(self) -> str:
        return f"Source({self.name!r}, {len(self.text)} characters)"

    @staticmethod
    def from_bytes(name: str, data: bytes) -> "Source | SourceProblem":
        """The source in UTF-8 bytes, without a byte order mark; a problem with its place when the bytes are no text."""
        if len(data) > 4 * SIZE_LIMIT:
            return SourceProblem("syntax.too-large", Source(name, ""), 0, 0, {"size": len(data), "limit": SIZE_LIMIT})
        data = data.removeprefix(b"\xef\xbb\xbf")
        try:
            source = Source(name, data.decode("utf-8"))
        except UnicodeDecodeError as error:
            before = data[: error.start].decode("utf-8")
            shown = Source(name, before + data[error.start :].decode("utf-8", errors="replace"))
            utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
            facts: dict[str, str | int] = {
                "byte": f"0x{data[error.start]:02x}",
                "looks_like": "UTF-16" if utf_16 else "",
            }
            return SourceProblem("syntax.not-utf8", shown, len(before), len(before) + 1, facts)
        return source.problem() or source

    def problem(self) -> "SourceProblem | None":
        """What makes this text impossible to compile whatever it says: its size, a NUL, a lone surrogate."""
        text = self.text
        if len(text) > SIZE_LIMIT:
            facts: dict[str, str | int] = {"size": len(text), "limit": SIZE_LIMIT}
            return SourceProblem("syntax.too-large", self, 0, 0, facts)
        nul = text.find("\0")
        if nul >= 0:
            return SourceProblem("syntax.nul", self, nul, nul + 1, {})
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            byte = f"U+{ord(text[error.start]):04X}"
            return SourceProblem("syntax.not-utf8", self, error.start, error.end, {"byte": byte, "looks_like": ""})
        return None

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1, the column in characters."""
        starts = self._starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line counted from 1, without its ending; empty past the last line."""
        starts = self._starts()
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def offset(self, number: int) -> int:
        """Where a line counted from 1 begins. Raises IndexError past the last line."""
        return self._starts()[number - 1]

    def _starts(self) -> list[int]:
        if self._line_starts is None:
            text = self.text
            if "\r" not in text:
                ends = (at for at, character in enumerate(text) if character == "\n")
            else:
                ends = (
                    at
                    for at, character in enumerate(text)
                    if character == "\n" or (character == "\r" and text[at + 1 : at + 2] != "\n")
                )
            self._line_starts = [0, *(at + 1 for at in ends)]
        return self._line_starts


class Span(NamedTuple):
    """The characters of a source from `start` up to, not including, `end`; empty when they are equal."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line of the first character, counted from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The column of the first character, counted from 1."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    def place(self) -> dict[str, str | int]:
        """The place for a JSON document: `file`, `line`, `column`, `end_line`, `end_column`, the end behind the last character."""
        line, column = self.source.position(self.start)
        end_line, end_column = self.source.position(max(self.start, self.end))
        return {
            "file": self.source.name,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
        }

    def __repr__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"


class SourceProblem(NamedTuple):
    """Why bytes or a text are no source: a diagnostic's code, its place and its facts."""

    code: str
    source: Source
    start: int
    end: int
    facts: dict[str, str | int]
