"""Records between their delivered form and the port's: identity, version, fields that stand elsewhere."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from syncline_runtime.connectors import children
from syncline_runtime.connectors.calls import UnsafeId, any_unsafe, segment
from syncline_runtime.connectors.paths import MISSING, asked_name, at, flattened_of
from syncline_runtime.cursors import raw_text, shown
from syncline_runtime.declaration import NativeField, Resource
from syncline_runtime.ports import NativeRecord, Unidentified
from syncline_runtime.values import ABSENT, Native

_NO_IDENTITY: Final = frozenset((dict, list, bool))


class NotARecord(Exception):
    """The answer has something else where a record should stand: `why` is what is wrong with it, `native` what it shows."""

    def __init__(self, message: str, why: str = "", native: Native | None = None) -> None:
        super().__init__(message)
        self.why, self.native = why, native


@dataclass(frozen=True, slots=True)
class Shape:
    """How the records of one resource are delivered; `addressed` says that their ids stand in addresses, `bare` that an id alone
    may stand for each."""

    resource: Resource
    identity: str
    flattened: Callable[[dict[str, Any]], Native] | None
    children: tuple[NativeField, ...]
    numeric: bool
    addressed: bool = False
    left_out: tuple[str, ...] = ()
    bare: bool = False

    def record(self, delivered: Any, etag: str | None = None) -> NativeRecord:
        """A delivered record. Raises NotARecord."""
        resource = self.resource
        if type(delivered) is not dict:
            what = type(delivered).__name__
            raise NotARecord(f"a record of {resource.name} is expected, not {what}", f"is no record but {what}")
        native = delivered if self.flattened is None else self.flattened(delivered)
        for field in self.children:
            found = children.shown(delivered, field.child) if field.child is not None else MISSING
            if found is not MISSING:
                native = {**native, field.name: found}
        identity = native.get(self.identity)
        if identity is None or identity == "" or type(identity) in _NO_IDENTITY:
            why = f"has no {self.identity}"
            raise NotARecord(f"a record of {resource.name} {why}", why, native)
        version = etag if etag and resource.lock == "etag" else None
        if version is None and resource.version is not None:
            version = native.get(resource.version)
            if type(version) is not str or not version:
                version = raw_text(
                    shown(native, resource.version, resource.version_fallback), resource.version_spelling
                )
        return NativeRecord(identity if type(identity) is str else str(identity), native, version)

    def records(self, delivered: Sequence[Any], page: int) -> tuple[list[NativeRecord], list[Unidentified], list[str]]:
        """The records of a page; those that nobody can call by an id; and all identities in order, empty for one of the latter."""
        if self.bare:
            delivered = [item if isinstance(item, dict | list) else {self.identity: item} for item in delivered]
        try:
            found = [self.record(item) for item in delivered]
        except NotARecord:
            return self._told_apart(delivered, page)
        ids = [record.remote_id for record in found]
        return self._told_apart(delivered, page) if self.addressed and any_unsafe(ids) else (found, [], ids)

    def _told_apart(
        self, delivered: Sequence[Any], page: int
    ) -> tuple[list[NativeRecord], list[Unidentified], list[str]]:
        found: list[NativeRecord] = []
        unidentified: list[Unidentified] = []
        ids: list[str] = []
        for number, item in enumerate(delivered, start=1):
            native, why = None, ""
            try:
                record = self.record(item)
                native = record.native
                if self.addressed:
                    segment(record.remote_id)
            except NotARecord as error:
                native, why = error.native, error.why
            except UnsafeId:
                why = f"has an {self.identity} that cannot stand in an address: servers would read it as syntax"
            if why:
                unidentified.append(Unidentified(f"page {page}, record {number}", why, native))
                ids.append("")
            else:
                found.append(record)
                ids.append(record.remote_id)
        return found, unidentified, ids

    def asked(self, names: Iterable[str]) -> list[str]:
        """How these fields, and those that the engine itself needs, are called when asking for them."""
        resource = self.resource
        own = (resource.identity, resource.version, resource.version_fallback)
        asked: dict[str, None] = {}
        for name in (*names, *own):
            declared = resource.fields.get(name) if name else None
            if declared is not None and declared.child is not None:
                asked.update(dict.fromkeys(children.asked(declared.child)))
            elif name:
                asked[asked_name(resource, name)] = None
        return list(asked)

    def spelled_id(self, remote_id: str) -> str | int:
        """A remote id as the system spells it: a number where the identity is one."""
        if self.numeric:
            try:
                return int(remote_id)
            except ValueError:
                return remote_id
        return remote_id


def shape(resource: Resource, *, bare: bool = False) -> Shape:
    """The shape of a resource's records; where they are `bare`, a text or a number is the id of one."""
    declared = resource.fields.get(resource.identity)
    return Shape(
        resource,
        resource.identity,
        flattened_of(resource),
        tuple(field for field in resource.fields.values() if field.child is not None),
        declared is not None and declared.kind == "integer",
        any(
            "{id}" in operation.call.target.template
            for operation in (resource.read, resource.update, resource.delete)
            if operation is not None
        ),
        left_out(resource),
        bare,
    )


def left_out(resource: Resource) -> tuple[str, ...]:
    """The fields that are null where a reading lacks them."""
    return tuple(field.name for field in resource.fields.values() if field.absent_is_null)


def answered(native: Native, names: Sequence[str], sent: Native) -> Native:
    """What the answer to a write shows, which may be no more than a part of the record: of `names`, fields that it lacks are not
    shown, but for those that were emptied."""
    lacking = [name for name in names if name not in native]
    if not lacking:
        return native
    emptied = {name: sent[name] for name in lacking if name in sent and (sent[name] is None or sent[name] == "")}
    return {**native, **dict.fromkeys(lacking, ABSENT), **emptied}


def items_at(document: Any, path: str, resource: str) -> list[Any]:
    """The list that stands at `path`. Raises NotARecord."""
    found = at(document, path)
    match found:
        case list():
            return found
        case Mapping() if not path:
            raise NotARecord(f"the answer to a listing of {resource} is an object; its records stand deeper")
        case _:
            what = "nothing" if found is MISSING else type(found).__name__
            raise NotARecord(
                f"the answer to a listing of {resource} has {what} at {path or 'its top'!r} instead of a list"
            )
