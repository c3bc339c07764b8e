"""What the README and the pages beside it show holds: specs check, commands and options exist."""

import argparse
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from syncline.cli import COMMANDS, main
from syncline.pipeline import check_spec
from syncline_runtime import cli
from tests.runtime.executing.conftest import package

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OF_OTHERS = {"--data-checksums"}
"""Options of other programs that a page names."""


def test_the_spec_of_the_readme_checks(tmp_path: Path) -> None:
    (spec,) = re.findall(r"```sync\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "customers.sync"
    file.write_text(spec, encoding="utf-8")
    for command in (["check"], ["fmt", "--check"]):
        done = CliRunner().invoke(main, [*command, str(file)])
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def options() -> set[str]:
    """Every option of the compiler's commands and of a generated package's."""
    context = click.Context(main)
    found = {"--help"}
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        found.update(option for one in command.params for option in (*one.opts, *one.secondary_opts))
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for module in dict.fromkeys(cli.COMMANDS.values()):
        import_module(module).add(commands, package())
    return found.union(*(one._option_string_actions for one in below(parser)))


def below(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from below(one)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_names_exists(page: Path, options: set[str]) -> None:
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= options | OF_OTHERS
    known = COMMANDS.keys() | cli.COMMANDS.keys()
    assert set(re.findall(r"(?:`syncline|python -m PACKAGE) ([a-z]+)", text)) <= known
    for link in re.findall(r"\]\(([^)#:]+)[)#]", text):
        assert (page.parent / link).exists(), link


def test_the_connectors_of_the_page_about_them_check() -> None:
    page = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sync\n(.*?)```", page, re.DOTALL)
    assert blocks
    for block in blocks:
        checked = check_spec("page.sync", f"spec page version 1\n{block}".encode(), {}.get)
        assert not checked.diagnostics, [str(one) for one in checked.diagnostics]
