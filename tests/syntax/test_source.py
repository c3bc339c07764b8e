"""Texts and places in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline.source import SIZE_LIMIT, Source, SourceProblem, Span


def test_places_count_from_one() -> None:
    source = Source("a.sync", "ab\ncd\r\nef\rgh")
    assert [source.position(source.text.index(letter)) for letter in "abcdefgh"] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
        (3, 1),
        (3, 2),
        (4, 1),
        (4, 2),
    ]
    assert [source.line(number) for number in range(6)] == ["", "ab", "cd", "ef", "gh", ""]
    assert repr(Span(source, 3, 5)) == "a.sync:2:1"
    assert Span(source, 3, 5).text == "cd"


@given(st.text(alphabet="ab\r\n", max_size=40))
def test_every_offset_is_on_the_line_that_holds_it(text: str) -> None:
    source = Source("s", text)
    for offset in range(len(text) + 1):
        line, column = source.position(offset)
        assert line >= 1
        assert column >= 1
        if offset < len(text) and text[offset] not in "\r\n":
            assert source.line(line)[column - 1] == text[offset]


def test_a_byte_order_mark_is_no_text() -> None:
    source = Source.from_bytes("s", b"\xef\xbb\xbfspec a version 1")
    assert isinstance(source, Source)
    assert source.text == "spec a version 1"


@pytest.mark.parametrize(
    ("data", "code", "offset"),
    [
        (b"spec \xff", "syntax.not-utf8", 5),
        (b"\xff\xfes\x00p\x00", "syntax.not-utf8", 0),
        (b"\xef\xbb\xbfab\xc3(", "syntax.not-utf8", 2),
        (b"\xed\xa0\x80", "syntax.not-utf8", 0),
        (b"spec\x00a", "syntax.nul", 4),
        (b"#" * (SIZE_LIMIT + 1), "syntax.too-large", 0),
        (b"#" * (4 * SIZE_LIMIT + 1), "syntax.too-large", 0),
    ],
)
def test_bytes_that_are_no_source_say_where(data: bytes, code: str, offset: int) -> None:
    problem = Source.from_bytes("s", data)
    assert isinstance(problem, SourceProblem)
    assert (problem.code, problem.start) == (code, offset)
    assert problem.source.position(problem.start) == (1, offset + 1)
