"""Operations of a resource: how records are listed, read and written over the connector's protocol."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from syncline.model.spec import NativeField
from syncline.resolving.directives import body, constant, item_name, numbers, object_body, seconds, word_text
from syncline.resolving.findings import Findings
from syncline.syntax import declarations as syntax
from syncline.syntax.expressions import Call, Path, Quantity, Text
from syncline_runtime import declaration as runtime

LISTING_WORDS = ("items", "page", "since", "sort", "filter", "partial")
READING_WORDS = ("lag",)
WRITING_WORDS = ("returns", "missing", "many", "max", "atomic", "answer", "each", "item", "batch", "idempotency")
CALL_WORDS = ("query", "headers", "params", "body", "context")
STYLES = ("none", "number", "offset", "cursor", "next", "link", "keyset")

WRITING_VERBS = ("PUT", "PATCH", "DELETE")

EXPECTED = {
    "items": 'items "items"',
    "page": "page number(page, perPage, max: 500)",
    "since": "since \"updated >= '{since}'\" inclusive",
    "sort": 'sort "updated,id"',
    "filter": 'filter "filter" join " && " equals "{field} = \'{value}\'"',
    "partial": "partial",
    "returns": "returns record",
    "missing": "missing 404",
    "many": "many 100",
    "max": "max 100",
    "atomic": "atomic",
    "answer": 'answer "result"',
    "each": 'each { method: "POST", body: values }',
    "item": 'item "body"',
    "batch": 'batch POST "/batch" { many 50 }',
    "lag": "lag 5 seconds",
    "idempotency": 'idempotency "Idempotency-Key" 24 hours',
    "query": 'query { expand: "company" }',
    "headers": 'headers { "X-Version": "3" }',
    "params": "params [filter, offset, limit]",
    "body": "body { record: values }",
    "context": "context { active_test: false }",
}


def resolve_listing(
    item: syntax.Directive,
    version: NativeField | None,
    fallback: str,
    timing: Mapping[str, float],
    substitutions: Mapping[str, str],
    findings: Findings,
) -> runtime.Listing:
    """The listing that `list VERB "path" { … }` declares."""
    found: dict[str, Any] = {}
    constants = _context(item)
    for entry in _clauses(item, (*LISTING_WORDS, *CALL_WORDS), findings):
        name = item_name(entry)
        words: Sequence[Any] = entry.words if isinstance(entry, syntax.Directive) else ()
        match name, words:
            case "items", [Text(value=path)]:
                found["items"] = path
            case "page", [page]:
                paging = _paging(page, constants)
                if paging is None:
                    findings.malformed(name, entry.span, EXPECTED[name])
                else:
                    found["paging"] = paging
            case "since", [condition, *rest]:
                if version is None:
                    findings.report("connector.since-without-version", entry.span)
                else:
                    found["since"] = _since(body(condition, constants), rest, version, fallback, timing)
            case "sort", [order, *rest]:
                found["sort"] = body(order, constants)
                if len(rest) == 2 and word_text(rest[0]) == "as":
                    found["sort_parameter"] = word_text(rest[1])
            case "filter", [*parts] if parts:
                found |= _filter(parts, constants)
            case "partial", []:
                found["complete"] = False
            case _ if name in LISTING_WORDS:
                findings.malformed(name, entry.span, EXPECTED[name])
            case _ if name not in CALL_WORDS:
                findings.unknown_word("list", name, entry.name.span, (*LISTING_WORDS, *CALL_WORDS))
    call = _call(item, constants, None, findings)
    listing: runtime.Listing = substituted(runtime.Listing(call=call, **found), substitutions)
    return listing


def resolve_operation(
    item: syntax.Directive, substitutions: Mapping[str, str], findings: Findings
) -> runtime.Operation:
    """The operation that `read|create|update|delete VERB "path" { … }` declares."""
    operation: runtime.Operation = substituted(_operation(item, findings), substitutions)
    return operation


def _operation(item: syntax.Directive, findings: Findings) -> runtime.Operation:
    found: dict[str, Any] = {}
    constants = _context(item)
    for entry in _clauses(item, (*WRITING_WORDS, *CALL_WORDS), findings):
        name = item_name(entry)
        words: Sequence[Any] = entry.words if isinstance(entry, syntax.Directive) else ()
        match name, words:
            case "returns", [Path() as what] if word_text(what) in ("record", "id", "nothing"):
                found["returns"] = word_text(what)
            case "missing", statuses if numbers(statuses):
                found["missing"] = numbers(statuses)
            case (("many" | "max"), [count]) if isinstance(constant(count), int):
                found["many"] = constant(count)
            case "atomic", []:
                found["atomic"] = True
            case (("answer" | "item" | "idempotency"), [Text(value=text)]):
                found[name] = text
            case "idempotency", [Text(value=text), Quantity() as length] if lasting := seconds(length):
                found["idempotency"], found["idempotency_seconds"] = text, lasting
            case "lag", [Quantity() as length] if item.name.text == "read" and (behind := seconds(length)) is not None:
                found["lag_seconds"] = behind
            case "lag", _ if item.name.text == "read":
                findings.malformed(name, entry.span, EXPECTED[name])
            case "each", []:
                found["each"] = object_body(getattr(entry, "items", None) or (), constants)
            case "each", [template]:
                found["each"] = body(template, constants)
            case "batch", [*_] if len(words) >= 2 and isinstance(entry, syntax.Directive):
                found["batch"] = _operation(entry, findings)
            case _ if name in WRITING_WORDS:
                findings.malformed(name, entry.span, EXPECTED[name])
            case _ if name not in CALL_WORDS:
                known = READING_WORDS if item.name.text == "read" else ()
                findings.unknown_word("operation", name, entry.name.span, (*WRITING_WORDS, *known, *CALL_WORDS))
    default: runtime.Body = runtime.Slot("values") if item.name.text in ("create", "update") else None
    call = _call(item, constants, default, findings)
    if "batch" not in found and found.get("many", 1) > 1 and call.body == runtime.Slot("values"):
        call = runtime.Call(
            verb=call.verb, target=call.target, body=runtime.Slot("records"), query=call.query, headers=call.headers
        )
    return runtime.Operation(call=call, **found)


def _clauses(item: syntax.Directive, known: Collection[str], findings: Findings) -> Iterator[syntax.Item]:
    """What the operation says, without clauses in which the next one begins: those are reported."""
    for entry in item.items or ():
        words = entry.words if isinstance(entry, syntax.Directive) else ()
        named = (word for before, word in zip((None, *words), words, strict=False) if word_text(before) != "as")
        following = next((word for word in named if isinstance(word, Path) and word_text(word) in known), None)
        if following is None:
            yield entry
        else:
            findings.report(
                "connector.run-on", following.span, name=item_name(entry), following=word_text(following) or ""
            )


def _context(item: syntax.Directive) -> dict[str, "runtime.Body"]:
    """The names that an operation's templates may use beside the slots: `context`, `{}` where none is declared."""
    for entry in item.items or ():
        if item_name(entry) == "context" and isinstance(entry, syntax.Directive) and entry.items is not None:
            return {"context": object_body(entry.items, {})}
    return {"context": {}}


