"""Pipelines of codecs: names and arguments first, types from the system's side to the entity's afterwards."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from syncline.diagnostics.diagnostic import Label
from syncline.model.spec import CodecUse, NativeField
from syncline.model.types import Type
from syncline.resolving.constants import described, number_of
from syncline.resolving.fitting import best, takes
from syncline.resolving.scope import DEEPEST, Scope, Step
from syncline.resolving.tables import resolve_table
from syncline.source import Span
from syncline.syntax import Argument, Boolean, Call, Codec, CodecCall, Name, Path, Table, Text
from syncline_runtime.codecs.definitions import CodecDefinition, Parameter
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.codecs.registry import CODEC_NAMES, CODECS, TEXT_KINDS, find_codec
from syncline_runtime.codecs.time import known_zone
from syncline_runtime.codecs.types import COUNTRIES

_REFERENCE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII).fullmatch
_LONGEST: Final = 100
_PLAIN_TEXTS: Final = frozenset(("text", "email", "url", "uuid", "country", "currency", "language", "phone"))


def check_codecs(scope: Scope) -> None:
    """Resolves the steps of every declared codec, used or not."""
    for name, node in scope.declared.codecs.items():
        if name in CODEC_NAMES:
            scope.findings.report("name.shadows-builtin", node.name.span, name=name, kind="codec")
        _declared(name, scope)


def steps_of(codec: Codec, scope: Scope) -> tuple[Step, ...] | None:
    """The steps of a codec, declared ones taken apart; None when one has been reported as wrong."""
    found: list[Step] = []
    sound = True
    for node in codec.steps:
        match node:
            case Table():
                found.append(Step("table", CODECS["table"], (), node.span, node))
            case CodecCall(name=name) if name.text in scope.declared.codecs:
                steps = _declared(name.text, scope)
                if node.arguments:
                    scope.findings.report("codec.arguments", node.span, codec=name.text, problem="declared")
                    steps = None
                sound = sound and steps is not None
                found += [replace(step, span=node.span, declared_as=name.text) for step in steps or ()]
            case CodecCall():
                step = _called(node, scope)
                sound = sound and step is not None
                if step is not None:
                    found.append(step)
    if len(found) > _LONGEST:
        scope.findings.report("codec.too-long", codec.span, found=len(found), limit=_LONGEST)
        return None
    return tuple(found) if sound else None


def typed(
    steps: Sequence[Step], natives: tuple[NativeField, ...], wanted: Type | None, span: Span, scope: Scope
) -> tuple[tuple[CodecUse, ...], Type] | None:
    """The pipeline with the type that each step gives, and what it gives in all; None when a step has been reported."""
    current = _delivered(steps, natives, span, scope)
    if current is None:
        return None
    uses: list[CodecUse] = []
    for at, step in enumerate(steps):
        goal = wanted if at == len(steps) - 1 else None
        use = _use(step, current, goal, len(natives), scope)
        if use is None:
            return None
        uses.append(use)
        current = use.gives
    return tuple(uses), current


def native_type(native: NativeField) -> Type:
    """The type of a field as its wire codec delivers it; a local time without a zone is of kind `local`."""
    if native.wire == "local" and native.type.kind == "instant":
        return Type("local", nullable=native.type.nullable)
    return native.type


def _declared(name: str, scope: Scope) -> tuple[Step, ...] | None:
    if name in scope.codecs:
        known = scope.codecs[name]
        if known is None and name in scope.open_codecs:
            node = scope.declared.codecs[name]
            scope.findings.report("codec.recursive", node.name.span, name=name)
        return known
    if len(scope.open_codecs) >= DEEPEST:
        scope.findings.report("codec.too-long", scope.declared.codecs[name].name.span, found=DEEPEST, limit=DEEPEST)
        return None
    scope.codecs[name] = None
    scope.open_codecs.add(name)
    scope.codecs[name] = steps_of(scope.declared.codecs[name].codec, scope)
    scope.open_codecs.discard(name)
    return scope.codecs[name]


def _called(node: CodecCall, scope: Scope) -> Step | None:
    name = node.name.text
    if name not in CODEC_NAMES:
        scope.findings.unknown("codec.unknown", name, node.name.span, (*CODEC_NAMES, *scope.declared.codecs))
        return None
    definition = find_codec(name, len(node.arguments), counted=_is_minor(node.arguments))
    if definition is None:
        scope.findings.report(
            "codec.arguments",
            node.span,
            codec=name,
            problem="number",
            found=len(node.arguments),
            expected=_signatures(name),
        )
        return None
    values: list[str | int] = []
    for argument, parameter in zip(node.arguments, definition.parameters, strict=False):
        value = _argument(argument, parameter, name, scope)
        if value is None:
            return None
        values.append(value)
    key = definition.get.removesuffix("_get")
    problem = _problem(definition, values)
    if problem is not None:
        scope.findings.report("codec.arguments", node.span, codec=name, problem="value", detail=problem)
        return None
    return Step(key, definition, tuple(values), node.span)


def _problem(definition: CodecDefinition, values: Sequence[str | int]) -> str | None:
    """What the registry says of the arguments, without what costs more than a look: loading a library, walking a folder."""
    match [parameter.kind for parameter in definition.parameters]:
        case ["reference"]:
            return None  # checking a spec never runs anybody's code
        case ["region"]:
            return None if values[0] in COUNTRIES else f"{values[0]!a} is no country code of two letters (ISO 3166-1)"
        case ["zone"]:
            try:
                known_zone(str(values[0]))
            except CodecError:
                return f"{values[0]!a} is no zone of the time zone database"
            return None
    return definition.problem(*values)


def _is_minor(arguments: Sequence[Argument]) -> bool:
    """Whether the first argument is the word `minor`: the currency is then that of a second field."""
    match arguments:
        case [Argument(value=Path(steps=(Name(text="minor"),))), *_]:
            return True
    return False


def _signatures(name: str) -> tuple[str, ...]:
    found: list[str] = []
    for definition in CODECS.values():
        if definition.name.partition("_")[0] == name:
            inner = ", ".join(" | ".join(one.choices) or one.name for one in definition.parameters)
            found.append(f"{name}({inner})" if inner else name)
    return tuple(found)


def _argument(argument: Argument, parameter: Parameter, codec: str, scope: Scope) -> str | int | None:
    value = argument.value
    match parameter.kind, value:
        case (("text" | "currency" | "region" | "zone" | "pattern"), Text(value=text)) if argument.name is None:
            return text
        case "reference", Text(value=text) if argument.name is None and _REFERENCE(text):
            return text
        case "choice", Path(steps=(Name(text=word),)) if argument.name is None:
            if word in parameter.choices:
                return word
            scope.findings.unknown("name.unknown-choice", word, value.span, parameter.choices, codec=codec)
            return None
        case "literal", (Text() | Boolean()) if argument.name is None:
            return value.value
        case (("integer" | "literal"), _) if argument.name is None:
            number = number_of(value)
            if number is not None and number == number.to_integral_value() and abs(number) < 10**18:
                return int(number)
        case (("currency" | "zone" | "region"), (Path() | Call())):
            scope.findings.report("not-yet.codec-path", value.span, codec=codec)
            return None
    expected = parameter.choices or (parameter.kind,)
    scope.findings.report(
        "codec.arguments",
        argument.span,
        codec=codec,
        problem="type",
        parameter=parameter.name,
        expected=expected,
        found=described(value),
    )
    return None


def _delivered(steps: Sequence[Step], natives: tuple[NativeField, ...], span: Span, scope: Scope) -> Type | None:
    """What the pipeline is given to read: a field's value, or those of several."""
    first = steps[0] if steps else None
    taken = "one"
    if first is not None and first.definition.needs_count:
        taken = "several"
    elif first is not None and first.definition.native == "pair":
        taken = "two"
    if first is not None and first.name == "money" and len(natives) == 1 and natives[0].type.kind == "money":
        taken = "two"
    fits = {"one": len(natives) == 1, "two": len(natives) == 2, "several": len(natives) > 1}[taken]
    if not fits:
        codec = first.definition.name if first is not None else ""
        scope.findings.report("codec.field-count", span, codec=codec, expected=taken, found=len(natives))
        return None
    match taken:
        case "two":
            amount, currency = native_type(natives[0]), native_type(natives[1])
            numbers = ("integer",) if steps[0].name == "money_counted" else ("decimal", "integer")
            if amount.kind in numbers and currency.kind in ("text", "currency"):
                return Type("pair", nullable=amount.nullable or currency.nullable)
            found = f"[{amount}, {currency}]"
            takes = (f"[{numbers[0]}, currency]",)
            scope.findings.report("codec.type-mismatch", span, codec="money", takes=takes, found=found)
            return None
        case "several":
            for native in natives:
                if native.type.kind not in _PLAIN_TEXTS:
                    label = Label(native.span, "native-declared-here")
                    scope.findings.report(
                        "codec.type-mismatch", span, label, codec="join", takes=("text",), found=str(native.type)
                    )
                    return None
            return Type("text", nullable=all(native.type.nullable for native in natives))
    return native_type(natives[0])


