"""The command line: argv, files and exit codes; everything else is the pipeline's. A command is imported when asked for."""

from importlib import import_module

import click

COMMANDS = {
    "check": "syncline.cli.check",
    "fmt": "syncline.cli.fmt",
    "build": "syncline.cli.build",
    "verify": "syncline.cli.verify",
    "explain": "syncline.cli.explain",
    "diff": "syncline.cli.diff",
    "lock": "syncline.cli.lock",
    "lineage": "syncline.cli.lineage",
    "ast": "syncline.cli.ast",
    "model": "syncline.cli.model",
    "plan": "syncline.cli.executing",
    "run": "syncline.cli.executing",
    "serve": "syncline.cli.executing",
    "apply": "syncline.cli.executing",
    "review": "syncline.cli.executing",
    "why": "syncline.cli.executing",
    "status": "syncline.cli.executing",
    "audit": "syncline.cli.executing",
    "prune": "syncline.cli.executing",
    "erase": "syncline.cli.executing",
    "export": "syncline.cli.executing",
    "import": "syncline.cli.executing",
    "state": "syncline.cli.executing",
    "rebase": "syncline.cli.executing",
    "migrate": "syncline.cli.executing",
}


class _Commands(click.Group):
    """A group whose commands cost nothing until they are used."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[name]), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="syncline")
def main() -> None:
    """Syncline keeps business systems in step: check a spec, build its Python package, plan and run it."""