def _call(
    item: syntax.Directive, constants: Mapping[str, "runtime.Body"], default: "runtime.Body", findings: Findings
) -> runtime.Call:
    verb = word_text(item.words[0]) or ""
    target = item.words[1]
    if item.name.text in ("list", "read", "deleted") and verb.upper() in WRITING_VERBS:
        findings.report("connector.read-writes", item.span, operation=item.name.text, verb=verb.upper())
    if not isinstance(target, Text):
        findings.malformed(item.name.text, item.span, f'{item.name.text} GET "/contacts"')
    found: dict[str, Any] = {"body": default}
    for entry in item.items or ():
        name = item_name(entry)
        match entry:
            case syntax.Directive(words=[], items=items) if name in ("query", "headers", "body") and items is not None:
                found[name] = object_body(items, constants)
            case syntax.Directive(words=[template]) if name in ("params", "body"):
                found["body"] = body(template, constants)
            case syntax.Directive(items=items) if name == "context" and items is not None:
                pass
            case _ if name in CALL_WORDS:
                findings.malformed(name, entry.span, EXPECTED[name])
    return runtime.Call(
        verb=verb.upper(), target=runtime.Text(target.value if isinstance(target, Text) else ""), **found
    )


def _paging(word: Any, constants: Mapping[str, "runtime.Body"]) -> runtime.Paging | None:
    if isinstance(word, Path) and word_text(word) in STYLES:
        return runtime.Paging(style=word_text(word))  # type: ignore[arg-type]
    if not isinstance(word, Call) or word.function.text not in STYLES:
        return None
    style = word.function.text
    positional = [word_text(argument.value) or "" for argument in word.arguments if argument.name is None]  # type: ignore[arg-type]
    named = {argument.name.text: argument.value for argument in word.arguments if argument.name is not None}
    found: dict[str, Any] = {}
    names: tuple[str, ...]
    if style == "cursor":
        names = ("cursor_parameter", "size_parameter")
    elif style == "next":
        names = ("size_parameter",)
    else:
        names = ("page_parameter", "size_parameter")
    found |= dict(zip(names, positional, strict=False))
    size, first, following, after = (named.get(key) for key in ("max", "first", "next", "after"))
    if size is not None and isinstance(constant(size), int):
        found["size"] = constant(size)
    if first is not None and isinstance(constant(first), int):
        found["first"] = constant(first)
    if following is not None:
        found["next"] = word_text(following)  # type: ignore[arg-type]
    if after is not None:
        found["after"] = body(after, constants)
    return runtime.Paging(style=style, **found)  # type: ignore[arg-type]


