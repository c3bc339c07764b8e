"""The compiler's table of contents: one call per phase. Pure; whoever calls it brings the files.

source ─parsing→ tree ─resolving→ model ─checks→ model + diagnostics ─lowering→ view ─emitting→ {path: text}
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

from syncline.checks import check
from syncline.diagnostics.diagnostic import Diagnostic, Severity
from syncline.diagnostics.following import independent
from syncline.measuring import Timed, untimed
from syncline.model.spec import Spec
from syncline.resolving.spec import resolve
from syncline.source import Source, SourceProblem
from syncline.syntax import declarations as syntax
from syncline.syntax.parsing import parse, problem_found

Load = Callable[[str], bytes | None]
"""The bytes of `library:NAME` or of a path as the importing file spells it from its own folder; None when there is none."""


Extra = Callable[[Spec], Iterable[Diagnostic]]
"""A check beside those of the language: a team's own, or one that is only made when asked for."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking a spec gives: the model as far as it makes sense, and everything found, in the order of places.

    `trees` are the files that were read, by the name of their source; `spared` what was found and is allowed, with the reasons.
    """

    model: Spec | None
    diagnostics: tuple[Diagnostic, ...]
    trees: Mapping[str, syntax.Spec] = field(default_factory=dict)
    spared: tuple[tuple[Diagnostic, str], ...] = ()

    @property
    def sound(self) -> bool:
        """Whether there is a model and no error, so that code may be generated."""
        return self.model is not None and not any(map(_is_error, self.diagnostics))


def check_spec(
    name: str,
    data: bytes,
    load: Load,
    extra: Sequence[Extra] = (),
    own: frozenset[str] = frozenset(),
    timed: Timed = untimed,
    asked: frozenset[str] = frozenset(),
) -> Checked:
    """Parse, resolve and check a spec. Never raises for whatever the bytes are.

    `extra` are checks that are made beside those of the language where nothing hides parts of the model; `own` are the
    namespaces of the codes that they report, as far as they are a team's, `asked` those of ours. `timed` does each phase and
    check under its name.
    """
    tree, found = timed("parsing", lambda: parse_bytes(name, data))
    trees = {name: tree}
    # A file that does not parse still resolves as far as it goes, so that one run shows independent mistakes.
    model, resolving = timed("resolving", lambda: resolve(tree, _loader(load, trees, timed)))
    complete = not any(map(_is_error, (*found, *resolving)))
    found = (*found, *independent(found, resolving))
    whole = not any(map(_hides_parts, found))
    checking = check(model, whole=whole, timed=timed) if model is not None else ()
    checking = independent(found, checking)
    if model is not None and model.examples and not any(map(_is_error, (*found, *checking))):
        from syncline.examples import run_examples  # only a spec with examples pays for generating code

        checking = (*checking, *timed("examples", partial(run_examples, model)))
    if model is not None and whole:
        for more in extra:
            checking = (*checking, *timed(getattr(more, "__name__", "extra"), partial(tuple, more(model))))
    found = (*found, *checking)
    spared: tuple[tuple[Diagnostic, str], ...] = ()
    if any(isinstance(declaration, syntax.Allow) for tree in trees.values() for declaration in tree.declarations):
        from syncline.checks.allowances import allowed

        found, spared = allowed(trees, found, complete=complete, own=own, asked=asked)
    return Checked(model, _in_order(found), trees, spared)


def resolve_spec(name: str, data: bytes, load: Load) -> Checked:
    """Parse and resolve a spec without checking it: for one that runs already, which an earlier compiler accepted."""
    tree, found = parse_bytes(name, data)
    trees = {name: tree}
    model, resolving = resolve(tree, _loader(load, trees))
    return Checked(model, _in_order((*found, *independent(found, resolving))), trees)


def check_together(models: Sequence[Spec]) -> tuple[Diagnostic, ...]:
    """What is wrong with several specs that run on the same systems, over and above what is wrong with each."""
    from syncline.checks.cycles import check_cycles
    from syncline.checks.guarantees import check_schedules_together

    return _in_order((*check_cycles(models), *check_schedules_together(models)))


def generate(model: Spec) -> dict[str, str]:
    """The generated package of a sound model, as text by path."""
    from syncline.emitting import emit
    from syncline.lowering import lower

    return emit(lower(model))


def parse_bytes(name: str, data: bytes) -> tuple[syntax.Spec, tuple[Diagnostic, ...]]:
    """The tree of a file's bytes and what is wrong with it."""
    source = Source.from_bytes(name, data)
    if isinstance(source, SourceProblem):
        problem = source
        empty = Source(name, "")
        return parse(empty)[0], (problem_found(problem),)
    return parse(source)


def _is_error(found: Diagnostic) -> bool:
    return found.severity is Severity.ERROR


def _hides_parts(found: Diagnostic) -> bool:
    """Whether a finding means that parts of the model are missing which no flag of the model tells of."""
    return found.code.startswith(("syntax.", "connector.", "not-yet.protocol"))


def _loader(
    load: Load, trees: dict[str, syntax.Spec], timed: Timed = untimed
) -> "Callable[[str], tuple[syntax.Spec, tuple[Diagnostic, ...]] | None]":
    def loaded(name: str) -> tuple[syntax.Spec, tuple[Diagnostic, ...]] | None:
        data = load(name)
        if data is None:
            return None
        parser = _library if name.startswith("library:") else parse_bytes
        parsed = timed("parsing", lambda: parser(name, data))
        trees[name] = parsed[0]
        return parsed

    return loaded


@lru_cache(maxsize=32)
def _library(name: str, data: bytes) -> tuple[syntax.Spec, tuple[Diagnostic, ...]]:
    """`parse_bytes` of what all specs share: whoever checks many parses it once."""
    return parse_bytes(name, data)


def _in_order(found: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    return tuple(
        sorted(found, key=lambda diagnostic: (diagnostic.span.source.name, diagnostic.span.start, diagnostic.code))
    )
