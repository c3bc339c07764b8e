"""Words for the clauses of a sync: what they name, and what they say twice or not at all."""

from syncline.diagnostics.lexicon.entry import Entry

KNOWN = "Known here: {known}."

SYNCS = {
    "sync.no-map": Entry(
        "{entity} has no map in `{system}`",
        "The system would be asked for nothing and told nothing.",
        "Write `map {entity} to {system}.…`, or leave `{system}` out of this sync.",
        {"entity-declared-here": "declared here"},
    ),
    "sync.duplicate": Entry(
        "{entity} is synced twice",
        "Two policies for the same records would undo each other's writes, run after run.",
        "Join them: `sync {entity} across a, b, c {{ … }}`.",
    ),
    "sync.duplicate-clause": Entry(
        "`{clause}` is said twice",
        "Only one of them could hold, and a reader may trust the other.",
        "Keep one of them.",
    ),
    "sync.unknown-system": Entry(
        "`{name}` is no system of this sync",
        "The clause would never have an effect.",
        (KNOWN, "Name it in the first line of the sync, and declare it with `system`."),
    ),
    "sync.system-twice": Entry(
        "`{name}` stands twice in this sync",
        "A system cannot be kept in step with itself; another one was probably meant.",
        "Name each system once.",
    ),
    "sync.action": Entry(
        "this rule does not say when to {operation}",
        "Read as always, or as never, it may do the opposite of what was meant.",
        "Say one of {known}, for example `{operation} in crm never`.",
    ),
    "sync.contradiction": Entry(
        "records are born in `{system}`, so this sync cannot {operation} them there",
        "The first line promises that nothing appears or vanishes in `{system}`, and this clause breaks the promise.",
        "Say `across`, or leave the clause out.",
        {"born-here": "born here"},
    ),
    "sync.guard": Entry(
        "this guard is no limit: {problem}",
        "A guard that never holds lets a mass deletion through.",
        "Write `guard delete over 10 and 10%`.",
        {},
        {"not-whole": "the count is no whole number", "over-100-percent": "there is no more than 100%"},
    ),
    "sync.schedule": Entry(
        "`{found}` is {problem}",
        "The run would not happen when people count on it.",
        'Write `run every 5 minutes`, or `run full daily at "02:00" in "Europe/Oslo"`.',
        {},
        {
            "clock": "no time of day",
            "interval": "no interval of whole seconds",
            "zone": "no zone of the time zone database",
        },
    ),
    "trigger.not-served": Entry(
        "no webhook can tell of {systems} here: {problem}",
        "The sync would wait for a call that never comes.",
        "Say `run every 1 minute`, or complete what is missing.",
        {"resource-here": "declared here"},
        {
            "no-webhook": "the connector of `{system}` declares none for `{resource}`",
            "no-secret": "`{system}` is not given its `{setting}`, so that anybody could send one",
            "no-read": "`{resource}` of `{system}` has no `read`, and a record is never taken from a webhook itself",
        },
    ),
    "trigger.webhook-alone": Entry(
        "{entity} is looked at only when {systems} call",
        "Webhooks get lost, come late and stop when nobody notices: what one did not tell would stay unseen for ever.",
        'Add a look of your own beside it: `run every 15 minutes`, or `run full daily at "02:00" in "Europe/Oslo"`.',
    ),
    "sync.after-unsynced": Entry(
        "no sync of {name} is declared, so nothing can run after it",
        "This sync would wait for ever.",
        ("Synced here: {known}.", "Add a sync for {name}, or run `every …`."),
    ),
    "sync.after-cycle": Entry(
        "the syncs of {through} wait for one another",
        "Each would wait for the other to drain first, and none would ever run.",
        "Let the one whose records the others need run `every …`, and the others after it.",
    ),
    "truth.unknown-field": Entry(
        "{entity} has no field `{name}`",
        "The rule would decide nothing, while the field that was meant stays without one.",
        (KNOWN, "Name a field of {entity}."),
    ),
    "truth.unknown-system": Entry(
        "`{name}` is no system of this sync",
        "The rule would wait for edits that never come.",
        KNOWN,
    ),
    "truth.system-twice": Entry(
        "`{name}` stands twice in this rule",
        "A system cannot come before itself; another one was probably meant.",
        "Name each system once.",
    ),
    "truth.function": Entry(
        "`{reference}` names no function",
        "The first conflict would find nobody to decide it.",
        'Write the module and the function: `python("shop.merging:longest")`.',
    ),
    "erase.no-reason": Entry(
        "nothing says why personal data is kept in `{system}`",
        "Whoever asks to be erased is owed the reason.",
        'Say it: `erase keep in {system} "invoices are kept for ten years"`.',
    ),
    "erase.not-possible": Entry(
        "personal data cannot be erased in `{system}` like this: {problem}",
        "The promise would be found broken on the day on which somebody asks for it.",
        "Say `clear`, `purge` or `keep` with a reason, whichever can be done there.",
        {"native-here": "declared here", "resource-here": "declared here"},
        {
            "no-delete": "`{resource}` offers no delete",
            "no-update": "`{resource}` offers no update",
            "read-only": "`{native}`, which `{field}` stands in, cannot be written",
            "required": "`{native}`, which `{field}` stands in, must not be empty",
        },
    ),
    "pii.no-erase": Entry(
        "nothing says what becomes of the personal data of {entity} in {systems} when somebody asks to be erased",
        "`{field}` is personal data, and by when and how it goes is for the spec to say, not for the day of the request.",
        "Add a clause for each system: `erase purge in …` deletes the record, `clear` empties its personal fields, "
        "`keep` leaves it, with the reason.",
        {"declared-here": "personal data, declared here"},
    ),
    "pii.not-marked": Entry(
        "`{field}` is made of `{source}`, which is personal data, and is not marked as such",
        "It would go where no personal data may go, and stay when the person is erased.",
        "Mark it: `{field} : … pii`; or make it of what names nobody.",
        {"declared-here": "personal data, declared here", "to-be-marked": "to be marked here"},
    ),
    "pii.not-cleared": Entry(
        "`{field}` is personal data, and `{system}` takes none",
        "It would leave the systems that are meant to hold it.",
        "Leave the line out, or send what names nobody: a number, a country, a year.",
        {"declared-here": "personal data, declared here", "never-here": "no personal data here"},
    ),
    "truth.record": Entry(
        "this does not say which records: {problem}",
        "Who owns a record would be anybody's guess.",
        "Say `record owned by A when …`, and `record owned by B otherwise` for the rest.",
        {},
        {
            "both": "it has a condition, and is for all others at once",
            "neither": "it has neither a condition nor `otherwise`",
        },
    ),
    "truth.clash": Entry(
        "two rules decide `{field}` when {example}",
        "Two owners would overwrite each other's edits, or the order of the lines would decide, which nobody reads as a rule.",
        "Narrow one of the conditions, so that they never hold together.",
        {"first-rule": "the other rule"},
    ),
    "truth.gap": Entry(
        "no rule decides `{field}` when {example}",
        "Two systems may then change it, and nothing says who is right.",
        (
            "Widen a condition, or give the rest a rule of its own: a line without `when`, or `otherwise ask`.",
            "For whole records, say `record owned by {last} otherwise`.",
        ),
    ),
    "truth.decider": Entry(
        "`{field}` decides who owns, and no rule that always holds decides `{field}`",
        "Whose `{field}` is right would depend on the owner, and the owner on whose `{field}` is right.",
        "Give it a rule of its own without `when`: `{field} prefers {listed}`.",
        {"declared-here": "declared here"},
    ),
    "delete.clash": Entry(
        "two clauses say what a deletion does in `{system}` when {example}",
        "Which of them is carried out would depend on the order of the lines.",
        "Narrow one of the conditions, so that they never hold together.",
        {"first-rule": "the other clause"},
    ),
    "delete.gap": Entry(
        "no clause says what a deletion does in `{system}` when {example}",
        "Records would go, or stay for ever, because nobody thought of the case.",
        "Add a clause for the rest, without `when`: `delete in {system} hold` leaves it to a person.",
    ),
    "truth.incomplete": Entry(
        "{problem}: nothing says who is right about `{field}` then",
        "The order in which the systems are listed would decide, which nobody chose, and which changes when one is added.",
        "List every source (`{field} prefers {listed}`), or have a person decide: `{field} ask`.",
        {"source": "`{system}` may change it here"},
        {
            "unlisted": "{systems} may both change it, and `{rule}` names neither",
            "no-source": "{systems} may both change it, and `{rule}` names a system that is no source of it",
            "no-owner": "{systems} may each have a record and change it while its owner `{named}` has none",
        },
    ),
    "delete.contradiction": Entry(
        "a record deleted in `{gone}` is to be created again from `{system}`, {problem}",
        "Both clauses speak of the same deletion: whichever is carried out, the other one is broken.",
        "Choose one: let the deletion spread from every system, or bring the record back.",
        {"forbidden-here": "forbidden here", "leaves-here": "removed from `{other}` here"},
        {
            "never": "where nothing may be created",
            "leaves": "and to be removed from `{other}`",
        },
    ),
}
