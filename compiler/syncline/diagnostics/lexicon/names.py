"""Words for files, and for names that nothing or too much goes by."""

from syncline.diagnostics.lexicon.entry import Entry

KNOWN = "Known here: {known}."

NAMES = {
    "spec.header-missing": Entry(
        "this spec has no name and no version",
        "The generated package takes its name from the spec, and a deployment tells its versions apart by the number.",
        "Begin the file with `spec NAME version 1`.",
    ),
    "spec.header-duplicate": Entry(
        "this file names itself a second time, `{name}`",
        "Whoever deploys it could not say which package this spec becomes.",
        "Keep one `spec` line.",
        {"declared-here": "the first `spec` line"},
    ),
    "spec.version": Entry(
        "`{found}` is no version",
        "Versions are compared when a new release meets the state of an old one.",
        "Write a whole number from 1: `version 1`.",
    ),
    "import.missing": Entry(
        "there is no {kind} `{path}`",
        "Whatever it declares is unknown, so what depends on it cannot be checked.",
        "A file is named from the folder of the file that imports it, a connector as the library names it.",
    ),
    "import.cycle": Entry(
        "`{path}` is imported by what it imports",
        "Neither file can be read and understood before the other.",
        "Move what both need into a third file, and import that.",
        {"imported-here": "imported here first"},
    ),
    "import.too-deep": Entry(
        "`{path}` is imported more than {limit} files deep",
        "No reader finds out any more where a name comes from.",
        "Import what you need directly.",
    ),
    "name.duplicate": Entry(
        "`{name}` is declared already: this {kind} is a second one",
        "Two people would each believe that theirs is the one that runs.",
        "Rename or remove one of them.",
        {"declared-here": "the first one"},
    ),
    "name.invalid": Entry(
        "a field cannot be called `{name}`",
        "A dot leads into a record, so paths to this field would be read as something else.",
        "Choose a name of letters, digits and underscores.",
    ),
    "name.shadows-builtin": Entry(
        "`{name}` is a {kind} of the language already",
        "A reader who knows the language would take it for the one that everybody knows.",
        "Choose another name.",
    ),
    "name.unknown-choice": Entry(
        "`{name}` is nothing that `{codec}` can be told",
        "Read as something else, every value that passes here would be misspelled.",
        KNOWN,
    ),
    "name.unknown-connector": Entry(
        "there is no connector `{name}`",
        "Nothing says how this system is reached.",
        ("Name it with `use`, import it, or declare it with `connector {name} over rest {{ … }}`.", KNOWN),
    ),
    "name.unknown-entity": Entry(
        "there is no entity `{name}`",
        "Nothing would flow under this name.",
        (KNOWN, "Declare it with `entity {name} {{ … }}`, or import the file that does."),
    ),
    "name.unknown-field": Entry(
        "{entity} has no field `{name}`",
        "The condition or value could never be computed.",
        (KNOWN, "Name a field of {entity}."),
    ),
    "name.unknown-function": Entry(
        "there is no function `{name}`",
        "The value could never be computed.",
        (KNOWN, 'What no function of the language does is a codec of your own: `as python("package.module:Codec")`.'),
    ),
    "name.unknown-member": Entry(
        "`{name}` is no member of `{type}`",
        "No record can ever have this value, so what depends on it never happens.",
        ("Add it to `{type}`, or name one of its members.", KNOWN),
    ),
    "name.unknown-resource": Entry(
        "`{system}` has no resource `{name}`",
        "There is no call by which such records could be read or written.",
        (KNOWN, "Declare it with `extend {system} {{ resource {name} … }}`."),
    ),
    "name.unknown-state": Entry(
        "`is {name}` means nothing for a value of type `{found}`",
        "The condition would never hold, and what it guards would never happen.",
        (KNOWN, "Compare with a value by `=`."),
    ),
    "name.unknown-system": Entry(
        "there is no system `{name}`",
        "Nothing would be read from it or written to it.",
        (KNOWN, "Declare it with `system {name} = …`."),
    ),
    "entity.empty": Entry(
        "`{name}` has no fields",
        "Records without a field carry nothing from one system to the other.",
        "Declare at least one field: `name : text(120)`.",
    ),
    "entity.too-large": Entry(
        "`{name}` brings the fields of this declaration above {limit}",
        "Records nested in records multiply; no system has that many fields.",
        "Declare only the fields that are mapped.",
    ),
}
