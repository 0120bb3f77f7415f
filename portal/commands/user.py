"""`portal user`: ways in without a page, for the first admin and for those who are locked out."""

import click

from portal import links
from portal.cli import with_app
from portal.clock import now
from portal.db import transaction
from portal.domain import staff
from portal.domain.errors import NotFound
from portal.domain.staff import Role, User, queries
from portal.domain.staff.models import OneTimeLink


@click.group()
def user() -> None:
    """Accounts: add one, or let somebody in again; each prints a one-time link."""


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="As it stands on the pages.")
@click.option(
    "--role", required=True, type=click.Choice([role.value for role in Role]), help="What the person may do."
)
@with_app
def add(email: str, name: str, role: str) -> None:
    """Add an account and print the link with which its person sets a password."""
    with transaction():
        link = staff.invite(email=email, name=name, role=role, by=None, at=now())
    _show(link)


@user.command()
@click.argument("email")
@click.option("--second-step", is_flag=True, help="Turn the second step off as well.")
@with_app
def reset(email: str, second_step: bool) -> None:
    """Print a link to set a new password."""
    person = _person(email)
    with transaction():
        link = staff.make_reset_link(user_id=person.id, by=None, at=now())
        if second_step and person.has_totp:
            staff.remove_second_step(user_id=person.id, by=None, at=now())
    _show(link)


def _person(email: str) -> User:
    person = queries.by_email(email)
    if person is None:
        raise NotFound(f"There is no account with the address {email}.")
    return person


def _show(link: OneTimeLink) -> None:
    click.echo(links.one_time(queries.token_of(link)))
    click.echo(f"It works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC.", err=True)
