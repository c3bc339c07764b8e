"""Which types can stand for one another without a codec: the kinds only, sizes are for the checks."""

from collections.abc import Iterable
from typing import Final

from syncline.model.types import Type
from syncline_runtime.codecs.registry import CODECS, TEXT_KINDS

_TEXTS: Final = frozenset(TEXT_KINDS)
_CLOSED: Final = frozenset(("enum", "phone"))
_WHOLE_AND_PARTS: Final = frozenset(("integer", "decimal"))
_ANY: Final = "any"


def same_kind(one: Type, other: Type) -> bool:
    """Whether a value of the one type can be one of the other, as it is: `text` for any text, an integer for a decimal."""
    if one.kind == other.kind:
        match one.kind:
            case "enum":
                return one.members == other.members
            case "set" | "list":
                return one.item is None or other.item is None or same_kind(one.item, other.item)
        return True
    if one.kind in _TEXTS and other.kind in _TEXTS:
        return one.kind == "text" or other.kind == "text"
    return one.kind in _WHOLE_AND_PARTS and other.kind in _WHOLE_AND_PARTS


def readable_as(found: Type, expected: Type) -> bool:
    """Whether what is read fits a field: as `same_kind`, but no text is a member, or a number in E.164, just so."""
    return same_kind(found, expected) and (expected.kind not in _CLOSED or found.kind == expected.kind)


def merged(one: Type, other: Type) -> Type | None:
    """The type of a value that is of one or of the other; None when there is none."""
    nullable = one.nullable or other.nullable
    if one.kind == "null":
        return other.optional()
    if other.kind == "null":
        return one.optional()
    if one.required() == other.required():
        return one if one.nullable == nullable else one.optional()
    if not same_kind(one, other):
        return None
    if one.kind in _WHOLE_AND_PARTS:
        return Type("integer" if one.kind == other.kind == "integer" else "decimal", nullable=nullable)
    if one.kind in _TEXTS:
        return Type("text", nullable=nullable, length=_longer(one.length, other.length))
    return Type(one.kind, nullable=nullable, item=one.item)


def kind_name(found: Type) -> str:
    """The kind as signatures and codecs spell it: `list<text>`."""
    return (
        f"{found.kind}<{found.item.kind}>" if found.kind in ("set", "list") and found.item is not None else found.kind
    )


def codecs_between(native: Type, canonical: Type) -> tuple[str, ...]:
    """The codecs that read the one as the other, by the names a spec gives them."""
    if native.kind == canonical.kind:
        return ()
    if canonical.kind == "enum":
        return (f'{{ {canonical.members[0] if canonical.members else "member"}: "…" }}',)
    found = {
        definition.name.partition("_")[0]
        for definition in CODECS.values()
        if any(takes(pair, native.kind) and pair[1] == canonical.kind for pair in definition.kinds)
    }
    return tuple(sorted(found))


def takes(pair: tuple[str, str], kind: str) -> bool:
    """Whether a codec reads natives of a kind."""
    return pair[0] in (kind, _ANY) or (pair[0] == "text" and kind in _TEXTS)


def best(pairs: Iterable[tuple[str, str]], kind: str, wanted: Type | None) -> tuple[str, str] | None:
    """The pair by which a codec reads a native of `kind`, the one that gives what is wanted if there is a choice."""
    fitting = [pair for pair in pairs if takes(pair, kind)]
    if wanted is not None:
        name = kind_name(wanted)
        for pair in fitting:
            if pair[1] in (wanted.kind, name) or (pair[1] == "text" and wanted.kind in _TEXTS):
                return pair
    return fitting[0] if fitting else None


def _longer(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)
