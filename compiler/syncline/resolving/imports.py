"""All files of a spec: what they declare, in one namespace per kind of declaration."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from posixpath import dirname, join, normpath
from typing import Final, Protocol, TypeAlias, TypeVar

from syncline.diagnostics.diagnostic import Diagnostic, Label
from syncline.resolving.findings import Findings
from syncline.source import Source, Span
from syncline.syntax import (
    Allow,
    Automation,
    CodecDeclaration,
    Connector,
    Derive,
    Entity,
    Enum,
    Example,
    Extend,
    Header,
    Import,
    Map,
    Name,
    Record,
    Spec,
    Sync,
    System,
    TypeDeclaration,
    Use,
)

LIBRARY = "library:"
"""What the name of a library file starts with when it is asked for: `use odoo` loads `library:odoo`."""

Load: TypeAlias = Callable[[str], tuple[Spec, tuple[Diagnostic, ...]] | None]
"""Parses the file of a name: `library:odoo`, or the import's path from the importing file's folder; None where there is none."""

TypeNode: TypeAlias = TypeDeclaration | Enum | Record | Entity
_DEEPEST: Final = 32
_WORDS: Final = {TypeDeclaration: "type", Enum: "enum", Record: "record", Entity: "entity"}


class _Named(Protocol):
    @property
    def name(self) -> Name: ...


Node = TypeVar("Node", bound=_Named)


@dataclass(slots=True)
class Declarations:
    """What all files declare. Maps, syncs and the rest of policy are the main file's alone."""

    header: Header | None = None
    types: dict[str, TypeNode] = field(default_factory=dict)
    codecs: dict[str, CodecDeclaration] = field(default_factory=dict)
    connectors: dict[str, Connector] = field(default_factory=dict)
    systems: dict[str, System] = field(default_factory=dict)
    extensions: list[Extend] = field(default_factory=list)
    maps: list[Map] = field(default_factory=list)
    syncs: list[Sync] = field(default_factory=list)
    automations: list[Automation] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    derivations: list[Derive] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)  # connectors that were used, but that there is no file for
    sources: list[Source] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """Hash of the texts of all files, in the order in which they are reached."""
        digest = sha256()
        for source in self.sources:
            text = source.text.encode("utf-8", "surrogatepass")
            digest.update(b"%d\n" % len(text))
            digest.update(text)
        return digest.hexdigest()


def gather(main: Spec, load: Load, findings: Findings) -> Declarations:
    """The declarations of the main file and of all that it uses and imports, each file once."""
    declarations = Declarations()
    _Reader(declarations, load, findings).read(main, imported=False)
    return declarations


class _Reader:
    __slots__ = ("_done", "_findings", "_into", "_load", "_open")

    def __init__(self, into: Declarations, load: Load, findings: Findings) -> None:
        self._into = into
        self._load = load
        self._findings = findings
        self._open: dict[str, Span | None] = {}
        self._done: set[str] = set()

    def read(self, spec: Spec, imported: bool) -> None:
        if not imported:
            self._open[normpath(spec.source.name)] = None
        self._into.sources.append(spec.source)
        for declaration in spec.declarations:
            match declaration:
                case TypeDeclaration() | Enum() | Record() | Entity():
                    self._declare(_WORDS[type(declaration)], declaration, self._into.types)
                case CodecDeclaration():
                    self._declare("codec", declaration, self._into.codecs)
                case Connector():
                    self._declare("connector", declaration, self._into.connectors)
                case System():
                    self._declare("system", declaration, self._into.systems)
                case Extend():
                    self._into.extensions.append(declaration)
                case Use():
                    self._use(declaration.names)
                case Import():
                    self._import(declaration, spec.source.name)
                case Allow():
                    pass  # speaks of findings, when all are there
                case _ if imported:
                    pass
                case Header():
                    self._header(declaration)
                case Map():
                    self._into.maps.append(declaration)
                case Sync():
                    self._into.syncs.append(declaration)
                case Automation():
                    self._into.automations.append(declaration)
                case Example():
                    self._into.examples.append(declaration)
                case Derive():
                    self._into.derivations.append(declaration)

    def _header(self, header: Header) -> None:
        if self._into.header is None:
            self._into.header = header
        else:
            first = Label(self._into.header.span, "declared-here")
            self._findings.report("spec.header-duplicate", header.span, first, name=header.name.text)

    def _declare(self, kind: str, node: Node, table: dict[str, Node]) -> None:
        first = table.setdefault(node.name.text, node)
        if first is not node:
            self._findings.duplicate(kind, node.name, first.name.span)

    def _use(self, names: Iterable[Name]) -> None:
        for name in names:
            path = LIBRARY + name.text
            if path in self._done:
                continue
            self._done.add(path)
            # The name becomes a file's: a quoted one may not lead out of the library.
            loaded = self._load(path) if name.text.isidentifier() else None
            if loaded is None:
                self._into.missing.add(name.text)
                self._findings.report("import.missing", name.span, path=name.text, kind="connector")
            else:
                self._loaded(*loaded)

    def _import(self, node: Import, importer: str) -> None:
        path = normpath(join(dirname(importer), node.path.value))
        if path in self._open:
            started = self._open[path]
            labels = () if started is None else (Label(started, "imported-here"),)
            self._findings.report("import.cycle", node.span, *labels, path=node.path.value)
        elif path not in self._done:
            self._done.add(path)
            if len(self._open) > _DEEPEST:
                self._findings.report("import.too-deep", node.path.span, path=node.path.value, limit=_DEEPEST)
                self._findings.lacks_a_file()
                return
            loaded = self._load(path)
            if loaded is None:
                self._findings.report("import.missing", node.path.span, path=node.path.value, kind="file")
                self._findings.lacks_a_file()
            else:
                self._open[path] = node.span
                self._loaded(*loaded)
                del self._open[path]

    def _loaded(self, spec: Spec, diagnostics: tuple[Diagnostic, ...]) -> None:
        self._findings.add(diagnostics)
        self.read(spec, imported=True)
