"""The resolved spec in the language's words: codecs, expressions and rules, spelled the same however they were laid out."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from syncline.model.expressions import Apply, Both, Choose, Constant, EntityField, Expression, NativeValue
from syncline.model.spec import CodecUse, Line, MatchRule, Trigger, Truth
from syncline_runtime.codecs.registry import CODECS
from syncline_runtime.declaration import When

_UNITS = (
    ("week", timedelta(weeks=1)),
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
    ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
    ("ms", timedelta(milliseconds=1)),
)

Rename = Callable[[str], str]
"""From a field's name to the name it goes by."""


def same(name: str) -> str:
    """The name itself."""
    return name


def literal(value: str | int | bool | Decimal | timedelta | None) -> str:
    """A value as a literal of the language."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case timedelta():
            return _interval(value)
        case _:
            return str(value)


def spelled(expression: Expression, field: Rename = same) -> str:
    """An expression, with brackets around each part; `field` renames the entity's fields in it."""
    match expression:
        case Constant(value=str() as member, type=kind) if kind.kind == "enum":
            return member
        case Constant(value=value):
            return "[]" if isinstance(value, frozenset | tuple) else literal(value)
        case EntityField(name=name):
            return field(name)
        case NativeValue(name=name):
            return name
        case Apply(function="becomes", arguments=(Apply(function="=", arguments=(subject, state)),)):
            return f"{_part(subject, spelled(subject, field))} becomes {_part(state, spelled(state, field))}"
        case Apply(function="becomes", arguments=(Apply(function=word, arguments=(subject,)),)):
            return f"{_part(subject, spelled(subject, field))} becomes {word.removeprefix('is ')}"
        case Apply(function=function, arguments=arguments):
            return _applied(function, [(argument, spelled(argument, field)) for argument in arguments])
        case Both(every=every, parts=parts):
            return (" and " if every else " or ").join(_part(part, spelled(part, field)) for part in parts)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            choice = [_part(part, spelled(part, field)) for part in (condition, then, otherwise)]
            return f"if {choice[0]} then {choice[1]} else {choice[2]}"


def names_in(expression: Expression) -> tuple[str, ...]:
    """The entity's fields that an expression reads, each once, in the order of reading."""
    return tuple(dict.fromkeys(part.name for part in _leaves(expression) if isinstance(part, EntityField)))


def natives_in(expression: Expression) -> tuple[str, ...]:
    """The resource's fields that an expression reads, each once, in the order of reading."""
    return tuple(dict.fromkeys(part.name for part in _leaves(expression) if isinstance(part, NativeValue)))


def spelled_codec(use: CodecUse) -> str:
    """One step of a pipeline; a declared codec by what it does, not by its name."""
    if use.table:
        rows = [f"{member}: {_alternatives(natives)}" for member, natives in use.table]
        rows += [] if use.otherwise is None else [f"otherwise: {use.otherwise}"]
        return f"{{ {', '.join(rows)} }}"
    definition = CODECS.get(use.name)
    name = use.name if definition is None else definition.name.partition("_")[0]
    if not use.arguments:
        return name
    words = [] if definition is None else [parameter.kind == "choice" for parameter in definition.parameters]
    given = [str(value) if at < len(words) and words[at] else literal(value) for at, value in enumerate(use.arguments)]
    return f"{name}({', '.join(given)})"


def spelled_pipeline(pipeline: Iterable[CodecUse]) -> str:
    """The steps in the order of reading from the system; empty for none."""
    return " then ".join(map(spelled_codec, pipeline))


def spelled_natives(line: Line) -> str:
    """The resource's side of a line."""
    names = [native.name for native in line.natives]
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def fields_in(expression: Expression | None) -> list[EntityField | NativeValue]:
    """The fields that an expression reads, with repetitions; None reads none."""
    return [] if expression is None else [one for one in _leaves(expression) if not isinstance(one, Constant)]


def spelled_picked(line: Line) -> Iterator[str]:
    """The lines of the elements that a line picks."""
    for key, elements in line.picked:
        for each in elements.lines:
            name = "" if line.field is None else line.field.name
            yield f"{name}[{literal(key)}].{spelled_line(each)}"


