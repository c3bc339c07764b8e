"""Words for the settings of systems: what is missing, and what must not stand in a spec."""

from syncline.diagnostics.lexicon.entry import Entry

SETTINGS = {
    "setting.unknown": Entry(
        "`{connector}` has no setting `{name}`",
        "The value would be ignored, and the system reached in another way than meant.",
        "Known here: {known}.",
    ),
    "setting.missing": Entry(
        "`{system}` lacks the setting `{name}` ({kind})",
        "Without it, `{connector}` cannot be reached at all.",
        'Add `{name}: env("NAME")`, or `{name}: secret("NAME")` for a credential.',
    ),
    "setting.type": Entry(
        "`{name}` is a setting of kind {expected}: {problem}",
        "The system could not be reached with it.",
        'Write a literal of that kind, or read it from the environment: `{name}: env("NAME")`.',
        {},
        {
            "kind": "it is given a {found}",
            "malformed": "this is no address",
            "no-http": "this address is for another protocol",
            "no-scheme": "this address does not begin with `https://`",
        },
    ),
    "setting.variable": Entry(
        "`{function}` takes the name of one environment variable",
        "Nothing would be found under another name, and the run would end before it starts.",
        'Write `{name}: {function}("NAME")`, with letters, digits and underscores.',
    ),
    "secret.literal": Entry(
        "{problem}",
        "A spec is kept in version control, shown in reviews and copied into tickets: whoever reads it has the key.",
        'Write `secret("NAME")`, and set the variable NAME where the sync runs.',
        {},
        {
            "literal": "the secret `{name}` stands in the spec",
            "env": "the secret `{name}` is read like any other setting, so it would be shown like any other",
            "in-url": "the address in `{name}` carries a password",
        },
    ),
    "url.insecure": Entry(
        "`{name}` reaches {host} without encryption",
        "Credentials and records travel in plain text, for every machine on the way to read and change.",
        "Write `https://`; `http://` is for this machine only.",
    ),
}
