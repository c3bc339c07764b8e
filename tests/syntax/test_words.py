"""Which words of the language need back quotes where a name is meant; everywhere else they are names."""

import pytest

from syncline.source import Source
from syncline.syntax.parsing import parse
from syncline.syntax.tables import tables

# Where a name may stand, and the words that mean something else there.
PLACES = {
    "spec {} version 1": "",
    "use {}": "",
    "use a, {}": "",
    "type {} = text": "",
    "type T = {}": "ref",
    "type T = {}(3)": "ref",
    "type T = ref {}": "",
    "type T = ref A or {}": "",
    "type T = {}<text>": "ref",
    "type T = list<text> by {}": "",
    "enum {} {{ a }}": "",
    "enum E {{ {} }}": "",
    "enum E {{ a, {} }}": "",
    "enum E {{ a renamed from {} }}": "",
    "codec {} = trim": "",
    "codec c = {}": "",
    "codec c = trim then {}": "",
    "codec c = {{ {}: 1 }}": "otherwise true false null",
    "codec c = {{ a: {} }}": "if not true false null",
    "record {} {{ }}": "",
    "record R {{ {} : text }}": "",
    "entity {} {{ }}": "",
    "entity E {{ {} : text }}": "match",
    "entity E {{ a : text\n{} : text }}": "match",
    "entity E {{ match {} }}": "ask",
    "entity E {{ match a and {} }}": "",
    "entity E {{ match a then {} }}": "ask",
    "entity E {{ a : text = {} }}": "if not true false null",
    "entity E {{ a : list<E> via {} }}": "",
    "connector {} over rest {{ }}": "",
    "connector c over {} {{ }}": "",
    "connector c over rest {{ {} : text }}": "",
    "connector c over rest {{ setting {} : text }}": "true false null",
    "connector c over rest {{ {} }}": "",
    "connector c over rest {{ a {} }}": "true false null",
    "connector c over rest {{ a {} b }}": "true false null",
    "connector c over rest {{ a : {} }}": "true false null",
    "connector c over rest {{ a : text {} }}": "true false null",
    "connector c over rest {{ a : list<text> {} }}": "true false null",
    "extend {} {{ }}": "",
    "system {} = c": "",
    "system s = {}": "",
    "system s = c {{ {}: 1 }}": "true false null",
    "map {} to s.r {{ }}": "",
    "map E to {}.r {{ }}": "",
    "map E to s.{} {{ }}": "",
    "map E to s.r where {} {{ }}": "if not true false null",
    "map E to s.r when {} {{ }}": "if not true false null",
    "map E to s.r {{ {} <-> a }}": "if not true false null",
    "map E to s.r {{ a <-> {} }}": "if not true false null",
    "map E to s.r {{ a.{} <-> b }}": "",
    "map E to s.r {{ a <- b as {} }}": "",
    "map E to s.r {{ a <- {}(b) }}": "if not true false null",
    "map E to s.r {{ a <- f({}: b) }}": "if not true false null",
    "map E to s.r {{ a <- b is {} }}": "not true false null",
    "map E to s.r {{ a <- b in [{}] }}": "if not true false null",
    "map E to s.r {{ a <- b + {} }}": "true false null",
    "map E to s.r {{ a <-> {} {{ }} }}": "if not true false null",
    "sync {} across a {{ }}": "",
    "sync E across {} {{ }}": "",
    "sync E from {} to b {{ }}": "",
    "sync E from a to {} {{ }}": "",
    "sync E across a {{ create in {} never }}": "",
    "sync E across a {{ delete in {} when b }}": "",
    "sync E across a {{ truth {{ {} ask }} }}": "otherwise record",
    "sync E across a {{ truth {{ b and {} ask }} }}": "",
    "sync E across a {{ truth {{ b owned by {} }} }}": "",
    "sync E across a {{ truth {{ b prefers {} then c }} }}": "",
    "sync E across a {{ truth {{ b newest else {} }} }}": "",
    "sync E across a {{ erase keep in {} }}": "",
    "sync E across a {{ run after {} }}": "",
    "derive {} from F while a {{ }}": "",
    "derive E from {} while a {{ }}": "",
    "automation in {} sets b.c": "",
    "automation in s sets {}": "",
    'example "x" {{ {} {{ }} }}': "given is then",
    'example "x" {{ is {} {{ }} }}': "",
    'example "x" {{ {}.r {{ }} }}': "given is then",
    'example "x" {{ is E {{ {}: 1 }} }}': "true false null",
}


def mistakes(text: str) -> tuple[str, ...]:
    return tuple(diagnostic.code for diagnostic in parse(Source("s", text))[1])


@pytest.mark.parametrize("place", PLACES)
def test_a_word_is_a_name_unless_the_table_says_so(place: str) -> None:
    assert mistakes(place.format("name")) == ()
    assert mistakes(place.format("`any name`")) == ()
    name = parse(Source("s", place.format("name")))[0].declarations
    reserved = []
    for word in sorted(tables().words):
        spec, diagnostics = parse(Source("s", place.format(word)))
        if diagnostics or repr(spec.declarations) != repr(name).replace("Name('name')", f"Name('{word}')"):
            reserved.append(word)
            assert mistakes(place.format(f"`{word}`")) == ()
    assert reserved == sorted(PLACES[place].split())


def test_the_words_of_connectors_are_not_words_of_the_language() -> None:
    assert not {"resource", "list", "read", "page", "rate", "auth", "setting", "secret", "env", "money"} & set(
        tables().words
    )
