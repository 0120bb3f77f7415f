"""`portal demo`: the packaged demo book."""

import click

from portal.cli import with_app


@click.command()
@with_app
def demo() -> None:
    """Load the demo book into an empty portal, and say how to sign in to it."""
    from portal import demo as packaged

    packaged.load()
    for line in packaged.logins():
        click.echo(line)
