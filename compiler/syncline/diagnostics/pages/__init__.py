"""The pages of the diagnostics: one Markdown file per code, whose examples are executed as its test.

An example is a fenced block. Its first word is `sync`; then may follow:

- nothing: a spec, which begins with `PRELUDE` unless it has a `spec` line of its own;
- `whole`: a spec as it stands, without `PRELUDE`;
- `escaped`: as `whole`, for what cannot be typed: `\\x00` is a byte, `{text*5}` stands for five times `text`,
  in which `\\n` is the end of a line;
- `released`, `locked`: not an example, but the version that the examples of the page are compared with, or whose lock they have;
- a file's name: not an example, but a file that the examples of the page import; in `step-{n}.sync`, `{n}` is any
  number, and the block's `{n+1}` the next one.

A line of a failing example that ends in `# error` reports exactly the page's code; no other line reports anything.
"""

import re
from importlib.resources import files

PRELUDE = 'spec example version 1\nimport "sample.sync"\n'
"""What stands before an example that has no `spec` line."""

_FOLDER = files("syncline.diagnostics.pages")


def page(code: str) -> str:
    """The page of a code, in Markdown. Raises FileNotFoundError for a code without one."""
    return _FOLDER.joinpath(f"{code}.md").read_text(encoding="utf-8")


def pages() -> tuple[str, ...]:
    """The codes that have a page."""
    return tuple(sorted(entry.name.removesuffix(".md") for entry in _FOLDER.iterdir() if entry.name.endswith(".md")))


def sample() -> str:
    """The file that the examples import."""
    return _FOLDER.joinpath("sample.sync").read_text(encoding="utf-8")


def summary(code: str) -> str:
    """The first sentence of a code's page."""
    paragraph = " ".join(page(code).split("\n\n")[1].splitlines())
    return re.split(r"(?<=[.:;]) ", paragraph, maxsplit=1)[0].rstrip(":;.") + "."
