"""A source to its syntax tree. The only module that knows Lark, which turns the grammar into tables and then rests.

A spec without a mistake is parsed in one straight pass. At the first mistake the work is done again by `recovering`,
which reports every independent mistake. Codes and facts:

- `syntax.unexpected`: found, expected (phrases), suggestion (a word or "")
- `syntax.reserved-word`: word
- `syntax.arrow-spacing`: none
- `syntax.unclosed-brace`: bracket; label `noticed-here`
- `syntax.unopened-brace`: bracket
- `syntax.mismatched-bracket`: opened, closed; label `opened-here`
- `syntax.unterminated-string`, `syntax.unterminated-name`: none
- `syntax.bad-character`: character, name (as Unicode calls it)
- `syntax.bad-escape`: escape
- `syntax.repeated-otherwise`: none
- `syntax.too-deep`: limit
- `syntax.too-many`: limit; alone, at the first of so many mistakes that the file is no spec
- `syntax.empty`: none
- `syntax.too-large`: size, limit
- `syntax.nul`: none
- `syntax.not-formattable`: lost (meaning, comments or stability); only `formatting` gives it, and it is our mistake
- `syntax.not-utf8`: byte, looks_like (an encoding or "")
"""

import gc
from typing import Any

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.source import Source, SourceProblem, Span
from syncline.syntax.building import Builder
from syncline.syntax.declarations import Spec
from syncline.syntax.driving import Driver, driven
from syncline.syntax.scanning import EXTRA_GROUPS, laid_out, layout_of, scanned
from syncline.syntax.tables import tables


def parse(source: Source) -> tuple[Spec, tuple[Diagnostic, ...]]:
    """The tree of a source and every mistake in it, in the order of the text; with mistakes, the tree of the rest."""
    problem = source.problem()
    if problem is not None:
        return Spec(source, (), (), Span(source, 0, 0)), (problem_found(problem),)
    # A tree is all growth and no garbage: collecting in between costs a third of the time and finds nothing.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _parsed(source)
    finally:
        if collecting:
            gc.enable()


def problem_found(problem: SourceProblem) -> Diagnostic:
    """The diagnostic of bytes or a text that are no source."""
    return Diagnostic(problem.code, Span(problem.source, problem.start, problem.end), problem.facts)


def _parsed(source: Source) -> tuple[Spec, tuple[Diagnostic, ...]]:
    parser = tables()
    layout = layout_of(parser)
    found = scanned(source, parser)
    builder = Builder(source, found.docs)
    tokens = laid_out(found.tokens, layout, len(source.text))
    declarations = driven(Driver.of(parser, builder), tokens) if tokens is not None else None
    diagnostics: list[Diagnostic] = []
    if declarations is None:
        from syncline.syntax.recovering import recovered  # a spec without a mistake does without

        builder = Builder(source, found.docs)
        declarations, diagnostics = recovered(Driver.of(parser, builder), builder.source, found.tokens)
    elif not declarations:
        diagnostics.append(Diagnostic("syntax.empty", Span(source, 0, 0)))
    diagnostics += [Diagnostic(code, Span(source, at, end), facts) for code, at, end, facts in builder.problems]
    if any(diagnostic.code == "syntax.too-deep" for diagnostic in diagnostics):
        declarations = ()  # so that no later phase can run out of stack
    diagnostics.sort(key=lambda diagnostic: (diagnostic.span.start, diagnostic.span.end))
    spec = Spec(source, declarations, tuple(found.comments), Span(source, 0, len(source.text)))
    return spec, tuple(diagnostics)


def compile_grammar(grammar: str) -> dict[str, Any]:
    """The tables of a grammar, in the form that `tables` reads from its file; the same for the same grammar."""
    import keyword

    import lark
    from lark.lexer import PatternStr
    from lark.parsers.lalr_analysis import Shift

    compiled = lark.Lark(grammar, parser="lalr", lexer="contextual", start="spec")
    automaton = compiled.parser.parser._parse_table
    terminals = sorted(
        compiled.terminals, key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name)
    )
    phrases = {t.name: t.pattern.value for t in terminals if isinstance(t.pattern, PatternStr)}
    names = ["$END", *(t.name for t in terminals), *sorted(compiled.ignore_tokens)]
    names += [name for name in ("_SEP",) if name not in names]
    count = len(names)
    names += sorted({rule.origin.name for rule in compiled.rules})
    number = {name: at for at, name in enumerate(names)}
    words = {text: number[name] for name, text in phrases.items() if text.isidentifier()}
    spelled = [t for t in terminals if t.name not in phrases or not phrases[t.name].isidentifier()]
    pattern = "|".join([f"({t.pattern.to_regexp()})" for t in spelled] + [f"({text})" for text, _ in EXTRA_GROUPS])

    rules = [
        [
            _builder(rule, keyword.iskeyword),
            number[rule.origin.name],
            len(rule.expansion),
            _parts(rule),
        ]
        for rule in compiled.rules
    ]
    place = {rule: at for at, rule in enumerate(compiled.rules)}
    # Lark numbers its states by the order of a set; ours are numbered in the order in which they are reached.
    start = automaton.start_states["spec"]
    renumbered = {start: 0}
    for state in (states := [start]):
        for _, (action, target) in sorted(automaton.states[state].items(), key=lambda item: number[item[0]]):
            if action is Shift and target not in renumbered:
                renumbered[target] = len(states)
                states.append(target)
    rows: dict[tuple[int, ...], int] = {}
    actions: list[int] = []
    gotos: list[int] = []
    entries = [0] * len(states)
    for state in states:
        acting: list[int] = []
        going: list[int] = []
        for name, (action, argument) in sorted(automaton.states[state].items(), key=lambda item: number[item[0]]):
            symbol = number[name]
            if action is Shift:
                target = renumbered[argument]
                entries[target] = symbol
                (acting if symbol < count else going).extend((symbol, target))
            elif argument in place:
                acting.extend((symbol, ~place[argument]))
        actions.append(rows.setdefault(tuple(acting), len(rows)))
        gotos.append(rows.setdefault(tuple(going), len(rows)))
    return {
        "grammar": grammar,
        "symbols": names,
        "terminals": count,
        "phrases": [phrases.get(name, "") for name in names[:count]],
        "words": words,
        "pattern": f"[ \\t\\f\\ufeff]*+(?:{pattern})",
        "groups": [0, *(number[t.name] for t in spelled), *(kind for _, kind in EXTRA_GROUPS)],
        "rules": rules,
        "rows": [list(row) for row in rows],
        "actions": actions,
        "gotos": gotos,
        "entries": entries,
        "start": 0,
        "accept": renumbered[automaton.end_states["spec"]],
    }


def _builder(rule: Any, is_keyword: Any) -> str:
    name = rule.alias or rule.origin.name
    if name.endswith("_list"):
        return "+" if rule.expansion[0].name == name else "*"
    if rule.options.expand1 and not rule.alias and len(_parts(rule)) == 1:
        return ""
    return f"{name}_" if is_keyword(name) else str(name)


def _parts(rule: Any) -> list[int]:
    """What Lark would hand on of a rule's expansion: no fixed terminals unless it keeps them, none for absent parts."""
    size = len(rule.expansion)
    marks = "".join(str(int(absent)) for absent in rule.options.empty_indices) or "0" * size
    absent = [len(run) for run in marks.split("0")]
    parts: list[int] = []
    for at, symbol in enumerate(rule.expansion):
        parts += [0] * absent[at]
        if rule.options.keep_all_tokens or not (symbol.is_term and symbol.filter_out):
            parts.append(at - size)
    return parts + [0] * absent[size]
