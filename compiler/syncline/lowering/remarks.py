"""Comments that name the place in the spec: `# crm_erp.sync:41`."""

import re
from typing import Final

from syncline.source import Span

_NAME: Final = re.compile(r"[^A-Za-z0-9_.-]+")
LONGEST: Final = 40


def shown_file(name: str) -> str:
    """The base name of a spec's file as a comment may show it."""
    base = re.split(r"[/\\]", name)[-1]
    return _NAME.sub("_", base)[-LONGEST:] or "spec"


def remark(span: Span) -> str:
    """The comment, with the two blanks before it, for code that comes from this place."""
    return f"  # {shown_file(span.source.name)}:{span.line}"
