"""Paths through references: records are completed by what their references lead to, and writes find the record that is meant.

`country_id.code` is delivered beside `country_id`, by a second look-up of the referenced records, as many at a time as the
resource allows and each once in a run. Written, it is looked for among the referenced records: the one that has the value is
referred to; where none or several have it, the write is refused with the path as the field at fault.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from syncline_runtime import codecs
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.declaration import Condition, Through
from syncline_runtime.declaration import System as Declared
from syncline_runtime.ports import (
    Applied,
    Deletions,
    NativeRecord,
    Outcome,
    Page,
    Reading,
    Refused,
    System,
    Write,
)
from syncline_runtime.values import ABSENT, Native


def followed(declared: Declared, system: System) -> System:
    """The system with what stands behind its references, or as it is where no map asks for that."""
    return Followed(declared, system) if any(one.through for one in declared.resources.values()) else system


class Followed:
    """A system whose records show what their references lead to, and take it. What was looked up is kept while it is open."""

    def __init__(self, declared: Declared, system: System) -> None:
        self.name = system.name
        self._system = system
        self._resources = declared.resources
        self._values: dict[Through, dict[str, Any]] = {}
        self._ids: dict[Through, dict[Any, tuple[str, ...]]] = {}

    async def open(self) -> None:
        self._values.clear()
        self._ids.clear()
        await self._system.open()

    async def close(self) -> None:
        await self._system.close()

    async def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        ways, own = self._ways(resource, fields)
        through = self._resources[resource].through
        direct = [condition for condition in where if condition.field not in through]
        async for page in self._system.pages(resource, fields=own, where=direct, since=since):
            yield replace(page, records=await self._completed(ways, page.records)) if ways else page

    def deletions(self, resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        return self._system.deletions(resource, since=since)

    async def read(self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]) -> Mapping[str, Reading]:
        ways, own = self._ways(resource, fields)
        found = await self._system.read(resource, remote_ids, fields=own)
        if not ways:
            return found
        records = await self._completed(ways, [record for record in found.values() if isinstance(record, NativeRecord)])
        return {**found, **{record.remote_id: record for record in records}}

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        return await self._written(resource, writes, self._system.create)

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        return await self._written(resource, writes, self._system.update)

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        return await self._system.delete(resource, writes)

    # -- reading -------------------------------------------------------------------------------------------------------

    def _ways(self, resource: str, fields: Iterable[str]) -> tuple[dict[str, Through], list[str]]:
        """The paths among some fields, and the fields to ask for instead."""
        through = self._resources[resource].through
        ways = {name: through[name] for name in fields if name in through}
        own = dict.fromkeys(through[name].reference if name in through else name for name in fields)
        return ways, list(own)

    async def _completed(self, ways: Mapping[str, Through], records: Sequence[NativeRecord]) -> list[NativeRecord]:
        for way in dict.fromkeys(ways.values()):
            await self._look_up(way, {held_id(way, record.native) for record in records})
        return [replace(record, native=self._complete(ways, record.native)) for record in records]

    def _complete(self, ways: Mapping[str, Through], native: Native) -> Native:
        native = dict(native)
        for path, way in ways.items():
            remote_id = held_id(way, native)
            value = remote_id if not isinstance(remote_id, str) else self._values[way].get(remote_id, ABSENT)
            if value is not ABSENT:
                native[path] = value
        return native

    async def _look_up(self, way: Through, ids: Iterable[object]) -> None:
        values = self._values.setdefault(way, {})
        missing = sorted(one for one in ids if isinstance(one, str) and one not in values)
        if not missing:
            return
        target = self._resources[way.resource]
        if target.read is not None:
            found = await self.read(way.resource, missing, fields=(way.field,))
            values.update((one, self._value(way, found.get(one))) for one in missing)
        else:
            async for page in self.pages(way.resource, fields=(target.identity, way.field)):
                values.update((record.remote_id, self._value(way, record)) for record in page.records)
            values.update((one, ABSENT) for one in missing if one not in values)

    def _value(self, way: Through, record: Reading) -> Any:
        declared = self._resources[way.resource].fields.get(way.field)
        lacking = None if declared is not None and declared.absent_is_null else ABSENT
        return ABSENT if not isinstance(record, NativeRecord) else record.native.get(way.field, lacking)

    # -- writing -------------------------------------------------------------------------------------------------------

    async def _written(self, resource: str, writes: Sequence[Write], send: Any) -> Sequence[Outcome]:
        through = self._resources[resource].through
        ways = {name: through[name] for write in writes for name in write.native if name in through}
        if not through:
            sent: Sequence[Outcome] = await send(resource, writes)
            return sent
        for name, way in ways.items():
            await self._find(way, [write.native[name] for write in writes if name in write.native])
        outcomes: list[Outcome | None] = []
        sending: list[Write] = []
        for write in writes:
            native, refused = self._referring(ways, write.native)
            outcomes.append(refused)
            if refused is None:
                sending.append(replace(write, native=native))
        answers = iter(await send(resource, sending) if sending else ())
        found: list[Outcome] = [next(answers) if outcome is None else outcome for outcome in outcomes]
        told = [one.record for one in found if isinstance(one, Applied) and one.record is not None]
        shown = iter(await self._completed(through, told))
        return [
            replace(one, record=next(shown)) if isinstance(one, Applied) and one.record is not None else one
            for one in found
        ]

    async def _find(self, way: Through, values: Iterable[Any]) -> None:
        """Look for the records that have some values."""
        known, target = self._ids.setdefault(way, {}), self._resources[way.resource]
        for value in values:
            if _blank(value) or value in known:
                continue
            ids: list[str] = []
            condition = Condition(field=way.field, value=value)
            async for page in self.pages(way.resource, fields=(target.identity, way.field), where=(condition,)):
                ids += [record.remote_id for record in page.records if record.native.get(way.field) == value]
                shown = [one.native for one in page.unidentified if one.native is not None]
                ids += ["" for native in shown if native.get(way.field) == value]
            known[value] = tuple(dict.fromkeys(ids))
            if len(ids) == 1 and ids[0]:
                self._values.setdefault(way, {})[ids[0]] = value

    def _referring(self, ways: Mapping[str, Through], native: Native) -> tuple[Native, Refused | None]:
        """The fields to be sent, with references for paths; or why they cannot be."""
        own = {name: value for name, value in native.items() if name not in ways}
        for path, way in ways.items():
            if path not in native:
                continue
            value = native[path]
            ids = self._ids[way][value] if not _blank(value) else ()
            if len(ids) != 1 and not _blank(value):
                several = len(ids) > 1
                why = f"{len(ids) if several else 'no'} record{'s' if several else ''} of {way.resource} "
                why += f"{'have' if several else 'has'} this {way.field}"
                return own, Refused(f"reference.{'several' if several else 'none'}", why, {path: why})
            if "" in ids:
                why = f"the record of {way.resource} with this {way.field} shows no identity"
                return own, Refused("reference.unidentified", why, {path: why})
            own[way.reference] = spelled(way, ids[0] if ids else None)
        return own, None


def _blank(value: object) -> bool:
    return value is None or value == ""


def held_id(way: Through, native: Native) -> object:
    """The id that the reference in front of a path holds, None where there is none, ABSENT where it is not shown or no id."""
    value = native.get(way.reference, None if way.absent_is_null else ABSENT)
    if way.null:
        value = getattr(codecs, codecs.NULLS[way.null].get)(value)
    try:
        return getattr(codecs, codecs.WIRE["ref", way.spelled].get)(value)
    except CodecError:
        return ABSENT


def spelled(way: Through, remote_id: str | None) -> Any:
    """The reference in front of a path, as the system spells one to a record, or to none."""
    value = getattr(codecs, codecs.WIRE["ref", way.spelled].put)(remote_id)
    return getattr(codecs, codecs.NULLS[way.null].put)(value) if way.null else value
