"""From reductions to nodes: a method for each rule of the grammar that makes one, called with what the rule hands on.

Lists come as lists, absent parts as None, names and literals as nodes, words that matter as their text.
"""

import re
from collections.abc import Sequence
from typing import Any

from syncline.source import Source, Span
from syncline.syntax import declarations as d
from syncline.syntax import expressions as e
from syncline.syntax import policy as p
from syncline.syntax.folding import folded

Value = e.Expression
Key = e.Name | e.Text | e.Number | e.Boolean | e.Null

HEIGHT_LIMIT = 100
"""How many operators, calls and brackets an expression may have one inside the other."""

TYPE_HEIGHT_LIMIT = 20
"""How many collections of collections a type may be."""

_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|(.))")
_ESCAPED = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_UNITS = {"s": "second", "ms": "ms"}


class Builder:
    """Makes the nodes of one source; `problems` collects (code, start, end, facts) of what only a value shows."""

    def __init__(self, source: Source, docs: dict[int, str]) -> None:
        self.source = source
        self.docs = docs
        self.problems: list[tuple[str, int, int, dict[str, str | int]]] = []

    # Tokens.

    def name_token(self, start: int, end: int) -> e.Name:
        text = self.source.text[start:end]
        return e.Name(text[1:-1] if text[0] == "`" else text, Span(self.source, start, end))

    def text_token(self, start: int, end: int) -> e.Text:
        value = self.source.text[start + 1 : end - 1]
        if "\\" in value:
            value = _ESCAPE.sub(lambda found: self._unescaped(found, start + 1), value)
        return e.Text(value, Span(self.source, start, end))

    def number_token(self, start: int, end: int) -> e.Number:
        return e.Number(self.source.text[start:end], Span(self.source, start, end))

    def percent_token(self, start: int, end: int) -> e.Percent:
        return e.Percent(self.source.text[start : end - 1], Span(self.source, start, end))

    def quantity_token(self, start: int, end: int) -> e.Quantity:
        number, unit = self.source.text[start:end].split()
        return e.Quantity(number, _UNITS.get(unit) or unit.removesuffix("s"), Span(self.source, start, end))

    def _unescaped(self, found: re.Match[str], offset: int) -> str:
        point, character = found.groups()
        if point is not None and (value := int(point, 16)) <= 0x10FFFF and not 0xD800 <= value < 0xE000 and value:
            return chr(value)
        if character in _ESCAPED:
            return _ESCAPED[character]
        at = offset + found.start()
        self.problems.append(("syntax.bad-escape", at, offset + found.end(), {"escape": found[0]}))
        return found[0]

    # Expressions.

    def _height(self, start: int, end: int, *parts: Any) -> int:
        height = 1 + max((part.height for part in parts), default=0)
        if height == HEIGHT_LIMIT:
            self.problems.append(("syntax.too-deep", start, end, {"limit": HEIGHT_LIMIT}))
        return height

    def path(self, start: int, end: int, name: e.Name, steps: Sequence[e.Name | e.Key] | None) -> e.Path:
        span = Span(self.source, start, end)
        return e.Path((name,) if steps is None else (name, *steps), span)

    def index(self, start: int, end: int, value: e.Text | e.Number) -> e.Key:
        return e.Key(value, Span(self.source, start, end))

    def call(self, start: int, end: int, function: e.Name, arguments: Sequence[e.Argument] | None) -> e.Call:
        given = tuple(arguments or ())
        height = self._height(start, end, *[argument.value for argument in given])
        return e.Call(function, given, Span(self.source, start, end), height)

    def argument(self, start: int, end: int, name: e.Name | None, value: Value) -> e.Argument:
        return e.Argument(name, value, Span(self.source, start, end))

    def list(self, start: int, end: int, values: Sequence[Value] | None) -> e.ListLiteral:
        items = tuple(values or ())
        return e.ListLiteral(items, Span(self.source, start, end), self._height(start, end, *items))

    def object(self, start: int, end: int, entries: Sequence[e.Entry] | None) -> e.ObjectLiteral:
        items = tuple(entries or ())
        height = self._height(start, end, *[entry.value for entry in items])
        return e.ObjectLiteral(items, Span(self.source, start, end), height)

    def entry(self, start: int, end: int, key: Key, value: Value) -> e.Entry:
        return e.Entry(key, value, Span(self.source, start, end))

    def boolean(self, start: int, end: int, word: str) -> e.Boolean:
        return e.Boolean(word == "true", Span(self.source, start, end))

    def null(self, start: int, end: int) -> e.Null:
        return e.Null(Span(self.source, start, end))

    def negative(self, start: int, end: int, operand: Value) -> e.Unary:
        return e.Unary("-", operand, Span(self.source, start, end), self._height(start, end, operand))

    def not_(self, start: int, end: int, operand: Value) -> e.Unary:
        return e.Unary("not", operand, Span(self.source, start, end), self._height(start, end, operand))

    def binary(self, start: int, end: int, left: Value, operator: str, right: Value) -> e.Binary:
        return e.Binary(operator, left, right, Span(self.source, start, end), self._height(start, end, left, right))

    compare = binary

    def and_(self, start: int, end: int, left: Value, right: Value) -> e.Binary:
        return self.binary(start, end, left, "and", right)

    def or_(self, start: int, end: int, left: Value, right: Value) -> e.Binary:
        return self.binary(start, end, left, "or", right)

    def _test(self, start: int, end: int, operator: str, subject: Value, against: Value) -> e.Test:
        height = self._height(start, end, subject, against)
        return e.Test(operator, subject, against, Span(self.source, start, end), height)

    def is_(self, start: int, end: int, subject: Value, negated: str | None, against: Value) -> e.Test:
        return self._test(start, end, "is not" if negated else "is", subject, against)

    def in_(self, start: int, end: int, subject: Value, negated: str | None, against: Value) -> e.Test:
        return self._test(start, end, "not in" if negated else "in", subject, against)

    def becomes(self, start: int, end: int, subject: Value, against: Value) -> e.Test:
        return self._test(start, end, "becomes", subject, against)

    def if_(self, start: int, end: int, condition: Value, then: Value, otherwise: Value) -> e.If:
        height = self._height(start, end, condition, then, otherwise)
        return e.If(condition, then, otherwise, Span(self.source, start, end), height)

    # Types and codecs.

    def named_type(
        self, start: int, end: int, name: e.Name, arguments: Sequence[e.Argument] | None, matching: e.Text | None
    ) -> e.NamedType:
        return e.NamedType(name, tuple(arguments or ()), matching, Span(self.source, start, end))

    def reference_type(self, start: int, end: int, targets: Sequence[e.Name]) -> e.ReferenceType:
        return e.ReferenceType(tuple(targets), Span(self.source, start, end))

    def collection_type(
        self, start: int, end: int, kind: e.Name, element: e.Type, by: e.Path | None = None
    ) -> e.CollectionType:
        height, inner = 1, element
        while isinstance(inner, e.CollectionType) and height <= TYPE_HEIGHT_LIMIT:
            height, inner = height + 1, inner.element
        if height == TYPE_HEIGHT_LIMIT:
            self.problems.append(("syntax.too-deep", start, end, {"limit": TYPE_HEIGHT_LIMIT}))
        return e.CollectionType(kind, element, by, Span(self.source, start, end))

    def codec(self, start: int, end: int, steps: Sequence[e.CodecCall | e.Table]) -> e.Codec:
        return e.Codec(tuple(steps), Span(self.source, start, end))

    def codec_call(self, start: int, end: int, name: e.Name, arguments: Sequence[e.Argument] | None) -> e.CodecCall:
        return e.CodecCall(name, tuple(arguments or ()), Span(self.source, start, end))

    def table(self, start: int, end: int, entries: Sequence[e.Entry] | None) -> e.Table:
        rows: list[e.TableEntry] = []
        otherwise: Value | None = None
        for entry in entries or ():
            if (
                isinstance(entry.key, e.Name)
                and entry.key.text == "otherwise"
                and self.source.text[entry.span.start] != "`"
            ):
                if otherwise is not None:
                    self.problems.append(("syntax.repeated-otherwise", entry.span.start, entry.span.end, {}))
                otherwise = entry.value
                continue
            value = entry.value
            natives = value.items if isinstance(value, e.ListLiteral) else (value,)
            rows.append(e.TableEntry(entry.key, natives, entry.span))
        return e.Table(tuple(rows), otherwise, Span(self.source, start, end))

    # Declarations.

    def spec(self, start: int, end: int, found: Sequence[d.Declaration] | None) -> tuple[d.Declaration, ...]:
        return tuple(found or ())

    def header(self, start: int, end: int, name: e.Name, version: e.Number) -> d.Header:
        return d.Header(name, version, self.docs.get(start), Span(self.source, start, end))

    def use(self, start: int, end: int, names: Sequence[e.Name]) -> d.Use:
        return d.Use(tuple(names), Span(self.source, start, end))

    def import_(self, start: int, end: int, path: e.Text) -> d.Import:
        return d.Import(path, Span(self.source, start, end))

    def allow(self, start: int, end: int, word: str, reason: e.Text) -> d.Allow:
        code = word[len("allow") :].strip()
        at = start + len(word)
        return d.Allow(e.Name(code, Span(self.source, at - len(code), at)), reason, Span(self.source, start, end))

    def type_declaration(self, start: int, end: int, name: e.Name, type_: e.Type) -> d.TypeDeclaration:
        return d.TypeDeclaration(name, type_, self.docs.get(start), Span(self.source, start, end))

    def enum(self, start: int, end: int, name: e.Name, members: Sequence[d.EnumMember] | None) -> d.Enum:
        return d.Enum(name, tuple(members or ()), self.docs.get(start), Span(self.source, start, end))

    def enum_member(self, start: int, end: int, name: e.Name, renamed_from: e.Name | None) -> d.EnumMember:
        return d.EnumMember(name, renamed_from, self.docs.get(start), Span(self.source, start, end))

    def codec_declaration(self, start: int, end: int, name: e.Name, codec: e.Codec) -> d.CodecDeclaration:
        return d.CodecDeclaration(name, codec, self.docs.get(start), Span(self.source, start, end))

    def record(self, start: int, end: int, name: e.Name, fields: Sequence[d.Field] | None) -> d.Record:
        return d.Record(name, tuple(fields or ()), self.docs.get(start), Span(self.source, start, end))

    def field(
        self,
        start: int,
        end: int,
        name: e.Name,
        type_: e.Type,
        optional: str | None,
        pii: str | None,
        value: Value | None,
        via: e.Name | None,
        renamed_from: e.Name | None,
    ) -> d.Field:
        doc = self.docs.get(start)
        span = Span(self.source, start, end)
        return d.Field(name, type_, optional is not None, pii is not None, value, via, renamed_from, doc, span)

    def entity(
        self,
        start: int,
        end: int,
        name: e.Name,
        renamed_from: e.Name | None,
        items: Sequence[d.Field | d.Match] | None,
    ) -> d.Entity:
        fields = tuple([item for item in items or () if isinstance(item, d.Field)])
        matches = tuple([item for item in items or () if isinstance(item, d.Match)])
        return d.Entity(name, renamed_from, fields, matches, self.docs.get(start), Span(self.source, start, end))

    def match(self, start: int, end: int, rules: Sequence[d.MatchRule]) -> d.Match:
        return d.Match(tuple(rules), Span(self.source, start, end))

    def match_rule(
        self, start: int, end: int, ask: str | None, fields: Sequence[e.Path], excepted: Sequence[e.Text] | None
    ) -> d.MatchRule:
        return d.MatchRule(tuple(fields), ask is not None, tuple(excepted or ()), Span(self.source, start, end))

    def connector(
        self, start: int, end: int, name: e.Name, protocol: e.Name, items: Sequence[d.Item] | None
    ) -> d.Connector:
        return d.Connector(name, protocol, tuple(items or ()), self.docs.get(start), Span(self.source, start, end))

    def extend(self, start: int, end: int, system: e.Name, items: Sequence[d.Item] | None) -> d.Extend:
        return d.Extend(system, tuple(items or ()), self.docs.get(start), Span(self.source, start, end))

    def block(self, start: int, end: int, items: Sequence[d.Item] | None) -> tuple[d.Item, ...]:
        return tuple(items or ())

    def directive(
        self,
        start: int,
        end: int,
        name: e.Name,
        words: Sequence[d.Word] | None,
        items: tuple[d.Item, ...] | None,
    ) -> d.Directive:
        return d.Directive(name, tuple(words or ()), items, self.docs.get(start), Span(self.source, start, end))

    def property(
        self,
        start: int,
        end: int,
        kind: e.Name | None,
        name: e.Name | e.Text | e.Number,
        value: d.Word,
        optional: str | None,
        words: Sequence[d.Word] | None,
        items: tuple[d.Item, ...] | None,
    ) -> d.Property:
        rest = list(words or ())
        value = folded(value, rest)
        doc = self.docs.get(start)
        span = Span(self.source, start, end)
        return d.Property(kind, name, value, optional is not None, tuple(rest), items, doc, span)

    def group(
        self,
        start: int,
        end: int,
        kind: e.Name | None,
        name: e.Name | e.Text | e.Number,
        items: tuple[d.Item, ...],
    ) -> d.Property:
        return d.Property(kind, name, None, False, (), items, self.docs.get(start), Span(self.source, start, end))

    def system(
        self, start: int, end: int, name: e.Name, connector: e.Name, settings: e.ObjectLiteral | None
    ) -> d.System:
        settings = settings or e.ObjectLiteral((), connector.span, 0)
        return d.System(name, connector, settings, self.docs.get(start), Span(self.source, start, end))

    def resource_name(self, start: int, end: int, system: e.Name, resource: e.Name) -> d.ResourceName:
        return d.ResourceName(system, resource, Span(self.source, start, end))

    def map(
        self,
        start: int,
        end: int,
        entity: e.Name,
        target: d.ResourceName,
        where: Value | None,
        when: Value | None,
        lines: Sequence[d.Line] | None,
    ) -> d.Map:
        doc = self.docs.get(start)
        return d.Map(entity, target, where, when, tuple(lines or ()), doc, Span(self.source, start, end))

    def arrow(self, start: int, end: int, arrow: str) -> tuple[str, Span]:
        return arrow, Span(self.source, start, end)

    def field_line(
        self,
        start: int,
        end: int,
        left: Value,
        arrow: tuple[str, Span],
        right: Value,
        codec: e.Codec | None,
        conditions: Sequence[d.Condition] | None,
    ) -> d.FieldLine:
        span = Span(self.source, start, end)
        return d.FieldLine(left, arrow[0], right, codec, tuple(conditions or ()), arrow[1], span)

    def collection_line(
        self,
        start: int,
        end: int,
        left: Value,
        arrow: tuple[str, Span],
        right: Value,
        lines: Sequence[d.Line] | None,
    ) -> d.CollectionLine:
        span = Span(self.source, start, end)
        return d.CollectionLine(left, arrow[0], right, tuple(lines or ()), arrow[1], span)

    def condition(self, start: int, end: int, kind: str) -> d.Condition:
        return d.Condition(kind, Span(self.source, start, end))

    def derive(
        self,
        start: int,
        end: int,
        entity: e.Name,
        origin: e.Name,
        trigger: d.Once | d.While,
        lines: Sequence[d.Line] | None,
    ) -> d.Derive:
        doc = self.docs.get(start)
        return d.Derive(entity, origin, trigger, tuple(lines or ()), doc, Span(self.source, start, end))

    def once(self, start: int, end: int, condition: Value) -> d.Once:
        return d.Once(condition, Span(self.source, start, end))

    def while_(self, start: int, end: int, condition: Value) -> d.While:
        return d.While(condition, Span(self.source, start, end))

    def automation(
        self, start: int, end: int, system: e.Name, sets: Sequence[e.Path], condition: Value | None
    ) -> d.Automation:
        return d.Automation(system, tuple(sets), condition, self.docs.get(start), Span(self.source, start, end))

    def example(self, start: int, end: int, title: e.Text, samples: Sequence[d.Sample] | None) -> d.Example:
        return d.Example(title, tuple(samples or ()), self.docs.get(start), Span(self.source, start, end))

    def sample(
        self, start: int, end: int, role: str | None, target: d.ResourceName | e.Name, values: e.ObjectLiteral
    ) -> d.Sample:
        return d.Sample(role or "", target, values, Span(self.source, start, end))

    # Policy.

    def sync(
        self,
        start: int,
        end: int,
        entity: e.Name,
        topology: p.Across | p.Flow,
        clauses: Sequence[p.Clause] | None,
    ) -> p.Sync:
        return p.Sync(entity, topology, tuple(clauses or ()), self.docs.get(start), Span(self.source, start, end))

    def across(self, start: int, end: int, systems: Sequence[e.Name]) -> p.Across:
        return p.Across(tuple(systems), Span(self.source, start, end))

    def flow(self, start: int, end: int, sources: Sequence[e.Name], targets: Sequence[e.Name] | None) -> p.Flow:
        return p.Flow(tuple(sources), tuple(targets or ()), Span(self.source, start, end))

    def write_rule(
        self,
        start: int,
        end: int,
        operation: str,
        system: e.Name,
        action: e.Name | None,
        condition: Value | None,
        unless: bool | None,
    ) -> p.WriteRule:
        return p.WriteRule(operation, system, action, condition, bool(unless), Span(self.source, start, end))

    def unless(self, start: int, end: int) -> bool:
        return True

    def word(self, start: int, end: int, word: str) -> e.Name:
        return e.Name(word, Span(self.source, start, end))

    write_action = drift = empty_behaviour = scope_action = merged_action = unknown_action = erase_action = word

    def truth(self, start: int, end: int, rules: Sequence[Any] | None) -> p.Truth:
        return p.Truth(tuple(rules or ()), Span(self.source, start, end))

    def field_truth(self, start: int, end: int, fields: Sequence[e.Path], rule: p.Rule) -> p.FieldTruth:
        return p.FieldTruth(tuple(fields), rule, Span(self.source, start, end))

    def record_truth(self, start: int, end: int, owner: p.OwnedBy, otherwise: str | None) -> p.RecordTruth:
        return p.RecordTruth(owner, otherwise is not None, Span(self.source, start, end))

    def otherwise_truth(self, start: int, end: int, rule: p.Rule) -> p.OtherwiseTruth:
        return p.OtherwiseTruth(rule, Span(self.source, start, end))

    def owned_by(
        self, start: int, end: int, system: e.Name, condition: Value | None, drift: e.Name | None
    ) -> p.OwnedBy:
        return p.OwnedBy(system, condition, drift, Span(self.source, start, end))

    def prefers(self, start: int, end: int, systems: Sequence[e.Name]) -> p.Prefers:
        return p.Prefers(tuple(systems), Span(self.source, start, end))

    def newest(self, start: int, end: int, tie_break: e.Name | None) -> p.Newest:
        return p.Newest(tie_break, Span(self.source, start, end))

    def merge(self, start: int, end: int, kind: str) -> p.Merge:
        return p.Merge(kind, Span(self.source, start, end))

    def ask(self, start: int, end: int) -> p.Ask:
        return p.Ask(Span(self.source, start, end))

    def python_merge(self, start: int, end: int, function: e.Text) -> p.PythonMerge:
        return p.PythonMerge(function, Span(self.source, start, end))

    def empty(self, start: int, end: int, behaviour: e.Name) -> p.Empty:
        return p.Empty(behaviour, Span(self.source, start, end))

    def out_of_scope(self, start: int, end: int, action: e.Name) -> p.OutOfScope:
        return p.OutOfScope(action, Span(self.source, start, end))

    def merged(self, start: int, end: int, action: e.Name) -> p.Merged:
        return p.Merged(action, Span(self.source, start, end))

    def unknown(self, start: int, end: int, action: e.Name) -> p.Unknown:
        return p.Unknown(action, Span(self.source, start, end))

    def guard(self, start: int, end: int, operation: str, bound: Sequence[e.Number | e.Percent]) -> p.Guard:
        count = next((part for part in bound if isinstance(part, e.Number)), None)
        percent = next((part for part in bound if isinstance(part, e.Percent)), None)
        return p.Guard(operation, count, percent, Span(self.source, start, end))

    def erase(self, start: int, end: int, action: e.Name, system: e.Name, reason: e.Text | None) -> p.Erase:
        return p.Erase(action, system, reason, Span(self.source, start, end))

    def run_every(self, start: int, end: int, full: str | None, interval: e.Quantity) -> p.RunEvery:
        return p.RunEvery(interval, full is not None, Span(self.source, start, end))

    def run_daily(self, start: int, end: int, full: str | None, at: e.Text, zone: e.Text) -> p.RunDaily:
        return p.RunDaily(at, zone, full is not None, Span(self.source, start, end))

    def run_on_webhook(self, start: int, end: int) -> p.RunOnWebhook:
        return p.RunOnWebhook(Span(self.source, start, end))

    def run_after(self, start: int, end: int, entity: e.Name) -> p.RunAfter:
        return p.RunAfter(entity, Span(self.source, start, end))
