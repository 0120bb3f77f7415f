"""`portal db`: the schema."""

import click
import flask_migrate

from portal.cli import with_app


@click.group()
def schema() -> None:
    """Migrations; models and schema agree."""


@schema.command()
@with_app
def upgrade() -> None:
    """Bring the schema up to date."""
    flask_migrate.upgrade()


@schema.command()
@with_app
def check() -> None:
    """Say whether the models and the schema agree."""
    flask_migrate.check()
