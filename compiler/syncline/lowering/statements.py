"""Lines of generated functions, each with a comment that names its place in the spec."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from syncline.lowering.layout import INDENT, WIDTH, Bracketed, Code, Imported, Item, Plain, flat, laid_out
from syncline.lowering.naming import distinct, snake


@dataclass(frozen=True, slots=True)
class Statement:
    """A line of code with the place in the spec that it comes from. `label` stands before the code, `about` is what it computes."""

    label: str
    code: Code
    remark: str
    about: str = ""


def entry_of(statement: Statement) -> Iterator[str]:
    """The statement as an entry of a dict display in a function; every line ends with the remark."""
    indent = INDENT * 2
    before = len(indent) + len(statement.label)
    body = laid_out(statement.code, indent=indent, before=before, after=1, remark=statement.remark)
    yield from f"{indent}{statement.label}{body},{statement.remark}".splitlines()


def line_of(statement: Statement, indent: str) -> Iterator[str]:
    """The statement as lines of its own."""
    before = len(indent) + len(statement.label)
    body = laid_out(statement.code, indent=indent, before=before, after=0, remark=statement.remark)
    yield from f"{indent}{statement.label}{body}{statement.remark}".splitlines()


def settle(entries: Iterable[Statement], taken: Iterable[str]) -> tuple[list[Statement], list[Statement]]:
    """Entries that fit on a line each; the arguments of those that did not are assigned to local names before."""
    before: list[Statement] = []
    settled: list[Statement] = []
    used = set(taken)
    for entry in entries:
        while not _fits(entry, INDENT * 2, 1) and (split := _split(entry, used)) is not None:
            statement, entry = split
            used.add(statement.label.removesuffix(" = "))
            before += _unfolded(statement, used)
        if not _fits(entry, INDENT * 2, 1):
            name = _local(entry.about, used)
            whole = replace(entry, label=f"{name} = ")
            if _fits(whole, INDENT, 0):
                used.add(name)
                before.append(whole)
                entry = replace(entry, code=Plain(name))
        settled.append(entry)
    return before, settled


def _unfolded(statement: Statement, used: set[str]) -> list[Statement]:
    """The statement, with others before it as long as it is too long for a line."""
    before: list[Statement] = []
    while not _fits(statement, INDENT, 0) and (split := _split(statement, used)) is not None:
        part, statement = split
        used.add(part.label.removesuffix(" = "))
        before += _unfolded(part, used)
    return [*before, statement]


def _fits(statement: Statement, indent: str, after: int) -> bool:
    width = len(indent) + len(statement.label) + len(flat(statement.code)) + after + len(statement.remark)
    return width <= WIDTH


def _split(statement: Statement, used: set[str]) -> tuple[Statement, Statement] | None:
    """The statement without its longest argument, and the one that computes that first; None where nothing can be taken out.

    Only arguments of calls and keys of subscripts are taken out: they are evaluated in any case, branches of a choice are not.
    """
    code = statement.code
    if not isinstance(code, Bracketed) or not isinstance(code.head, Plain | Imported):
        return None
    calls = [
        position for position, item in enumerate(code.items) if isinstance(item.code, Bracketed) and item.code.head
    ]
    if not calls:
        return None
    longest = max(calls, key=lambda position: len(flat(code.items[position].code)))
    name = _local(statement.about, used)
    items = tuple(
        Item(item.label, Plain(name)) if position == longest else item for position, item in enumerate(code.items)
    )
    part = replace(statement, label=f"{name} = ", code=code.items[longest].code)
    return part, replace(statement, code=replace(code, items=items))


def _local(about: str, used: set[str]) -> str:
    wish = snake(about)
    free = next(name for name in (wish, *(f"{wish}{count}" for count in range(2, 1000))) if name not in used)
    return distinct(((about, free),), used)[about]
