"""What an earlier `check` of the same files found: asked before anything of the compiler is imported.

One JSON file for each command, in a folder that only its user can enter. It names every file that was read, with the hash of its
content, and is used only when all of them, the compiler and its packages are what they were: what is remembered is never
anything but what a check would find. Whatever cannot be read is passed over and written anew.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

import syncline
from syncline.cli.files import loader, settings_file

if TYPE_CHECKING:
    from syncline.diagnostics.diagnostic import Diagnostic
    from syncline.source import Source, Span

FORMAT: Final = 1
KEPT: Final = 400
"""How many commands are remembered; the oldest make room."""

_SOURCES: Final = (".py", ".json", ".jinja")
_ZONES: Final = Path("/usr/share/zoneinfo/tzdata.zi")

Load = Callable[[str], bytes | None]
Read = tuple[str, int, str]
"""A file that was asked for: `spec`, `import`, `settings` or `lock`; of which spec; by what name."""


class Reading:
    """What a check reads, as it reads it."""

    __slots__ = ("_specs", "content", "steady")

    def __init__(self, specs: Sequence[str]) -> None:
        self._specs = specs
        self.content: dict[Read, bytes | None] = {}
        self.steady = True
        for position, spec in enumerate(specs):
            file = settings_file(spec)
            self.note(("settings", position, str(file or "")), _bytes(file) if file else None)
            self.note(("lock", position, f"{spec}.lock"), _bytes(Path(f"{spec}.lock")))

    def note(self, read: Read, data: bytes | None) -> None:
        """Keep what was read; a file that changes while it is checked makes the whole unfit to be remembered."""
        self.steady &= self.content.setdefault(read, data) == data

    def load(self, position: int) -> Load:
        """The loader of a spec's imports, which notes what it gives."""
        load = loader(self._specs[position])

        def noted(name: str) -> bytes | None:
            data = load(name)
            self.note(("import", position, name), data)
            return data

        return noted


def recalled(specs: Sequence[str]) -> "list[Diagnostic] | None":
    """The findings of an earlier check of the same; None when there was none, or anything has changed since."""
    folder = _folder()
    if "-" in specs or folder is None:
        return None
    try:
        digest, _, text = (folder / _name(specs)).read_text(encoding="utf-8").partition("\n")
        if digest != sha256(text.encode()).hexdigest():
            return None
        entry = json.loads(text)
        content = {}
        for kind, position, name, was in entry["inputs"]:
            data = _again(specs, (kind, position, name))
            if _digest(data) != was:
                return None
            content[kind, position, name] = data
        return _unpacked(entry["findings"], specs, content) if entry["findings"] else []
    except (OSError, ValueError, LookupError, TypeError):
        return None


def remember(specs: Sequence[str], reading: Reading, found: "Sequence[Diagnostic]") -> None:
    """Keep the findings for the next time, where they depend on nothing but what was read."""
    content = reading.content
    # Functions in Python can change without any of these files.
    if not reading.steady or "-" in specs or any(b"python(" in data for data in content.values() if data):
        return
    findings = _packed(found, specs, content)
    folder = _folder()
    if findings is None or folder is None:
        return
    from tempfile import NamedTemporaryFile  # costs as much as all the rest of an answer from memory

    inputs = [(*read, _digest(data)) for read, data in content.items()]
    text = json.dumps({"inputs": inputs, "findings": findings})
    try:
        _make_room(folder)
        with NamedTemporaryFile("w", dir=folder, suffix=".new", encoding="utf-8", delete=False) as file:
            file.write(f"{sha256(text.encode()).hexdigest()}\n{text}")
        os.replace(file.name, folder / _name(specs))
    except OSError:
        return  # a full or vanished disk costs time, and nothing else


def _folder() -> Path | None:
    """The folder of what is remembered, made if need be; None where it is not ours alone."""
    asked = os.environ.get("SYNCLINE_CACHE")
    try:
        folder = Path(asked) if asked else _of_platform() / "syncline" / "check"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except (OSError, RuntimeError, ValueError):
        return None
    if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & 0o077 or folder.is_symlink()):
        return None
    return folder


