"""The order of syncs: what is referred to comes first, `run after` holds, and who goes in a circle goes together."""

from dataclasses import replace

import pytest

from syncline_runtime.ordering import grouped
from tests.runtime.executing.references import Kind, package


def order(*kinds: Kind) -> list[list[str]]:
    return [[sync.entity for sync in group] for group in grouped(package(*kinds))]


A, B, C = Kind("A", {}), Kind("B", {}), Kind("C", {})


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((A, B, C), [["A"], ["B"], ["C"]]),
        ((replace(A, refers={"b": ("B",)}), B), [["B"], ["A"]]),
        ((replace(A, refers={"x": ("C", "B")}), B, C), [["B"], ["C"], ["A"]]),
        ((replace(A, refers={"a": ("A",)}), B), [["A"], ["B"]]),
        ((replace(A, refers={"b": ("B",)}), replace(B, refers={"a": ("A",)}), C), [["A", "B"], ["C"]]),
        ((replace(A, refers={"b": ("B",)}), replace(B, refers={"a": ("A",)}, after=("C",)), C), [["C"], ["A", "B"]]),
        ((replace(A, after=("C",)), B, C), [["B"], ["C"], ["A"]]),
        ((replace(A, after=("B",)), replace(B, refers={"a": ("A",)})), [["B", "A"]]),
        ((replace(A, after=("B",)), replace(B, after=("A",))), [["A", "B"]]),
        ((replace(A, after=("nobody",)),), [["A"]]),
    ],
)
def test_each_comes_after_what_it_needs(kinds: tuple[Kind, ...], expected: list[list[str]]) -> None:
    assert order(*kinds) == expected


def test_only_those_asked_for_run() -> None:
    spec = package(replace(A, refers={"b": ("B",)}), replace(B, refers={"c": ("C",)}), C)
    assert [[sync.entity for sync in group] for group in grouped(spec, ("A", "C"))] == [["A"], ["C"]]