def _use(step: Step, current: Type, wanted: Type | None, count: int, scope: Scope) -> CodecUse | None:
    definition = step.definition
    pair = best(definition.kinds, current.kind, wanted)
    if pair is None:
        labels = _declaration(step, scope)
        expected = tuple(dict.fromkeys(native for native, _ in definition.kinds))
        scope.findings.report(
            "codec.type-mismatch", step.span, *labels, codec=definition.name, takes=expected, found=str(current)
        )
        return None
    if step.name in ("bool", "none") and not _comparable(step, current, scope):
        return None
    if step.table is not None:
        return resolve_table(step.table, step.span, step.declared_as, current, wanted, scope)
    return CodecUse(
        name=step.name,
        arguments=step.arguments,
        gives=_given(step, pair, current, wanted),
        span=step.span,
        declared_as=step.declared_as,
    )


def _comparable(step: Step, current: Type, scope: Scope) -> bool:
    """Whether the literals that a step compares a native with are of its kind; reports the first that is not."""
    kind = "text" if current.kind in TEXT_KINDS else "integer" if current.kind == "decimal" else current.kind
    if kind not in ("text", "integer", "boolean"):
        takes = ("text", "integer", "boolean")
        scope.findings.report("codec.type-mismatch", step.span, codec=step.name, takes=takes, found=str(current))
        return False
    for parameter, value in zip(step.definition.parameters, step.arguments, strict=True):
        found = "text" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "integer"
        if found != kind:
            facts = {"codec": step.name, "problem": "type", "parameter": parameter.name, "found": found}
            scope.findings.report("codec.arguments", step.span, expected=(kind,), **facts)
            return False
    return True


