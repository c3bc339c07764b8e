"""Words for living with the checker: allowances, `syncline.toml`, baselines and a team's own checks."""

from syncline.diagnostics.lexicon.entry import Entry

_UNHEEDED = "Left as it is, it would be taken for something that holds."

LIVING = {
    "allow.no-reason": Entry(
        "`allow {name}` gives no reason",
        "In a year nobody knows whether it still holds, and nobody dares to take it out.",
        'Say why, in words that a colleague understands: `allow {name} "the shop is closed for good"`.',
    ),
    "allow.nothing-below": Entry(
        "no declaration follows `allow {name}`",
        "It would spare nothing: an allowance speaks of the declaration below it.",
        "Put it directly above the declaration that the finding points to, or remove it.",
    ),
    "allow.unknown-code": Entry(
        "there is no diagnostic `{name}`",
        "Nothing is reported under this code, so nothing is spared.",
        "`syncline explain` lists all codes.",
    ),
    "allow.refused": Entry(
        "`{name}` cannot be allowed",
        "Without an answer, nothing could be run, or records would be lost, doubled or changed without anybody seeing it.",
        "Mend it where it is reported; `syncline explain {name}` shows how.",
    ),
    "allow.unused": Entry(
        "`{name}` is allowed here and not reported",
        "It would spare the next mistake of this kind, for a reason that is gone.",
        "Remove it.",
    ),
    "baseline.outdated": Entry(
        "the baseline expects {expected} of `{name}` in {declaration}, and {found} are left",
        "What is mended could come back without being noticed.",
        "Take it out: `syncline check --baseline {file} --prune-baseline`.",
    ),
    "config.syntax": Entry(
        "this is no TOML: {detail}",
        "None of the settings would hold.",
        "Mend the line; texts stand in quotes, and a code with dots too.",
    ),
    "config.version": Entry(
        "`version` is {found}",
        "Settings of another version may mean something else.",
        "Write `version = 1` as the first line.",
    ),
    "config.unknown-key": Entry(
        "there is no setting `{name}`",
        _UNHEEDED,
        "Known here: {known}.",
    ),
    "config.unknown-code": Entry(
        "no diagnostic is called `{name}` or begins with it",
        _UNHEEDED,
        "`syncline explain` lists all codes.",
    ),
    "config.value": Entry(
        "`{name}` cannot be {found}",
        _UNHEEDED,
        "It takes {expected}.",
    ),
    "config.unknown-check": Entry(
        "no installed package offers checks under the name `{name}`",
        "What the team agreed on would not be checked, and nobody would notice.",
        ("Offered here: {known}.", "Install the package, or take the name out."),
    ),
    "config.refused": Entry(
        "`{name}` {problem}",
        "Records would be lost, doubled or refused because of a line that nobody reads.",
        (
            "Mend what it reports; `syncline explain {explained}` shows how.",
            "Lower `{off}` to a warning or a hint, or `allow` it on the declaration in question.",
            'Say why: `"{unreasoned}" = {{ level = "{level}", reason = "…" }}`.',
        ),
        {},
        {
            "unbending": "stays an error",
            "off": "cannot be switched off",
            "reason": "is about safety, and is lowered without a reason",
        },
    ),
    "custom.failed": Entry(
        "the check `{name}` failed: {detail}",
        "What it watches over was not looked at in this run.",
        "Mend the check in the package that offers it, or take `{name}` out of `checks` in syncline.toml.",
    ),
    "custom.foreign-code": Entry(
        "the check `{name}` reports `{reported}`, which is not its own",
        "Its findings could be taken for those of the language, or of another check.",
        "Let its codes begin with `{name}.`.",
    ),
    "docs.missing": Entry(
        "{entity} is not documented",
        "Whoever joins the team has to guess what a record of it stands for in the business.",
        "Say it in a line above: `## A company that buys from us`.",
    ),
    "docs.personal": Entry(
        "nothing says what {entity}.{field}, which is personal, is kept for",
        "Who asks what is known of them, and who has to answer, needs the purpose and not only the name.",
        "Say it in a line above: `## To reach them about an order`.",
    ),
}
