"""Words for references between records, and for the order that they ask for."""

from syncline.diagnostics.lexicon.entry import Entry

REFERENCES = {
    "reference.not-synced": Entry(
        "`{native}` of {entity} holds a {target}, and no {target} is kept in step in `{system}`",
        "Which record is meant could not be told: every reference to it would stay empty.",
        "Map {target} to `{resource}` in `{system}` and name `{system}` in its sync, or leave the line out.",
        {"sync-of-target": "`{target}` is synced here, without `{system}`"},
    ),
    "reference.other-resource": Entry(
        "`{native}` holds records of `{resource}`, but {target} is kept in `{found}` of `{system}`",
        "Ids of one resource would be looked up among those of another, and find nothing or a stranger.",
        "Map {target} to `{resource}`, or the reference to a field that holds `{found}`.",
        {"native-declared-here": "declared here", "map-here": "{target} is mapped here"},
    ),
    "reference.same-ids": Entry(
        "`{native}` holds an id of {targets}, and does not say of which",
        "Numbers are counted for each resource: the 4 of one is not the 4 of another, and the wrong record would be taken.",
        "Refer to one of them. Where the system gives each id once, whatever the resource, declare the identity of "
        "`{resource}` as text.",
        {"native-declared-here": "declared here"},
    ),
    "reference.two-places": Entry(
        "`{native}` holds records of `{resource}`, which is two places of {target}",
        "The id does not say in which of them the record is: it would be looked up in the wrong one.",
        "Refer to an entity that has one map there, or keep the two in resources of their own.",
        {"map-here": "the second is mapped here"},
    ),
    "reference.cycle": Entry(
        "no record can be created first in `{system}`: {loop}",
        "Each waits until the next one is there, so none of them is ever created.",
        "Let one of them be created without the other: take `required` from its field if the system allows that, or say "
        "`create in {system} never` where people make them.",
        {"waits-here": "and this one waits for {text}"},
    ),
    "collection.no-key": Entry(
        "`{name}` is aligned by `{key}`, which this block does not map",
        "Which element here is which one there could not be told, and an edit of one would be written to another.",
        "Map `{key}` in the block, or leave `by {key}` out: the list is then one value, replaced as a whole.",
        {"declared-here": "declared here"},
    ),
    "collection.picked": Entry(
        "`{name}` {problem}",
        "A system that shows an element in fields of its own says with each what becomes of that element, and of no other.",
        "Pick by the key that the list is aligned by, all that an element needs, with one arrow for all lines of the list.",
        {"declared-here": "declared here", "first-here": "the first line of the list is here"},
        {
            "no-key": "is picked by a key, and the list has none: `by` is missing",
            "key": "is the key itself, which is said by the brackets",
            "arrows": "has another arrow than the other elements of the list, `{other}`",
            "incomplete": "may make an element, without its `{other}`, which each one has",
        },
    ),
    "match.reference": Entry(
        "`{field}` of {entity} is a reference, which no `match` can compare",
        "Which record it is can only be told once that one has been matched itself.",
        "Match by fields of the record's own, such as a number or an address.",
        {"declared-here": "declared here"},
    ),
}