def _since(
    condition: "runtime.Body", words: Sequence[Any], version: NativeField, fallback: str, timing: Mapping[str, float]
) -> runtime.Since:
    texts = [word_text(word) for word in words]
    found: dict[str, Any] = {}
    for name, word in zip(texts, words[1:], strict=False):
        amount = seconds(word) if isinstance(word, Quantity) or name == "lag" else None
        if name in ("lag", "precision") and amount is not None:
            found[name] = amount
    return runtime.Since(
        condition=condition,
        field=version.name,
        spelling=version.wire if version.type.kind == "instant" else "text",
        inclusive="exclusive" not in texts,
        precision_ms=max(1, round(1000 * found.get("precision", timing["precision"]))),
        lag_seconds=found.get("lag", timing["lag"]),
        fallback=fallback,
    )


def _filter(parts: Sequence[Any], constants: Mapping[str, "runtime.Body"]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    words = list(parts)
    if isinstance(words[0], Text):
        found["filter_parameter"] = words.pop(0).value
    while len(words) >= 2:
        name, value = word_text(words.pop(0)), words.pop(0)
        if name == "join" and isinstance(value, Text):
            found["filter_join"] = value.value
        elif name == "equals":
            found["equals"] = body(value, constants)
    return found


def substituted(value: Any, substitutions: Mapping[str, str]) -> Any:
    """A declaration with a template's parameters replaced in every text."""
    if not substitutions:
        return value
    match value:
        case str():
            for parameter, text in substitutions.items():
                value = value.replace(parameter, text)
            return value
        case runtime.Text(template=template):
            text = substituted(template, substitutions)
            return runtime.Text(text)
        case tuple() | list():
            return tuple(substituted(item, substitutions) for item in value)
        case dict():
            return {key: substituted(item, substitutions) for key, item in value.items()}
        case _ if hasattr(value, "__dataclass_fields__") and not isinstance(value, runtime.Slot):
            return type(value)(
                **{name: substituted(getattr(value, name), substitutions) for name in value.__dataclass_fields__}
            )
        case _:
            return value
