"""What could have stood at a place, in words for people: never the name of a terminal."""

from syncline.syntax.tables import Tables

_PHRASES = {
    "$END": "the end of the file",
    "_SEP": "the end of the line",
    "NAME": "a name",
    "STRING": "a text in quotes",
    "NUMBER": "a number",
    "PERCENT": "a percentage",
    "QUANTITY": "a duration",
    "ARROW": "an arrow",
    "ALLOW": "`allow`",
    "COMMA": "`,`",
}
_OPERANDS = frozenset({"NAME", "STRING", "NUMBER", "PERCENT", "QUANTITY", "LPAR", "LSQB", "MINUS", "IF", "NOT"})
_LITERALS = frozenset({"TRUE", "FALSE", "NULL"})
_OPERATORS = frozenset(
    {
        "PLUS",
        "MINUS",
        "STAR",
        "SLASH",
        "EQUAL",
        "__ANON_0",
        "LESSTHAN",
        "MORETHAN",
        "AND",
        "OR",
        "IS",
        "IN",
        "NOT",
        "BECOMES",
    }
)
_COMPARISONS = frozenset({"!=", "<=", ">="})


def acceptable(tables: Tables, states: list[int], kind: int) -> list[int] | None:
    """The states after a terminal, or None when it does not fit; reductions are tried out, not only looked up."""
    stack = list(states)
    while True:
        action = tables.actions[stack[-1]].get(kind)
        if action is None:
            return None
        if action >= 0:
            return [*stack, action]
        rule = tables.rules[~action]
        if rule.size:
            del stack[-rule.size :]
        stack.append(tables.gotos[stack[-1]][rule.result])


def expected(tables: Tables, states: list[int]) -> list[int]:
    """The terminals that fit here, those of the grammar's words first, in a stable order."""
    state = states[-1]
    fits = [kind for kind in tables.actions[state] if kind == 0 or acceptable(tables, states, kind) is not None]
    return sorted(fits, key=lambda kind: (not tables.phrases[kind].isalpha(), tables.symbols[kind]))


def phrases(tables: Tables, kinds: list[int]) -> tuple[str, ...]:
    """The terminals as phrases, those of an expression joined: "a value", "an operator", `` `where` ``."""
    names = {tables.symbols[kind]: kind for kind in kinds}
    joined: list[str] = []
    if {"NAME", "STRING", "LPAR"} <= names.keys():
        joined.append("a value")
        names = {name: kind for name, kind in names.items() if name not in _OPERANDS | _LITERALS}
    elif {"NAME", "STRING", "TRUE"} <= names.keys():
        joined.append("a word")
        names = {name: kind for name, kind in names.items() if name not in _OPERANDS | _LITERALS}
    if {"PLUS", "STAR"} <= names.keys():
        joined.append("an operator")
        names = {
            name: kind
            for name, kind in names.items()
            if name not in _OPERATORS and tables.phrases[kind] not in _COMPARISONS
        }
    if {"ENTITY", "MAP", "SYNC"} <= names.keys():
        joined.append("a declaration such as `entity` or `map`")
        names = {name: kind for name, kind in names.items() if not tables.phrases[kind] and name != "ALLOW"}
    ends = [name for name in ("_SEP", "$END") if name in names]
    for name in ends:
        del names[name]
    if ends:
        names.pop("RBRACE", None)
        joined.append(_PHRASES[ends[0]])
    return (*(spelled(tables, kind) for kind in names.values()), *joined)


def spelled(tables: Tables, kind: int) -> str:
    """One terminal as a phrase."""
    return _PHRASES.get(tables.symbols[kind]) or f"`{tables.phrases[kind]}`"
