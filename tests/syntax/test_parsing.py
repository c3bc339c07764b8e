"""What the tree says of a spec without mistakes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncline import syntax
from syncline.source import Source, Span
from syncline.syntax.parsing import parse


def one(text: str) -> Any:
    spec, diagnostics = parse(Source("spec.sync", text))
    assert diagnostics == ()
    (declaration,) = spec.declarations
    return declaration


def expression(text: str) -> Any:
    return one(f"map E to s.r {{ {text} -> x }}").lines[0].left


def nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple) and not isinstance(value, Span):
        for item in value:
            yield from nodes(item)
    elif hasattr(value, "__match_args__") and hasattr(value, "span"):
        yield value
        for name in value.__match_args__:
            yield from nodes(getattr(value, name))


def test_samples_have_no_mistake(sample: Source) -> None:
    spec, diagnostics = parse(sample)
    assert diagnostics == ()
    assert spec.declarations


def test_every_node_holds_its_parts(sample: Source) -> None:
    spec, _ = parse(sample)
    for node in nodes(spec.declarations):
        assert 0 <= node.span.start < node.span.end <= len(sample.text)
        assert not node.span.text[0].isspace()
        assert not node.span.text[-1].isspace()
        for name in node.__match_args__:
            for part in nodes(getattr(node, name)):
                assert node.span.start <= part.span.start
                assert part.span.end <= node.span.end


def test_every_class_of_the_tree_is_made() -> None:
    path = Path(__file__).with_name("samples").joinpath("everything.sync")
    sample = Source(path.name, path.read_text(encoding="utf-8"))
    made = {type(node).__name__ for node in nodes(parse(sample)[0].declarations)}
    classes = {
        name for name, value in vars(syntax).items() if isinstance(value, type) and hasattr(value, "__match_args__")
    }
    assert classes - made == {"Spec", "Comment"}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("(a + b) * -c", "((a + b) * (-c))"),
        ("a or b and not c = d", "(a or (b and (not (c = d))))"),
        ("a - 7 days is past and b", "(((a - 7 day) is past) and b)"),
        ("a is not present or b not in [x, y]", "((a is not present) or (b not in [x y]))"),
        ("if a then b else if c then d else e", "if(a b if(c d e))"),
        ("stage becomes won", "(stage becomes won)"),
        ('prices["EUR"].amount', "prices[EUR].amount"),
        ("-1 < -2.50", "((-1) < (-2.50))"),
        ("sum(lines.total, over: 25%)", "sum(lines.total, over: 25%)"),
        ('"say \\"hi\\"\\n\\u{e9}"', 'say "hi"\né'),
    ],
)
def test_expressions(text: str, meaning: str) -> None:
    assert shown(expression(text)) == meaning


def shown(node: Any) -> str:
    match node:
        case syntax.Path(steps):
            return "".join(f"[{shown(s.value)}]" if isinstance(s, syntax.Key) else f".{s.text}" for s in steps)[1:]
        case syntax.Number(text):
            return text
        case syntax.Text(value):
            return value
        case syntax.Percent(text):
            return f"{text}%"
        case syntax.Quantity(text, unit):
            return f"{text} {unit}"
        case syntax.Unary(operator, operand):
            return f"({operator}{' ' if operator == 'not' else ''}{shown(operand)})"
        case syntax.Binary(operator, left, right) | syntax.Test(operator, left, right):
            return f"({shown(left)} {operator} {shown(right)})"
        case syntax.If(condition, then, otherwise):
            return f"if({shown(condition)} {shown(then)} {shown(otherwise)})"
        case syntax.ListLiteral(items):
            return f"[{' '.join(map(shown, items))}]"
        case syntax.Call(function, arguments):
            given = [f"{a.name.text}: {shown(a.value)}" if a.name else shown(a.value) for a in arguments]
            return f"{function.text}({', '.join(given)})"
    raise AssertionError(node)


def test_documentation_belongs_to_what_stands_below() -> None:
    entity = one("## A thing.\n# aside\n## Really.\nentity E {\n  a : text ## not this\n  ## Its name.\n  b : text\n}")
    assert entity.doc == "A thing.\nReally."
    assert [field.doc for field in entity.fields] == [None, "Its name."]


def test_comments_are_kept_in_order(parsed: Any) -> None:
    spec, _ = parsed("# one\nspec a version 1 # two\n## three")
    assert [comment.text for comment in spec.comments] == ["# one", "# two", "## three"]


def test_line_ends_and_commas_say_the_same() -> None:
    by_lines = one("enum E {\n\n  a\n  b\r\n  c\n}")
    assert by_lines == one("enum E { a, b, c }") == one("enum E {a,b\n,c,}") == one("enum E {\ra\rb\rc\r}")


def test_nodes_compare_without_their_places() -> None:
    assert one("type A = text(2)") == one("\n\ntype   A=text( 2 )")
    assert one("type A = text(2)") != one("type A = text(3)")
    assert hash(one("type A = text(2)")) == hash(one(" type A = text(2)"))


def test_truth_rules_keep_their_parts() -> None:
    truth = one(
        "sync E across a, b { truth { x and y.z owned by a when k is eu report\nrecord owned by b otherwise } }"
    )
    first, second = truth.clauses[0].rules
    assert [shown(path) for path in first.fields] == ["x", "y.z"]
    assert (first.rule.system.text, shown(first.rule.condition), first.rule.drift.text) == ("a", "(k is eu)", "report")
    assert (second.owner.system.text, second.otherwise) == ("b", True)


def test_a_connector_is_read_without_its_vocabulary() -> None:
    connector = one(
        "connector c over rest {\n  setting url : url\n  id : ref a or b keyed\n  rate 300 per 10 seconds\n"
        '  error { message: "m" }\n  rows : list<row> by n\n}'
    )
    setting, reference, rate, error, rows = connector.items
    assert (setting.kind.text, setting.name.text, shown(setting.value)) == ("setting", "url", "url")
    assert [target.text for target in reference.value.targets] == ["a", "b"]
    assert [shown(word) for word in reference.words] == ["keyed"]
    assert [shown(word) for word in rate.words] == ["300", "per", "10 second"]
    assert (error.items[0].name.text, shown(error.items[0].value)) == ("message", "m")
    assert (rows.value.kind.text, shown(rows.value.by)) == ("list", "n")


@pytest.mark.parametrize(
    ("text", "name", "arguments"), [("text(200)", "text", 1), ("instant", "instant", 0), ("number(a, b)", "number", 2)]
)
def test_a_word_can_be_read_as_a_type(text: str, name: str, arguments: int) -> None:
    word = one(f"connector c over rest {{ a : {text} }}").items[0].value
    named = syntax.type_of(word)
    assert isinstance(named, syntax.NamedType)
    assert (named.name.text, len(named.arguments)) == (name, arguments)


def test_a_value_is_no_type() -> None:
    items = one('connector c over rest { a : "x"\n b : 1\n c : [d]\n e : f.g }').items
    assert [syntax.type_of(item.value) for item in items] == [None] * 4


def test_a_table_keeps_otherwise_apart() -> None:
    codec = one('codec c = { a: ["1", "2"], `otherwise`: "3", otherwise: a }').codec
    (table,) = codec.steps
    assert [(row.value.text, len(row.natives)) for row in table.entries] == [("a", 2), ("otherwise", 1)]
    assert shown(table.otherwise) == "a"
