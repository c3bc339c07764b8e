"""Records between delivery and port: quick forms hold what their plain definitions say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline_runtime.connectors.decoding import DEPTH, NotJson, decode
from syncline_runtime.connectors.paths import MISSING, at, flattening
from syncline_runtime.declaration import NativeField

NAMES = st.sampled_from("abcd")
DOCUMENTS = st.recursive(
    st.none() | st.integers(0, 9) | st.text("xy", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.sampled_from("01"), inner, max_size=4),
    max_leaves=12,
)
RECORDS = st.dictionaries(NAMES, DOCUMENTS, max_size=4)
PATHS = st.lists(NAMES | st.sampled_from("01"), min_size=1, max_size=3).map(tuple)


def plainly(record, fields):
    """Field by field: what stands at its path; null where the way ends in null; nothing where it leads nowhere."""
    flat = dict(record)
    for field in fields:
        found = record
        for part in field.path:
            found = None if found is None else at(found, part)
            if found is MISSING:
                break
        if found is not MISSING:
            flat[field.name] = found
        elif field.path[0] != field.name:
            flat.pop(field.name, None)
    return flat


@given(RECORDS, st.dictionaries(NAMES, PATHS, max_size=4))
def test_flattening_follows_each_path(record, paths):
    fields = [NativeField(name=name, kind="text", path=path) for name, path in paths.items()]
    before = json.dumps(record)
    assert flattening(fields)(record) == plainly(record, fields)
    assert json.dumps(record) == before, "the delivered record is not touched"


def spelled(document, twice):
    """JSON in which the keys in `twice` stand two times, whatever else a text may hold that looks like a key."""
    match document:
        case dict():
            pairs = [f"{json.dumps(key)}: {spelled(value, twice)}" for key, value in document.items()]
            pairs += [f"{json.dumps(key)}:0" for key in document if key in twice]
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ",".join(spelled(item, twice) for item in document) + "]"
        case _:
            return json.dumps(document)


def keys_in(document):
    match document:
        case dict():
            return {*document, *(key for value in document.values() for key in keys_in(value))}
        case list():
            return {key for item in document for key in keys_in(item)}
        case _:
            return set()


KEYS = st.sampled_from(["a", "b", '":', 'c": "d', "é"])
ANY = st.recursive(
    st.sampled_from([None, 1, '"', '": 1', "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


@given(ANY, st.sets(KEYS, max_size=1))
def test_a_key_that_stands_twice_is_refused_wherever_it_stands(document, twice):
    body = spelled(document, twice).encode()
    if twice & keys_in(document):
        with pytest.raises(NotJson, match="twice"):
            decode(body)
    else:
        assert decode(body) == document


@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_taken_to_a_depth_and_no_deeper(opened, closed):
    inner = "1" if closed == "}" else ""
    decode((opened * DEPTH + inner + closed * DEPTH).encode())
    with pytest.raises(NotJson, match="deeper"):
        decode((opened * (DEPTH + 1) + inner + closed * (DEPTH + 1)).encode())
