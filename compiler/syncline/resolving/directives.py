"""Reading the generic items of a connector's body: words as plain values."""

from collections.abc import Mapping, Sequence

from syncline.syntax.declarations import Directive, Item, Property, Word
from syncline.syntax.expressions import (
    Boolean,
    Call,
    ListLiteral,
    Name,
    Null,
    Number,
    ObjectLiteral,
    Path,
    Quantity,
    Text,
)
from syncline_runtime import declaration as runtime

UNITS = {"ms": 0.001, "second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}


def word_text(word: Word | None) -> str | None:
    """The word if it is a bare name or a string; a dotted path as written."""
    match word:
        case Text(value=value):
            return value
        case Path(steps=steps) if all(isinstance(step, Name) for step in steps):
            return ".".join(step.text for step in steps if isinstance(step, Name))
        case Call(function=name, arguments=()):
            return name.text
        case _:
            return None


def constant(word: object) -> str | int | bool | None:
    """A literal as a plain value: text, whole number, boolean; anything else is None."""
    match word:
        case Text(value=value):
            return value
        case Boolean(value=value):
            return value
        case Number() as number if number.value == int(number.value):
            return int(number.value)
        case _:
            return None


def seconds(word: object) -> float | None:
    """A quantity of time in seconds; a bare number counts as seconds, a bare unit (`per minute`) as one of it."""
    match word:
        case Quantity() as quantity if quantity.unit in UNITS:
            return float(quantity.value) * UNITS[quantity.unit]
        case Number() as number:
            return float(number.value)
        case Path() as path:
            return UNITS.get(word_text(path) or "")
        case _:
            return None


def numbers(words: Sequence[Word]) -> tuple[int, ...] | None:
    """Whole numbers, standing side by side or in `[ ]`; None when there is anything else."""
    flat: list[object] = []
    for word in words:
        flat.extend(word.items if isinstance(word, ListLiteral) else [word])
    found = [constant(word) for word in flat]
    whole = tuple(item for item in found if isinstance(item, int) and not isinstance(item, bool))
    return whole if whole and len(whole) == len(found) else None


def item_name(item: Item) -> str:
    """The name an item goes by."""
    match item:
        case Directive(name=name):
            return name.text
        case Property(name=name):
            return name.value if isinstance(name, Text) else name.text


def body(value: object, constants: Mapping[str, "runtime.Body"]) -> "runtime.Body":
    """A JSON-like template of a call: strings with `{name}` are filled in, bare names stand for slots or `constants`."""
    match value:
        case Text(value=text):
            return runtime.Text(text) if "{" in text else text
        case Number() as number:
            return int(number.value) if number.value == int(number.value) else number.text
        case Boolean(value=flag):
            return flag
        case Null():
            return None
        case Path() as path:
            name = word_text(path) or ""
            return constants[name] if name in constants else runtime.Slot(name)
        case ListLiteral(items=items):
            return tuple(body(item, constants) for item in items)
        case ObjectLiteral(entries=entries):
            return {entry_key(entry.key): body(entry.value, constants) for entry in entries}
        case _:
            return None


def entry_key(key: object) -> str:
    """The key of an object's entry as text."""
    match key:
        case Name(text=text) | Number(text=text):
            return text
        case Text(value=value):
            return value
        case Boolean(value=value):
            return "true" if value else "false"
        case _:
            return "null"


def object_body(items: Sequence[Item], constants: Mapping[str, "runtime.Body"]) -> dict[str, "runtime.Body"]:
    """The properties of a block as a JSON-like template."""
    found: dict[str, runtime.Body] = {}
    for item in items:
        if isinstance(item, Property):
            nested = item.items is not None and not item.words
            found[item_name(item)] = (
                body(item.value, constants) if not nested else object_body(item.items or (), constants)
            )
    return found