def _declaration(step: Step, scope: Scope) -> tuple[Label, ...]:
    if step.declared_as is None:
        return ()
    return (Label(scope.declared.codecs[step.declared_as].name.span, "declared-here"),)


def _given(step: Step, pair: tuple[str, str], current: Type, wanted: Type | None) -> Type:
    """The type on the entity's side of a step."""
    nullable = current.nullable
    match step.name:
        case "none":
            return current.optional()
        case "python":
            # Its author vouches for what it gives.
            return replace(wanted, nullable=nullable) if wanted is not None else current
        case "prefix" | "suffix" if current.length is not None:
            return Type("text", nullable=nullable, length=max(current.length - len(str(step.arguments[0])), 0))
        case "join":
            return current
        case "round" if pair[1] == "decimal":
            return current
    kind = pair[1]
    if kind == "any":
        return replace(wanted, nullable=nullable) if wanted is not None and not takes(pair, wanted.kind) else current
    if kind == current.kind and not current.pattern:
        return current
    if kind == "text" and current.kind in _PLAIN_TEXTS:
        return Type(current.kind, nullable=nullable, length=current.length)
    shape, _, item = kind.partition("<")
    if shape in ("list", "set"):
        inner = Type(item.removesuffix(">")) if item else wanted.item if wanted is not None else None
        return Type(shape, nullable=nullable, item=inner)
    return Type(kind, nullable=nullable)
