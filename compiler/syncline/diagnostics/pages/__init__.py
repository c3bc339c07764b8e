"""The pages of the diagnostics: one Markdown file per code, whose examples are executed as its test."""

from importlib.resources import files


def page(code: str) -> str:
    """The page of a code, in Markdown. Raises FileNotFoundError for a code without one."""
    return files("syncline.diagnostics.pages").joinpath(f"{code}.md").read_text(encoding="utf-8")


def pages() -> tuple[str, ...]:
    """The codes that have a page."""
    folder = files("syncline.diagnostics.pages")
    return tuple(sorted(entry.name.removesuffix(".md") for entry in folder.iterdir() if entry.name.endswith(".md")))
