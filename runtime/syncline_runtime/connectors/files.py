"""Files of records as resources: CSV and JSON Lines in a folder, rewritten whole and at once."""

import asyncio
import codecs
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, Final

from syncline_runtime import cursors
from syncline_runtime.answering import Purpose
from syncline_runtime.connectors.decoding import encode
from syncline_runtime.connectors.paths import MISSING, at, flattened_of
from syncline_runtime.connectors.rows import BadFile, Csv, Format, JsonLines, spelled
from syncline_runtime.declaration import Condition, Resource, System
from syncline_runtime.ports import (
    Applied,
    Clock,
    Deletions,
    Gone,
    NativeRecord,
    Outcome,
    Page,
    Refused,
    Stale,
    SystemFailure,
    Unavailable,
    Unidentified,
    Write,
)
from syncline_runtime.settings import Settings, plain, required_text
from syncline_runtime.values import Native

_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class File:
    """A resource as a file."""

    resource: Resource
    path: Path
    format: Format
    flattened: Callable[[dict[str, Any]], Native] | None

    def rows(self) -> Iterator[tuple[int, str | None, dict[str, Any]]]:
        """(line, identity, record as the file holds it) in order, the identity None where there is none. Raises BadFile."""
        lines: dict[str, int] = {}
        if not self.path.exists():
            return
        for line, delivered in self.format.read(self.path):
            identity = at(delivered, self._identity())
            if identity is MISSING or identity is None or identity == "" or isinstance(identity, dict | list | bool):
                yield line, None, delivered
                continue
            key = str(identity)
            if key in lines:
                raise BadFile(
                    f"{self.path.name}, line {line}: {self.resource.identity} {key!r} stands on line {lines[key]}"
                )
            lines[key] = line
            yield line, key, delivered

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(identity, record as the file holds it) in order, of those that have one. Raises BadFile."""
        return ((key, delivered) for _, key, delivered in self.rows() if key is not None)

    def native(self, delivered: dict[str, Any]) -> Native:
        """A record's fields by their names."""
        return delivered if self.flattened is None else self.flattened(delivered)

    def record(self, identity: str, delivered: dict[str, Any]) -> NativeRecord:
        """A record for the port; its version is a hash of its content where the file has no such column."""
        native = self.native(delivered)
        if self.resource.version is not None:
            shown = cursors.shown(native, self.resource.version, self.resource.version_fallback)
            return NativeRecord(identity, native, cursors.raw_text(shown, self.resource.version_spelling))
        return NativeRecord(identity, native, blake2b(encode(delivered), digest_size=12).hexdigest())

    def version(self, identity: str, records: Mapping[str | int, dict[str, Any]]) -> str | None:
        """The version of one of the file's records."""
        return self.record(identity, records[identity]).version

    def changed(self, delivered: Mapping[str, Any], native: Mapping[str, Any]) -> dict[str, Any]:
        """A record with some fields replaced."""
        document: dict[str, Any] = dict(delivered)
        for name, value in native.items():
            declared = self.resource.fields.get(name)
            path = declared.path if declared is not None and declared.path else (name,)
            inner = document
            for part in path[:-1]:
                below = inner.get(part)
                inner[part] = dict(below) if isinstance(below, dict) else {}
                inner = inner[part]
            inner[path[-1]] = value
        return document

    def columns(self) -> Sequence[str]:
        """The columns of the file, or those it will have. Raises BadFile."""
        return (self.format.columns(self.path) if self.path.exists() else ()) or list(self.resource.fields)

    def _identity(self) -> str:
        declared = self.resource.fields.get(self.resource.identity)
        return ".".join(declared.path) if declared is not None and declared.path else self.resource.identity


