"""Every command of a generated package is one of `syncline` too, on a spec."""

from click.testing import CliRunner

from syncline.cli import COMMANDS, main
from syncline.cli.executing import DOES
from syncline_runtime.cli import COMMANDS as OWN


def test_every_command_of_a_package_is_a_command_on_a_spec() -> None:
    assert set(OWN) == set(DOES)
    assert {name for name, module in COMMANDS.items() if module == "syncline.cli.executing"} == set(DOES)
    told = CliRunner().invoke(main, ["--help"])
    assert told.exit_code == 0
    for name in DOES:
        assert f"\n  {name} " in told.output