def spelled_line(line: Line, field: Rename = same) -> str:
    """A whole line of a map."""
    if line.picked:
        return ", ".join(spelled_picked(line))
    left = spelled_natives(line) if line.field is None else field(line.field.name)
    right = spelled_natives(line)
    if line.expression is not None:
        computed = spelled(line.expression, field)
        left, right = (computed, right) if line.field is None else (left, computed)
    codec = f" as {spelled_pipeline(line.pipeline)}" if line.pipeline else ""
    condition = "" if line.when is When.ALWAYS else f" {line.when.said}"
    return f"{left} {line.arrow.value} {right}{codec}{condition}"


def spelled_truth(rule: Truth, field: Rename = same) -> str:
    """What a truth rule says, without the fields that it says it of."""
    systems = [system.name for system in rule.systems]
    match rule.rule:
        case "owned":
            when = "" if rule.when is None else f" when {spelled(rule.when, field)}"
            return f"owned by {' '.join(systems)}{when}" + ("" if rule.drift == "overwrite" else f" {rule.drift}")
        case "prefers":
            return f"prefers {' then '.join(systems)}"
        case "newest":
            return "newest" + (f" else {' then '.join(systems)}" if systems else "")
        case "python":
            return f"python({literal(rule.function)})"
        case word:
            return word


def spelled_match(rules: Iterable[MatchRule], field: Rename = same) -> str:
    """The rules of identity in the order in which they are tried."""
    return " then ".join(_match_rule(rule, field) for rule in rules)


def spelled_trigger(trigger: Trigger) -> str:
    """A `run` line without its first word."""
    full = "full " if trigger.full else ""
    match trigger.kind:
        case "every":
            return f"{full}every {_interval(timedelta(seconds=trigger.seconds or 0))}"
        case "daily":
            return f"{full}daily at {literal(trigger.at)} in {literal(trigger.zone)}"
        case "after":
            return f"after {trigger.after}"
        case "webhook":
            return "on webhook"


def _interval(length: timedelta) -> str:
    """A length of time in the largest unit of which it is a whole number."""
    for unit, one in _UNITS:
        count, rest = divmod(length, one)
        if count and not rest:
            return f"{count} {unit}" + ("" if abs(count) == 1 or unit == "ms" else "s")
    return "0 seconds"


def _match_rule(rule: MatchRule, field: Rename) -> str:
    keys = " and ".join(field(one.name) for one in rule.fields)
    excepted = f" except [{', '.join(map(literal, rule.placeholders))}]" if rule.placeholders else ""
    return ("ask " if rule.ask else "") + keys + excepted


def _applied(function: str, arguments: list[tuple[Expression, str]]) -> str:
    if function.startswith("is ") and len(arguments) == 1:
        return f"{_part(*arguments[0])} {function}"
    if function in ("not", "-") and len(arguments) == 1:
        return f"{function} {_part(*arguments[0])}"
    if _infix(function, len(arguments)):
        return f"{_part(*arguments[0])} {function} {_part(*arguments[1])}"
    return f"{function}({', '.join(text for _, text in arguments)})"


def _infix(function: str, arguments: int) -> bool:
    return arguments == 2 and (function == "in" or not function[0].isalpha())


def _part(expression: Expression, text: str) -> str:
    """An expression as a part of a larger one; `text` is how it is spelled by itself."""
    match expression:
        case Constant() | EntityField() | NativeValue():
            return text
        case Apply(function=function) if text.startswith(f"{function}("):
            return text
        case _:
            return f"({text})"


def _leaves(expression: Expression) -> list[Constant | EntityField | NativeValue]:
    match expression:
        case Constant() | EntityField() | NativeValue():
            return [expression]
        case Apply(arguments=parts) | Both(parts=parts):
            return [leaf for part in parts for leaf in _leaves(part)]
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return [*_leaves(condition), *_leaves(then), *_leaves(otherwise)]


def _alternatives(natives: tuple[str | int | bool | None, ...]) -> str:
    texts = [literal(native) for native in natives]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
