"""Words for what resolves and must not run."""

from syncline.diagnostics.lexicon.entry import Entry

CHECKS = {
    "truth.missing": Entry(
        "{systems} may both change `{field}`, and nothing says who is right",
        "When two people edit it between two runs, the outcome would depend on which system was asked first.",
        "Add a rule to the sync's `truth` block: `{field} prefers A then B`, `{field} owned by A`, `{field} newest else A` or "
        "`{field} ask`.",
        {"other-source": "`{system}` may change it here", "this-sync": "no rule for it in this sync"},
    ),
    "truth.overlap": Entry(
        "`{field}` has two rules",
        "Two rules can name two winners for the same conflict.",
        "Keep one of them.",
        {"first-rule": "the first rule"},
    ),
    "truth.not-a-source": Entry(
        "the rule for `{field}` names `{system}`, which is no source of it",
        "The rule would never decide as it reads: edits in `{system}` do not flow into `{field}`.",
        "Name one of its sources ({sources}), or let `{system}` flow back with `<->`.",
        {"source": "`{system}` is a source"},
    ),
    "truth.unneeded": Entry(
        "`{field}` has one source, `{system}`, and needs no rule",
        "The rule suggests a contest that cannot happen; a reader would trust it.",
        "Remove the rule, or let another system flow back with `<->`.",
    ),
    "truth.no-clock": Entry(
        "`newest` cannot decide `{field}`: `{resource}` in `{system}` tells no time of its last change",
        "Without a comparable clock an old edit would win over a newer one.",
        "Use `prefers`, `owned by` or `ask`, or declare the field that holds the time: `updated : instant version`.",
    ),
    "truth.no-tie-break": Entry(
        "`newest` does not say who is right about `{field}` when both edits are equally new",
        "The clocks of two systems are coarse: edits within one second would be decided by whoever is read first.",
        "Name the system that wins then: `{field} newest else {first}`.",
    ),
    "truth.unlisted-source": Entry(
        "an edit of `{field}` in {unlisted} alone still overwrites `{first}`",
        "`prefers` decides only when two systems changed the field; people often mean that one system has the last word.",
        "For authority say `{field} owned by {first}`; else list every source: `{field} prefers {first} then …`.",
    ),
    "truth.unlawful-merge": Entry(
        "`{rule}` is not lawful for `{field}`, which is `{type}`",
        "A merge must give the same result in whatever order edits arrive; for this type it does not.",
        "`union` merges sets, `max` and `min` merge numbers, dates and instants; otherwise use `prefers`, `newest` or `ask`.",
    ),
    "field.no-source": Entry(
        "no system fills `{field}` of {entity}",
        "It would be empty for ever, and be written empty wherever it is mapped.",
        "Let a system flow into it (`<-` or `<->`), give it a default, or remove it.",
        {"written-here": "only written to `{system}`", "this-sync": "synced here"},
    ),
    "type.narrowing-length": Entry(
        "`{source}` (`{source_type}`) does not fit `{target}` (`{target_type}`): {wide} characters into {narrow}",
        "One record in a thousand is longer: it is refused, or cut without a word.",
        "Widen the shorter side, or let a shortened copy flow one way: `{copy}`.",
    ),
    "type.narrowing-scale": Entry(
        "`{source}` (`{source_type}`) has {wide} decimals, `{target}` (`{target_type}`) keeps {narrow}",
        "The lost decimals come back as an edit that nobody made.",
        "Say that it may be rounded: `as round({narrow})`.",
    ),
    "type.null-into-required": Entry(
        "`{source}` may be empty, and the system requires `{target}`",
        "The first record without it is refused by the system.",
        'Make `{source}` required, flow it `only when present`, or name a placeholder: `as none("…")`.',
    ),
    "type.null-from-optional": Entry(
        "`{source}` may be empty in the system, and `{target}` may not",
        "The first empty record is quarantined instead of synced.",
        "Make `{target}` optional with `?`; a line that only reads (`<-`) can also put a value in its place:"
        " `if {source} is present then {source} else …`.",
    ),
    "type.null-operand": Entry(
        "`{operand}` may be empty, and `{function}` needs a value",
        "The first record without it cannot be computed, and is set aside.",
        "Ask first, `if {operand} is present then … else …`, or make `{operand}` required.",
        {"this-expression": "computed here"},
    ),
    "enum.gap": Entry(
        "the table says nothing for {missing} of {enum}",
        "The first record with such a value cannot be written to `{native}`.",
        "Add a row for each.",
        {"this-line": "used in this line"},
    ),
    "codec.not-invertible": Entry(
        "`{field}` is two-way, but reading does not undo writing: `{value}` {problem}",
        "The second run would change data that nobody edited, or stop at it.",
        "Give every value a spelling of its own, or make the line one-way with `->`.",
        {"two-way-line": "two-way here"},
        {
            "other": "is written as `{native}` and read back as `{back}`",
            "refused": "is written as `{native}`, which cannot be read",
            "unwritable": "cannot be written",
        },
    ),
    "codec.empty-domain": Entry(
        "no value of `{field}` can be written through these codecs: `{value}` is refused, for want of {expected}",
        "Every record is set aside at its first write.",
        "Put the codecs in the order in which the value is read, or take out the one that refuses.",
        {"two-way-line": "two-way here"},
    ),
    "unit.currency": Entry(
        "`{field}` is kept in {read} by `{source}` and in {written} by `{system}`",
        "An amount in {read} is never one in {written}: every record would be refused, for nobody converts it.",
        "Write the currency of the amounts that `{system}` keeps, or let it say the currency: `[amount, currency] as money`.",
        {"other-end": "in {read} here"},
    ),
    "type.narrowing-range": Entry(
        "`{source}` (`{source_type}`) has {wide} digits before the point, `{target}` (`{target_type}`) has room for {narrow}",
        "The first large amount is refused, or loses its first digit.",
        "Widen the shorter side.",
    ),
    "write.read-only": Entry(
        "`{native}` of `{system}` cannot be written",
        "The system refuses the write, or ignores it: then it is tried again on every run.",
        "Read it with `<-`, or map `{field}` to a field that can be written.",
        {"native-here": "read-only here"},
    ),
    "write.not-offered": Entry(
        "`{resource}` of `{system}` does not offer {operation}",
        "The API has no such call: the first record that needs it fails in production.",
        ("Say `{instead}`.", "Declare the operation, if the system has it."),
        {"resource-here": "declared here"},
    ),
    "create.required-missing": Entry(
        "creating in `{system}` fails: nothing writes `{native}`, which `{resource}` requires",
        "The first create is refused.",
        "Map a field to it, set it with `where {native} = …`, or say `create in {system} never`.",
        {"native-here": "required here", "this-sync": "created by this sync"},
    ),
    "create.no-value": Entry(
        "{entity} can never be created in `{system}`: `{field}` is required, and only `{system}` itself fills it",
        "Every record born in another system is held for a person, for ever.",
        "Let another system flow into `{field}`, make it optional with `?`, give it a default, or say `create in {system} never`.",
        {"this-sync": "created by this sync"},
    ),
    "match.missing": Entry(
        "{entity} has no rule by which records are recognised as the same",
        "The first run would create every record a second time in the other system.",
        "Say what identifies it: `match email`, or `match name and postcode`.",
        {"this-sync": "synced across systems here"},
    ),
    "match.not-applicable": Entry(
        "no match rule of {entity} can be applied in both `{left}` and `{right}`",
        "Records that exist on both sides are not recognised, and the first run doubles them.",
        "Map all fields of one rule in both systems, or add a rule over fields that both show.",
        {"map-here": "mapped here"},
    ),
    "delete.no-rule": Entry(
        "nothing says what happens in `{system}` when a record is deleted in {others}",
        "Guessing deletes data, or brings deleted records back; there is no default.",
        "Say one of `delete in {system} propagate`, `archive`, `unlink`, `recreate`, `hold` or `never`.",
        {"map-here": "written here"},
    ),
    "empty.no-rule": Entry(
        "`{field}` is optional and two-way, and nothing says whether an emptied field empties the other side",
        "Either choice, made silently, loses data: emptied fields come back, or one slip wipes them everywhere.",
        "Say `empty propagates` or `empty ignored` in the sync.",
        {"two-way-line": "two-way here"},
    ),
    "create.may-duplicate": Entry(
        "a record created in `{system}` may be made twice after a time-out: its listing may leave it out",
        "A create without an answer is looked for by {key} and sent again when it does not show; a listing that leaves records out "
        "never shows some of them.",
        "Declare the key `unique` if the system refuses a second one, take `partial` away if the listing is complete, let a "
        "person look (`unknown hold`), or say `create in {system} never`.",
        {"partial-here": "may leave records out"},
    ),
    "delete.by-absence": Entry(
        "nothing tells that a record was deleted in {sources}, so nothing would be deleted in `{system}`",
        "A record that is missing from a listing that may be partial is not known to be gone; taking it for deleted has emptied "
        "whole systems.",
        "Declare the field that marks deleted records (`archive active false`), take `partial` away if the listing is complete, or "
        "say `delete in {system} never`.",
        {"partial-here": "may leave records out"},
    ),
    "cost.exceeds-rate": Entry(
        "this schedule asks `{system}` for {needed} calls an hour, and it allows {allowed}",
        "Each run of {entity} makes {run} calls there: runs would queue up behind one another and never catch up.",
        "Run less often, or declare the rate that your account really has.",
        {"rate-here": "the declared rate", "too": "and {entity} here, on the same account"},
    ),
    "cost.lists-all": Entry(
        "every run lists all of `{resource}` in `{system}`, and this schedule has no room for {records} records",
        "Without `since` a run reads every record anew: {records} take {run} calls, and the declared rate allows {allowed} from "
        "one run to the next.",
        "Declare how the listing is asked for changes (`since`), or run less often.",
        {"listing-here": "lists everything", "rate-here": "the declared rate"},
    ),
}
