"""What the README shows holds: its spec checks, and its commands exist."""

import re
from pathlib import Path

from click.testing import CliRunner

from syncline.cli import COMMANDS, main
from syncline.pipeline import check_spec

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_spec_of_the_readme_checks(tmp_path: Path) -> None:
    (spec,) = re.findall(r"```sync\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "customers.sync"
    file.write_text(spec, encoding="utf-8")
    done = CliRunner().invoke(main, ["check", str(file)])
    assert done.exit_code == 0, done.output


def test_the_commands_of_the_readme_exist() -> None:
    assert set(re.findall(r"`syncline (\w+)", README)) <= set(COMMANDS)


def test_the_connectors_of_the_page_about_them_check() -> None:
    page = Path(__file__).parents[1] / "docs" / "connectors.md"
    blocks = re.findall(r"```sync\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    for block in blocks:
        checked = check_spec("page.sync", f"spec page version 1\n{block}".encode(), {}.get)
        assert not checked.diagnostics, [str(one) for one in checked.diagnostics]
