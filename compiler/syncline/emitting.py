"""From the view to text: the only importer of Jinja, and the guard that no spec's text became code."""

import ast
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from syncline.lowering.quoting import literal, one_line
from syncline.view import Package

_STRUCTURE: Final = (
    ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.Expr, ast.Assign, ast.AnnAssign, ast.FunctionDef,
    ast.arguments, ast.arg, ast.Return, ast.If, ast.ClassDef, ast.keyword,
)  # fmt: skip
_EXPRESSIONS: Final = (
    ast.Constant, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Call, ast.Subscript, ast.Dict, ast.Set, ast.Tuple,
    ast.List, ast.IfExp, ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.Is, ast.IsNot, ast.In, ast.NotIn, ast.Eq, ast.LtE,
    ast.UnaryOp, ast.USub, ast.BinOp, ast.BitOr, ast.DictComp, ast.comprehension, ast.NamedExpr,
)  # fmt: skip
ALLOWED: Final = frozenset((*_STRUCTURE, *_EXPRESSIONS))
"""The node types of generated code; no lambda, loop, exception, delete, global, f-string or await."""

_IMPORTABLE: Final = frozenset({"re", "collections.abc", "datetime", "decimal", "typing"})
_FORBIDDEN: Final = frozenset(
    {"eval", "exec", "compile", "open", "globals", "locals", "vars", "getattr", "setattr", "input", "breakpoint"}
)

_OWN: Final = frozenset({"__name__", "__all__", "__file__"})
"""Names of Python's own that a package speaks of."""


class EmissionRefused(Exception):
    """The rendered text is not the code that was meant: a defect of the compiler, never of the spec."""


def emit(package: Package) -> dict[str, str]:
    """The files of the package by path, formatted as `ruff format` would; raises EmissionRefused for text that is no such code."""
    environment = _environment()
    module = environment.get_template("module.py.jinja")
    files = {
        "__init__.py": environment.get_template("init.py.jinja").render(package=package),
        "__main__.py": environment.get_template("main.py.jinja").render(package=package),
    }
    files |= {each.file: module.render(package=package, module=each) for each in package.modules}
    for path, text in files.items():
        _refuse_surprises(path, text)
    return files | {"py.typed": ""}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("syncline", "templates"),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["literal"] = literal
    environment.filters["one_line"] = one_line
    return environment


def _refuse_surprises(path: str, text: str) -> None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise EmissionRefused(f"{path}: the generated text is no Python: {error}") from error
    for node in ast.walk(tree):
        if type(node) not in ALLOWED:
            raise EmissionRefused(f"{path}: unexpected {type(node).__name__} in generated code")
        match node:
            case ast.ImportFrom(module=str(name), level=0) if (
                name in _IMPORTABLE or name.split(".")[0] == "syncline_runtime"
            ):
                pass
            case ast.ImportFrom(level=1):
                pass
            case ast.Import(names=[ast.alias(name=name, asname=None)]) if name in _IMPORTABLE:
                pass
            case ast.Import() | ast.ImportFrom():
                raise EmissionRefused(f"{path}: unexpected import in generated code")
            case ast.Name(id=name) if name in _FORBIDDEN or (name.startswith("__") and name not in _OWN):
                raise EmissionRefused(f"{path}: unexpected name {name} in generated code")
            case ast.Attribute(attr=name) if name.startswith("_"):
                raise EmissionRefused(f"{path}: unexpected attribute {name} in generated code")
            case _:
                pass
