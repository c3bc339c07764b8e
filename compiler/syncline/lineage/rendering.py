"""Lineage as text for people, as JSON for programs, as a Mermaid diagram for pages."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from syncline.diagnostics.rendering import printable
from syncline.lineage.tracing import FieldLineage, Station
from syncline.source import Span

FORMAT_VERSION = "1.0"
"""Of the JSON output: the first number changes when a reader would break, the second when something is added."""


def text(lineages: Sequence[FieldLineage]) -> str:
    """A block for each field: the places that it flows from and to, what decides it, what hangs on it; each with its line."""
    return "\n".join("".join(f"{printable(line)}\n" for line in _block(one)) for one in lineages)


def as_json(lineages: Sequence[FieldLineage]) -> str:
    """A JSON document: `format_version` and `fields`."""
    document = {"format_version": FORMAT_VERSION, "fields": [_entry(one) for one in lineages]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def mermaid(lineages: Sequence[FieldLineage]) -> str:
    """A Mermaid flowchart: a group for each system, a node for each place and field, an edge for each line of a map."""
    nodes: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    edges: dict[tuple[str, str], list[Station | None]] = {}
    fields = {one.name for one in lineages}
    for one in lineages:
        field = nodes.setdefault(one.name, f"n{len(nodes)}")
        for at, stations in ((0, one.sources), (1, one.targets)):
            for station in stations:
                if station.place not in nodes:
                    nodes[station.place] = f"n{len(nodes)}"
                if station.place not in fields and station.place not in groups.get(station.system, ()):
                    groups.setdefault(station.system, []).append(station.place)
                edges.setdefault((nodes[station.place], field), [None, None])[at] = station
    lines = ["flowchart LR"]
    for system, places in groups.items():
        lines.append(f"  subgraph s{len(lines)}[{_quoted(system)}]")
        lines += [f"    {nodes[place]}[{_quoted(place)}]" for place in places]
        lines.append("  end")
    lines += [f"  {nodes[one.name]}([{_quoted(one.name)}])" for one in lineages]
    for (place, field), (read, written) in edges.items():
        lines.append(f"  {_edge(place, field, read, written)}")
    return "\n".join(lines) + "\n"


def _block(one: FieldLineage) -> list[str]:
    marks = " pii" if one.field.pii else ""
    both = [station for station in one.sources if station in one.targets]
    rows: list[tuple[str, str, Span | None]] = []
    for arrow, stations in (("<->", both), ("<-", one.sources), ("->", one.targets)):
        rows += [(arrow, _words(each), each.span) for each in stations if arrow == "<->" or each not in both]
    rows += [("truth", decision.rule, decision.span) for decision in one.decisions]
    rows += [("used", use.clause, use.span) for use in one.uses]
    head = f"{one.name} : {one.field.type}{marks}  {_place(one.field.span)}"
    return [
        head,
        *(f"  {label:<6}{words}" + (f"  {_place(span)}" if span is not None else "") for label, words, span in rows),
    ]


def _words(station: Station) -> str:
    return " ".join(part for part in (station.place, station.through, station.condition) if part)


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.line}:{span.column}"


def _entry(one: FieldLineage) -> dict[str, Any]:
    return {
        "entity": one.entity,
        "field": one.field.name,
        "type": str(one.field.type),
        "pii": one.field.pii,
        "span": one.field.span.place(),
        "sources": [_station(station) for station in one.sources],
        "decisions": [
            {"rule": decision.rule, "span": None if decision.span is None else decision.span.place()}
            for decision in one.decisions
        ],
        "targets": [_station(station) for station in one.targets],
        "uses": [{"clause": use.clause, "span": use.span.place()} for use in one.uses],
    }


def _station(station: Station) -> dict[str, Any]:
    return {
        "system": station.system,
        "resource": station.resource,
        "natives": list(station.natives),
        "through": station.through,
        "condition": station.condition,
        "span": station.span.place(),
    }


def _edge(place: str, field: str, read: Station | None, written: Station | None) -> str:
    labels = list(dict.fromkeys(_labels(read, written)))
    label = f"|{_quoted(', '.join(labels))}|" if labels else ""
    if read is not None and written is not None:
        return f"{place} <-->{label} {field}"
    return f"{place} -->{label} {field}" if read is not None else f"{field} -->{label} {place}"


def _labels(*stations: Station | None) -> Iterator[str]:
    for station in stations:
        if station is not None:
            yield from (part for part in (station.through, station.condition) if part)


def _quoted(words: str) -> str:
    """A Mermaid label: whatever is special there stands as its code."""
    return (
        '"'
        + "".join(letter if letter.isalnum() or letter in " ._:=,-()/" else f"#{ord(letter)};" for letter in words)
        + '"'
    )
