"""Words for what is not the language at all."""

from syncline.diagnostics.lexicon.entry import Entry

SYNTAX = {
    "syntax.unexpected": Entry(
        "{found} does not fit here",
        "The line is left out, so nothing it was meant to say would be checked or run.",
        "Expected here: {expected}.",
    ),
    "syntax.reserved-word": Entry(
        "`{word}` is a word of the language, not a name, in this place",
        "Read as the word, the line says something else than was meant.",
        "Put it in back quotes: `` `{word}` `` is always a name.",
    ),
    "syntax.arrow-spacing": Entry(
        "`<-` is an arrow, not a comparison with a negative number",
        "Read as an arrow, the condition would become a field map.",
        "Write a blank after `<`: `< -1`.",
    ),
    "syntax.unclosed-brace": Entry(
        "this `{bracket}` is never closed",
        "Everything after it belongs to this block, so later declarations are not what they seem.",
        "Close it where the block ends.",
        {"noticed-here": "noticed here"},
    ),
    "syntax.unopened-brace": Entry(
        "this `{bracket}` closes nothing",
        "A block ended earlier than it looks, and what follows it stands outside.",
        "Remove it, or open the block that it should close.",
    ),
    "syntax.mismatched-bracket": Entry(
        "`{opened}` is closed by `{closed}`",
        "The compiler would have to guess where the list or block ends.",
        "Close `{opened}` with its own bracket.",
        {"opened-here": "opened here"},
    ),
    "syntax.unterminated-string": Entry(
        "this string has no end",
        "The rest of the line would be taken for text.",
        "Close it with a quote before the line ends; a line break inside is written `\\n`.",
    ),
    "syntax.unterminated-name": Entry(
        "this back-quoted name has no end",
        "The rest of the line would be taken for a name.",
        "Close it with a back quote before the line ends.",
    ),
    "syntax.bad-character": Entry(
        "{character} ({name}) has no meaning in the language",
        "Characters that look alike are the oldest way to make a spec say something else than it shows.",
        "Replace it; other scripts are welcome in strings and comments.",
    ),
    "syntax.bad-escape": Entry(
        "`{escape}` is no escape",
        "The text would not be what it looks like.",
        'Escapes are `\\"`, `\\\\`, `\\n`, `\\r`, `\\t` and `\\u` with four digits; a backslash itself is written twice.',
    ),
    "syntax.repeated-otherwise": Entry(
        "this table has a second `otherwise`",
        "Only one value can stand for everything else.",
        "Keep one of them.",
    ),
    "syntax.too-deep": Entry(
        "brackets are nested deeper than {limit}",
        "No spec needs this; a file that does it would exhaust the machine that checks it.",
        "Flatten the expression, or split the file.",
    ),
    "syntax.too-many": Entry(
        "more than {limit} mistakes, of which this is the first: this file is no spec",
        "So many mistakes say one thing: another kind of file was given, or an export went wrong.",
        "Give the spec itself.",
    ),
    "syntax.empty": Entry(
        "this file declares nothing",
        "An empty spec keeps nothing in step, however green its check.",
        "Begin with `spec NAME version 1`, or remove the file.",
    ),
    "syntax.too-large": Entry(
        "this file has {size} characters, more than the {limit} that are compiled",
        "A spec of this size is an export or a mistake.",
        "Split it into files and `import` them.",
    ),
    "syntax.nul": Entry(
        "this file holds a NUL character",
        "It is no text file; editors and reviewers do not show what follows.",
        "Save the file as UTF-8 text.",
    ),
    "syntax.not-utf8": Entry(
        "{byte} is not UTF-8",
        "Read in another encoding, names and texts would reach the systems misspelled.",
        ("It looks like {looks_like}.", "Save the file as UTF-8."),
    ),
    "syntax.not-formattable": Entry(
        "this file could not be laid out without {problem}",
        "The formatter checks its own work, and leaves a file alone rather than change what it says.",
        "Nothing is wrong with the spec: please report it as a mistake of the formatter.",
        {},
        {
            "meaning": "changing what it says",
            "comments": "losing a comment",
            "stability": "changing it again the next time",
        },
    ),
}
