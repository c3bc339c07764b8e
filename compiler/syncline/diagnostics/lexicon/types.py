"""Words for types and expressions that do not fit together."""

from syncline.diagnostics.lexicon.entry import Entry

TYPES = {
    "type.unknown": Entry(
        "there is no type `{name}`",
        "Without its type, a value can neither be compared nor written safely.",
        ("Known here: {known}.", "Declare it with `type {name} = …`, or name a type of the language."),
    ),
    "type.arguments": Entry(
        "`{type}` is not written like this: {problem}",
        "The type decides what fits into a system, so it must not be guessed.",
        "Write for example `text(120)`, `decimal(12, 2)`, `list<text>` or `set<text>`.",
        {},
        {
            "length": "the length is a whole number from 1 to {most}",
            "digits": "the digits are a whole number from 1 to {most}, the decimals no more than those",
            "too-many": "there are too many arguments",
            "takes-none": "it takes no argument",
            "no-element": "it needs the type of its elements",
            "element": "its elements cannot be `{element}`",
            "by-without-record": "`by` names a field of a record, and its elements are none",
        },
    ),
    "type.mismatch": Entry(
        "`{expected}` is due here, not `{found}`",
        "The value would be refused by the system, or change its meaning on the way.",
        ("A codec bridges the two: {codecs}.", "Give a value of the type that is due, or change the type."),
        {"other-branch": "the other branch is `{type}`"},
    ),
    "type.record-as-value": Entry(
        "`{name}` is a record, not a value",
        "A system's field holds one value; a whole record would have no place in it.",
        "Map its fields one by one: {known}.",
    ),
    "type.record-default": Entry(
        "`{name}` is a record, and a record has no default",
        "It would say nothing about the fields of {record}.",
        "Give the fields of `{record}` their defaults.",
    ),
    "type.recursive": Entry(
        "`{name}` contains itself, through {through}",
        "A value of this type would have no end.",
        "Take the field out that leads back, or refer to an entity with `ref`.",
    ),
    "type.too-deep": Entry(
        "`{name}` is nested deeper than {limit} declarations",
        "No reader finds out any more what the value is.",
        "Declare it in fewer steps.",
    ),
    "type.alias-of-record": Entry(
        "`{name}` gives `{target}` a second name",
        "A record or an entity known under two names is changed under one of them only.",
        "Use `{target}` itself.",
    ),
    "type.enum-empty": Entry(
        "`{name}` has no members",
        "No record could ever have a value of this type.",
        "List its members: `enum {name} {{ open, closed }}`.",
    ),
    "type.pattern-invalid": Entry(
        "this pattern cannot be used: {problem}",
        "It would refuse good values, accept bad ones, or take for ever on one long text.",
        "Keep to characters, classes, choices and counted repeats: `[A-Z0-9]{{8,20}}`.",
        {},
        {
            "not-text": "`{detail}` is no text",
            "invalid": "{detail}",
            "unsupported": "it uses {detail}, which other languages read differently",
            "catastrophic": "one text can match it in very many ways, so that a single record could stop the run",
            "too-large": "it is too large to be checked",
            "second": "the type has the pattern `{detail}` already",
        },
    ),
    "expression.arguments": Entry(
        "`{function}` cannot be applied to {found}",
        "The value could not be computed for any record.",
        ("It takes {takes}.", "It takes {counts} arguments."),
    ),
    "expression.list": Entry(
        "a list stands only after `in`, and holds at least one value",
        "A list is no value that a field could hold.",
        "Write `stage in [won, lost]`, or map the values one by one.",
    ),
    "expression.named-argument": Entry(
        "an argument of `{function}` has no name",
        "Arguments are told apart by their order, so a name could promise another order.",
        "Write the arguments in order, without names.",
    ),
    "expression.object": Entry(
        "`{{ … }}` is no value",
        "A field of a system holds one value; a group of values would have no place in it.",
        "Map the fields one by one.",
    ),
}
