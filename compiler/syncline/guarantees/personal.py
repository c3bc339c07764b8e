"""Where personal data stands in a system, by the maps."""

from collections.abc import Iterator

from syncline.guarantees.guarantee import Guarantee, Topic
from syncline.model.spec import Field, Map, NativeField, Sync
from syncline.model.spelling import names_in

_DONE = {
    "purge": "its record here is deleted",
    "clear": "the personal fields of its record here are emptied",
    "keep": "its record here is left as it is",
}


def personal_lines(side: Map) -> dict[int, str]:
    """The lines of a map that carry personal data, by position, each with the first field that it is."""
    found: dict[int, str] = {}
    personal = {name for name, field in side.entity.fields.items() if field.pii}
    for position, line in enumerate(side.lines):
        names = () if line.expression is None else names_in(line.expression)
        own = (line.field.name,) if line.field is not None else ()
        carried = [name for name in (*own, *names) if name in personal]
        if carried:
            found[position] = carried[0]
    return found


def personal_paths(side: Map) -> Iterator[tuple[int, str, Field]]:
    """The lines of a map that carry personal data of records that the entity refers to, each with the path and the field."""
    for position, line in enumerate(side.lines):
        for name in () if line.expression is None else names_in(line.expression):
            look = side.looks.get(name)
            if look is not None and look.field.pii:
                yield position, name, look.field


def personal_natives(side: Map) -> Iterator[tuple[NativeField, str]]:
    """The fields of the resource that personal data stands in, each once, with the entity's field that it is."""
    seen: set[str] = set()
    for position, name in personal_lines(side).items():
        for native in side.lines[position].natives:
            if native.name not in seen:
                seen.add(native.name)
                yield native, name


def unwritable(side: Map) -> Iterator[tuple[NativeField, str]]:
    """Of the personal natives those that cannot be emptied: read-only ones, and such as must not be empty."""
    for native, name in personal_natives(side):
        if not native.writable or native.required:
            yield native, name


def erasure(sync: Sync, side: Map) -> Iterator[Guarantee]:
    """What `erase` does in a system."""
    for rule in sync.erases:
        if rule.system.name == side.system.name:
            why = f": {rule.reason}" if rule.reason else ""
            yield Guarantee(
                Topic.PERSONAL_DATA,
                f"erase-{rule.action}",
                f"when a person is erased, {_DONE[rule.action]}{why}; nothing of it is kept in the state of the sync",
                (rule.span,),
            )
