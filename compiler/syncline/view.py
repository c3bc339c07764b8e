"""What the templates print: finished source in frozen strings and tuples."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """A module constant; `target` may carry an annotation, `value` is laid out."""

    target: str
    value: str


@dataclass(frozen=True, slots=True)
class Block:
    """A function or class: its first line, one line of documentation and its indented lines."""

    head: str
    doc: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportGroup:
    """Import statements that stand together, in the order of isort."""

    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module of the package: constants that its blocks use, the blocks, and declarations that use the blocks."""

    file: str
    doc: str
    imports: tuple[ImportGroup, ...] = ()
    constants: tuple[Constant, ...] = ()
    blocks: tuple[Block, ...] = ()
    declarations: tuple[Constant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A whole package. `source` is the spec's file as a comment may show it, `sha256` that of its text and imports."""

    name: str
    source: str
    sha256: str
    api: int
    doc: str
    modules: tuple[Module, ...]
