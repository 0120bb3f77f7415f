"""Running a command of the portal as a script would."""

from click.testing import CliRunner, Result

from portal.cli import commands


def run(*words: str) -> Result:
    return CliRunner().invoke(commands, words)