class FileSystem:
    """`ports.System` over a folder of files; settings `folder`, and for CSV `delimiter` and `encoding`."""

    def __init__(
        self, declared: System, settings: Settings, clock: Clock, new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    ) -> None:
        self.name = declared.name
        self._clock = clock
        self._new_id = new_id
        self._folder = Path(required_text(declared.name, settings, "folder"))
        delimiter = str(plain(settings.get("delimiter", ",")))
        if len(delimiter) != 1:
            raise SystemFailure(self.name, "a delimiter is one character", setting="delimiter")
        try:
            encoding = codecs.lookup(str(plain(settings.get("encoding", "utf-8")))).name
        except LookupError:
            raise SystemFailure(self.name, "it is not an encoding that Python knows", setting="encoding") from None
        self._csv = Csv(delimiter, encoding)
        self._files = {name: self._file(resource) for name, resource in declared.resources.items()}
        self._writing = asyncio.Lock()

    async def open(self) -> None:
        """See that the folder is there and the files have the declared columns. Raises SystemFailure."""
        if not self._folder.is_dir():
            raise SystemFailure(self.name, "the folder is not there", setting="folder")
        for file in self._files.values():
            await self._guarded(self._check, file)

    async def close(self) -> None:
        """Nothing stays open."""

    async def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        """List a file in its order; `since` needs a version column. Raises SystemFailure."""
        file = self._files[resource]
        spelling = file.resource.version_spelling
        rows = file.rows()
        cursor = highest = since
        identified = False
        while True:
            read_at = self._clock.now()
            chunk = await self._guarded(lambda: [*islice(rows, _PAGE)])
            last = len(chunk) < _PAGE
            page = [file.record(key, found) for _, key, found in chunk if key is not None]
            why = f"has no {file.resource.identity}"
            nameless = [
                Unidentified(f"line {line}", why, file.native(found)) for line, key, found in chunk if key is None
            ]
            identified = identified or bool(page)
            if nameless and not identified:
                raise SystemFailure(self.name, f"{file.path.name}, line {chunk[0][0]}: it {why}, nor have the others")
            if file.resource.version is not None:
                versions = [cursors.stored(record.version, spelling) for record in page]
                for version in versions:
                    highest = cursors.later(highest, version, spelling)
                if since is not None:
                    page = [
                        record
                        for record, version in zip(page, versions, strict=True)
                        if version is None or cursors.later(since, version, spelling) == version
                    ]
            kept = [record for record in page if all(record.native.get(c.field) == c.value for c in where)]
            cursor = highest if last else cursor
            yield Page(kept, cursor, read_at, last, nameless)
            if last:
                return

    def deletions(self, resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        """No file tells of its deletions. Raises SystemFailure."""
        raise SystemFailure(self.name, f"{resource} has no feed of deletions")

    async def read(
        self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, NativeRecord | None]:
        """Read records by id. Raises SystemFailure."""
        file = self._files[resource]
        wanted = frozenset(remote_ids)
        found = await self._guarded(lambda: {key: item for key, item in file.records() if key in wanted})
        return {key: file.record(key, found[key]) if key in found else None for key in remote_ids}

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Append records; one outcome each, in order."""
        return await self._write(resource, Purpose.CREATE, writes)

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Change records; one outcome each, in order."""
        return await self._write(resource, Purpose.UPDATE, writes)

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Take records out; one outcome each, in order."""
        return await self._write(resource, Purpose.DELETE, writes)

    async def _write(self, resource: str, purpose: Purpose, writes: Sequence[Write]) -> Sequence[Outcome]:
        async with self._writing:
            return await asyncio.to_thread(self._rewrite, self._files[resource], purpose, writes)

    def _rewrite(self, file: File, purpose: Purpose, writes: Sequence[Write]) -> list[Outcome]:
        """Read the file, apply the writes, and put the result in its place in one step: nobody ever sees half of it."""
        try:
            before = _stamp(file.path)
            # A row without identity keeps its place, under its line.
            records: dict[str | int, dict[str, Any]] = {
                line if key is None else key: found for line, key, found in file.rows()
            }
            columns = file.columns()
            outcomes = [self._apply(file, purpose, records, columns, one) for one in writes]
            if not any(isinstance(outcome, Applied) for outcome in outcomes):
                return outcomes
            content = file.format.text(file.path, records.values(), columns)
            if not _replace(file.path, content, before):
                return [Unavailable(f"{file.path.name} was changed by somebody else meanwhile")] * len(writes)
        except BadFile as error:
            return [Unavailable(str(error))] * len(writes)
        except (OSError, UnicodeEncodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"it cannot hold {error.object[error.start]!r}"
            return [Unavailable(f"{file.path.name} cannot be written: {reason}")] * len(writes)
        return outcomes

    def _apply(
        self,
        file: File,
        purpose: Purpose,
        records: dict[str | int, dict[str, Any]],
        columns: Sequence[str],
        one: Write,
    ) -> Outcome:
        identity = one.remote_id
        if purpose is Purpose.CREATE:
            given = one.native.get(file.resource.identity)
            identity = str(given) if given not in (None, "") else self._next(file, records)
            if identity in records:
                return Refused("unique", f"{file.resource.identity} {identity!r} is there already")
        elif identity not in records:
            return Gone()
        elif (
            one.version is not None
            and file.resource.lock == "version"
            and one.version != file.version(str(identity), records)
        ):
            return Stale()
        key = str(identity)
        if purpose is Purpose.DELETE:
            del records[key]
            return Applied(key)
        unknown = [name for name in one.native if isinstance(file.format, Csv) and name not in columns]
        if unknown:
            return Refused("no-column", f"{file.path.name} has no column {unknown[0]}", {unknown[0]: "no such column"})
        old = records.get(key)
        if old is None:
            numeric = file.resource.fields[file.resource.identity].kind == "integer" and isinstance(
                file.format, JsonLines
            )
            old = file.changed({}, {file.resource.identity: int(key) if numeric else key})
        fresh = file.changed(old, {name: value for name, value in one.native.items() if name != file.resource.identity})
        if isinstance(file.format, Csv) and (bad := file.format.unheld(fresh)):
            return Refused(
                "encoding", f"{file.path.name} is {file.format.encoding}, which has no {bad[1]!r}", {bad[0]: bad[1]}
            )
        records[key] = fresh
        return Applied(key, file.record(key, _as_kept(file.format, columns, fresh)))

    def _next(self, file: File, records: Collection[str | int]) -> str:
        if file.resource.fields[file.resource.identity].kind == "integer":
            return str(
                max(
                    (int(key) for key in records if isinstance(key, str) and key.isascii() and key.isdigit()), default=0
                )
                + 1
            )
        return self._new_id()

    def _file(self, resource: Resource) -> File:
        location = resource.location or f"{resource.name}.csv"
        name = Path(location)
        if name.is_absolute() or ".." in name.parts or resource.identity not in resource.fields:
            raise SystemFailure(
                self.name, f"{resource.name} needs a location inside the folder, and its identity as a field"
            )
        match name.suffix.lower():
            case ".csv" | ".tsv" as suffix:
                style: Format = Csv("\t", self._csv.encoding) if suffix == ".tsv" else self._csv
            case ".jsonl" | ".ndjson":
                style = JsonLines()
            case _:
                raise SystemFailure(self.name, f"{location} is neither .csv nor .jsonl")
        return File(resource, self._folder / name, style, flattened_of(resource))

    def _check(self, file: File) -> None:
        columns = file.format.columns(file.path) if file.path.exists() else ()
        missing = [name for name in file.resource.fields if columns and name not in columns]
        if missing:
            raise BadFile(f"{file.path.name} has no column {missing[0]}")

    async def _guarded(self, work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await asyncio.to_thread(work, *arguments)
        except BadFile as error:
            raise SystemFailure(self.name, str(error)) from None
        except OSError as error:
            raise SystemFailure(self.name, f"a file cannot be read: {error.strerror}", setting="folder") from None


def _as_kept(style: Format, columns: Sequence[str], record: dict[str, Any]) -> dict[str, Any]:
    """A record as the next reading will show it."""
    if isinstance(style, Csv):
        return {name: spelled(record.get(name)) for name in columns}
    return record


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def _replace(path: Path, content: bytes, before: tuple[int, int, int] | None) -> bool:
    """Put `content` in the place of the file, unless that changed since `before`."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        if before is not None:
            os.chmod(temporary, path.stat().st_mode & 0o7777)
        if _stamp(path) != before:
            os.unlink(temporary)
            return False
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True
