"""What the README shows holds: its spec checks, and its commands exist."""

import re
from pathlib import Path

from click.testing import CliRunner

from syncline.cli import COMMANDS, main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_spec_of_the_readme_checks(tmp_path: Path) -> None:
    (spec,) = re.findall(r"```sync\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "customers.sync"
    file.write_text(spec, encoding="utf-8")
    done = CliRunner().invoke(main, ["check", str(file)])
    assert done.exit_code == 0, done.output


def test_the_commands_of_the_readme_exist() -> None:
    assert set(re.findall(r"`syncline (\w+)", README)) <= set(COMMANDS)