def _of_platform() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _name(specs: Sequence[str]) -> str:
    """The file's name, from the command and all that is not among the files that it reads."""
    key = repr((FORMAT, sys.version, sys.flags.optimize, _compiler(), os.getcwd(), tuple(specs)))
    return f"{sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}.json"


def _compiler() -> list[object]:
    """What tells one compiler from another: each of its files, and the versions of the packages beside it.

    A file counts by its size and times, that of its last change included, which nobody sets: reading all of them would cost
    more than all the rest.
    """
    package = Path(syncline.__file__).parent
    found: list[object] = []
    for folder in (package, _runtime(package)):
        found.extend(sorted(_marks(str(folder))))
    packages = Path(click.__file__).parents[1]
    found.extend(sorted(name for name in os.listdir(packages) if name.endswith(".dist-info")))
    try:
        found.append(_ZONES.stat().st_mtime_ns)
    except OSError:
        found.append("no time zones of the system")
    return found


def _runtime(package: Path) -> Path:
    from importlib.util import find_spec

    found = find_spec("syncline_runtime")
    return Path(found.origin).parent if found is not None and found.origin else package


def _marks(folder: str) -> list[tuple[str, int, int, int]]:
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(_SOURCES):
                state = entry.stat()
                found.append((entry.path, state.st_size, state.st_mtime_ns, state.st_ctime_ns))
            elif entry.name != "__pycache__" and entry.is_dir():
                found.extend(_marks(entry.path))
    return found


def _make_room(folder: Path) -> None:
    files = list(folder.iterdir())
    if len(files) >= KEPT:
        by_age = sorted(files, key=lambda file: file.stat().st_mtime_ns)
        for file in by_age[: len(files) - KEPT // 2]:
            file.unlink(missing_ok=True)


def _again(specs: Sequence[str], read: Read) -> bytes | None:
    kind, position, name = read
    match kind:
        case "spec":
            return _bytes(Path(specs[position]))
        case "import":
            return loader(specs[position])(name)
        case "lock":
            return _bytes(Path(f"{specs[position]}.lock"))
    file = settings_file(specs[position])
    if str(file or "") != name:
        raise ValueError("other settings hold")
    return _bytes(file) if file else None


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _digest(data: bytes | None) -> str | None:
    return None if data is None else sha256(data).hexdigest()


def _source(specs: Sequence[str], read: Read, data: bytes | None) -> "Source":
    """The text in which findings have their places, as the compiler sees it."""
    from syncline.source import Source

    kind, position, name = read
    shown = specs[position] if kind == "spec" else name if kind == "import" else os.path.relpath(name)
    source = Source.from_bytes(shown, data or b"")
    return source if isinstance(source, Source) else source.source


def _packed(found: "Sequence[Diagnostic]", specs: Sequence[str], content: dict[Read, bytes | None]) -> list[Any] | None:
    """The findings as JSON can hold them; None when one has its place in something that was not read."""
    if not found:
        return []
    sources = [_source(specs, read, data) for read, data in content.items() if data is not None]
    places = {source: number for number, source in reversed(list(enumerate(sources)))}

    def place(span: "Span") -> list[int]:
        return [places[span.source], span.start, span.end]

    try:
        return [
            [
                each.code,
                each.severity.value,
                dict(each.facts),
                place(each.span),
                [[place(label.span), label.role, dict(label.facts)] for label in each.labels],
            ]
            for each in found
        ]
    except KeyError:
        return None


def _unpacked(findings: list[Any], specs: Sequence[str], content: dict[Read, bytes | None]) -> "list[Diagnostic]":
    from syncline.diagnostics.diagnostic import Diagnostic, Label, Severity
    from syncline.source import Span

    sources = [_source(specs, read, data) for read, data in content.items() if data is not None]

    def facts(packed: dict[str, Any]) -> dict[str, Any]:
        return {name: tuple(fact) if isinstance(fact, list) else fact for name, fact in packed.items()}

    def span(packed: list[int]) -> Span:
        return Span(sources[packed[0]], packed[1], packed[2])

    return [
        Diagnostic(
            code,
            span(place),
            facts(said),
            tuple(Label(span(where), role, facts(more)) for where, role, more in labels),
            Severity(severity),
        )
        for code, severity, said, place, labels in findings
    ]
