"""Types among the words of a connector, where nothing but a type can be meant."""

from syncline.source import Span
from syncline.syntax import declarations as d
from syncline.syntax import expressions as e


def folded(value: d.Word, rest: list[d.Word]) -> d.Word:
    """The type at the head of a property's words, taken from them: `ref a or b`, `list<T> by f`, `text matching "…"`."""
    match value, rest:
        case e.Path(steps=(e.Name("ref"),)), [e.Path(steps=(e.Name() as target,)), *_] if target.text != "from":
            targets = [target]
            del rest[0]
            while len(rest) >= 2 and _word(rest[0]) == "or" and isinstance(rest[1], e.Path):
                match rest[1].steps:
                    case (e.Name() as other,):
                        targets.append(other)
                        del rest[:2]
                    case _:
                        break
            return e.ReferenceType(tuple(targets), _across(value.span, targets[-1].span))
        case e.CollectionType(by=None), [first, e.Path() as by, *_] if _word(first) == "by":
            del rest[:2]
            return e.CollectionType(value.kind, value.element, by, _across(value.span, by.span))
        case ((e.Path() | e.Call()), [first, e.Text() as pattern, *_]) if _word(first) == "matching":
            type_ = d.type_of(value)
            if isinstance(type_, e.NamedType):
                del rest[:2]
                return e.NamedType(type_.name, type_.arguments, pattern, _across(value.span, pattern.span))
    return value


def _word(word: d.Word) -> str:
    match word:
        case e.Path(steps=(e.Name(text),)):
            return text
        case _:
            return ""


def _across(first: Span, last: Span) -> Span:
    return Span(first.source, first.start, last.end)
