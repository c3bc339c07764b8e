"""`syncline.toml` read and checked: every key and value that would not hold is a finding at its place."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from syncline.diagnostics.categories import Category, covered, rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Fact, Severity
from syncline.diagnostics.lexicon import LEXICON
from syncline.project.settings import Level, Settings
from syncline.resolving.names import nearest
from syncline.source import Source, SourceProblem, Span

FILE: Final = "syncline.toml"
VERSION: Final = 1
_KEYS: Final = ("version", "categories", "checks", "severity")
_LEVELS: Final = {"off": None, **{severity.value: severity for severity in Severity}}
_GUESSES: Final = 50
_LADDER: Final = (Category.SAFETY, Category.BASIC, Category.STANDARD)
_KEY: Final = re.compile(
    r"""[ \t]*((?:"[^"\n]*"|'[^'\n]*'|[\w.-]+)(?:[ \t]*\.[ \t]*(?:"[^"\n]*"|'[^'\n]*'|[\w-]+))*)[ \t]*="""
)
_TABLE: Final = re.compile(r"[ \t]*\[([^\[\]\n]+)\]")
_AT: Final = re.compile(r"\(at line (\d+), column (\d+)\)$")


def read_settings(name: str, data: bytes) -> tuple[Settings, tuple[Diagnostic, ...]]:
    """The settings that hold, and what is wrong with the rest. Never raises for whatever the bytes are."""
    source = Source.from_bytes(name, data)
    if isinstance(source, SourceProblem):
        span = Span(source.source, source.start, source.end)
        return Settings(name), (Diagnostic(source.code, span, source.facts),)
    try:
        document = tomllib.loads(source.text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Settings(name), (_no_toml(source, error),)
    reader = _Reader(source)
    return reader.read(document), tuple(reader.found)


class _Reader:
    __slots__ = ("_places", "_source", "found")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._places = _places(source.text)
        self.found: list[Diagnostic] = []

    def read(self, document: Mapping[str, Any]) -> Settings:
        if type(document.get("version")) is not int or document["version"] != VERSION:
            shown = _shown(document["version"]) if "version" in document else "not there"
            self._report("config.version", self._span("version"), found=shown)
        for key in document:
            if key not in _KEYS:
                self._unknown("config.unknown-key", key, self._span(key), known=_KEYS)
        return Settings(
            self._source.name,
            self._categories(document.get("categories")),
            self._levels(document.get("severity")),
            self._names("checks", document.get("checks")),
        )

    def _names(self, key: str, value: object) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self._report("config.value", self._span(key), name=key, found=_shown(value), expected="a list of names")
            return ()
        return tuple(dict.fromkeys(value))

    def _categories(self, value: object) -> frozenset[Category]:
        if value is None:
            return Settings().categories
        words = tuple(category.value for category in Category)
        chosen = {Category.SAFETY}
        for word in self._names("categories", value):
            if word not in words:
                expected = ", ".join(words)
                span = self._span("categories", word)
                self._report("config.value", span, name="categories", found=_shown(word), expected=expected)
                continue
            category = Category(word)
            chosen |= set(_LADDER[: _LADDER.index(category) + 1]) if category in _LADDER else {category}
        return frozenset(chosen)

    def _levels(self, value: object) -> dict[str, Level]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._report(
                "config.value", self._span("severity"), name="severity", found=_shown(value), expected="a table"
            )
            return {}
        levels = {}
        for code, said in _flat(value):
            level = self._level(code, said)
            if level is not None and self._holds(code, level):
                levels[code] = level
        return levels

    def _level(self, code: str, said: object) -> Level | None:
        word, reason = (said.get("level"), said.get("reason", "")) if isinstance(said, dict) else (said, "")
        span = self._span("severity", code)
        for key in said if isinstance(said, dict) else ():
            if key not in ("level", "reason"):
                self._unknown("config.unknown-key", str(key), span, known=("level", "reason"))
        if not isinstance(word, str) or word not in _LEVELS:
            self._report("config.value", span, name=code, found=_shown(word), expected=", ".join(_LEVELS))
            return None
        if not isinstance(reason, str):
            self._report("config.value", span, name=f"{code}.reason", found=_shown(reason), expected="a text")
            return None
        return Level(_LEVELS[word], reason.strip())

    def _holds(self, code: str, level: Level) -> bool:
        span = self._span("severity", code)
        speaks_of = [known for known in LEXICON if covered(code, known)]
        if not speaks_of:
            areas = {known.partition(".")[0] for known in LEXICON}
            near = nearest(code, {*LEXICON, *areas}) if len(self.found) < _GUESSES else ""
            if near or code.partition(".")[0] in areas:
                self._unknown("config.unknown-code", code, span, near=near)
                return False
            return True  # the code of a team's own check
        if level.severity is Severity.ERROR:
            return True
        rules = [rule_of(known) for known in speaks_of]
        bending = [rule for rule in rules if rule.bends]
        if not bending:
            self._report("config.refused", span, name=code, problem="unbending", explained=speaks_of[0])
        elif not any(rule.category is Category.SAFETY for rule in bending):
            return True
        elif level.severity is None:
            self._report("config.refused", span, name=code, problem="off", off=code)
        elif not level.reason:
            word = level.severity.value
            self._report("config.refused", span, name=code, problem="reason", unreasoned=code, level=word)
        else:
            return True
        return False

    def _span(self, *path: str) -> Span:
        """The key of a path, or the quoted last part of it, or the key above it; the start of the file at worst."""
        for depth in range(len(path), 0, -1):
            place = self._places.get(".".join(path[:depth]))
            if place is None:
                continue
            start, end = place
            if depth < len(path):
                quoted = self._source.text.find(f'"{path[-1]}"', end)
                if quoted >= 0:
                    start, end = quoted, quoted + len(path[-1]) + 2
            return Span(self._source, start, end)
        return Span(self._source, 0, 0)

    def _report(self, code: str, span: Span, **facts: Fact) -> None:
        self.found.append(Diagnostic(code, span, facts))

    def _unknown(self, code: str, name: str, span: Span, known: tuple[str, ...] = (), near: str = "") -> None:
        # Comparing with every known name is slow: the first mistakes are enough to see what went wrong.
        near = near or (nearest(name, known) if len(self.found) < _GUESSES else "")
        self._report(code, span, name=name, suggestion=near, known=known)


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Codes with what is said of them: `truth.unneeded = …` without quotes is a table in a table."""
    for key, value in table.items():
        code = f"{above}{key}"
        if isinstance(value, dict) and "level" not in value and "reason" not in value:
            yield from _flat(value, f"{code}.")
        else:
            yield code, value


def _places(text: str) -> dict[str, tuple[int, int]]:
    """Where each key stands, by its full name without quotes."""
    places: dict[str, tuple[int, int]] = {}
    above, at = "", 0
    for line in text.splitlines(keepends=True):
        if table := _TABLE.match(line):
            above = f"{_bare(table[1])}."
            places.setdefault(_bare(table[1]), (at + table.start(1), at + table.end(1)))
        elif key := _KEY.match(line):
            places.setdefault(above + _bare(key[1]), (at + key.start(1), at + key.end(1)))
        at += len(line)
    return places


def _bare(key: str) -> str:
    return re.sub(r"[\"' \t]", "", key)


def _no_toml(source: Source, error: Exception) -> Diagnostic:
    message = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "it is nested too deeply"
    at = _AT.search(message)
    offset = len(source.text)
    if at is not None:
        offset = sum(len(line) for line in source.text.splitlines(keepends=True)[: int(at[1]) - 1]) + int(at[2]) - 1
    offset = min(offset, len(source.text))
    detail = message[: at.start()].strip() if at is not None else message.partition(" (at ")[0]
    return Diagnostic("config.syntax", Span(source, offset, offset), {"detail": detail[:1].lower() + detail[1:]})


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
