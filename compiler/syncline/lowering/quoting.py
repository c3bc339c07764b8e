"""The one place where a spec's text becomes Python source: as a quoted literal, a one-line comment or a docstring."""

from decimal import Decimal
from typing import Final

CHUNK: Final = 80
"""Columns of one piece of a literal; a longer text is written as adjacent pieces."""

REMARK: Final = 96
"""The longest text of a comment or docstring; the rest is cut."""

_SPOKEN: Final = {
    '"': "'",
    "\\": "/",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": "'",
    "\u201d": "'",
    "\u2013": "-",
    "\u2014": "-",
}


def literal(value: str | int | float | bool | Decimal | None) -> str:
    """An ASCII literal that evaluates to an equal value of the same type, quoted as `ruff format` quotes.

    Raises ValueError for a number that is not finite.
    """
    match value:
        case str():
            quote = "'" if value.count('"') > value.count("'") else '"'
            return quote + "".join(_escaped(character, quote) for character in value) + quote
        case None | bool():
            return repr(value)
        case int():
            # `repr` refuses integers of more than 4300 digits, hexadecimal has no limit.
            return repr(value) if abs(value) < 10**100 else f"{value:#X}".replace("0X", "0x")
        case Decimal():
            if not value.is_finite():
                raise ValueError("a decimal that is not finite has no literal")
            return f'Decimal("{value}")'
        case float():
            if value - value != 0:
                raise ValueError("a number that is not finite has no literal")
            return repr(value).replace("e+", "e")


def _escaped(character: str, quote: str) -> str:
    if character in "'\"":
        return "\\" + quote if character == quote else character
    return ascii(character)[1:-1]


def pieces(text: str) -> tuple[str, ...]:
    """Literals whose adjacency is `text`, each of at most CHUNK columns; one for a text that fits."""
    parts: list[str] = []
    width = 0
    for character in text:
        cost = len(ascii(character)) - (2 if character not in "'\"" else 1)
        if not parts or width + cost > CHUNK - 2:
            parts.append("")
            width = 0
        parts[-1] += character
        width += cost
    return tuple(literal(part) for part in parts) or ('""',)


def one_line(text: str) -> str:
    """Text for a comment or a docstring: one line of ASCII and Latin letters, with nothing that could end either.

    The rule is a fixed range, not a Unicode property, so that every version of Python writes the same bytes.
    """
    shown = "".join(_spoken(character) for character in text)
    words = " ".join(shown.split(" ")).strip()
    while "  " in words or "??" in words:
        words = words.replace("  ", " ").replace("??", "?")
    return words if len(words) <= REMARK else words[: REMARK - 3].rstrip() + "..."


def _spoken(character: str) -> str:
    if character in _SPOKEN:
        return _SPOKEN[character]
    if " " <= character <= "~" or "\u00c0" <= character <= "\u017f":
        return character
    return " " if character < "\u00a1" or character in "\u2028\u2029" else "?"
