"""The list of clients, the page of one, and what is done to its record."""

from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.clients import bp
from portal.blueprints.clients.forms import ClientForm, of_client
from portal.clock import now, today
from portal.db import transaction
from portal.domain import clients
from portal.domain.billing import accounts
from portal.domain.clients import overview
from portal.domain.clients.models import Client
from portal.domain.clients.rules import mail_of
from portal.domain.receivables import ageing
from portal.domain.staff import Permission, may
from portal.web import timeline
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse
from portal.web.tables import Choice, Column, Empty, Flag, Table

MONEY = Permission.VIEW_MONEY
USUAL = {
    "locale": "en_US",
    "timezone": "UTC",
    "payment_terms_days": "30",
    "tax_rate_percent": "0",
    "consolidate_invoices": True,
}
MOST_SERVICES, MOST_INVOICES, MOST_INCIDENTS, MOST_EVENTS, MOST_ON_TIMELINE = 100, 8, 10, 12, 100

CLIENTS = Table(
    "clients",
    columns=(
        Column("name", "Client", link="/clients/{code}", fixed=True),
        Column("code", "Code"),
        Column("account_manager", "Account manager"),
        Column("services", "Services", cell="number"),
        Column("worst_health", "Worst health", cell="health"),
        Column("monthly_minor", "Monthly total", cell="money", needs=MONEY),
        Column("open_minor", "Open", cell="money", needs=MONEY),
        Column("overdue_minor", "Overdue", cell="money", needs=MONEY),
        Column("currency", "Currency", shown=False),
        Column("payment_terms_days", "Days to pay", cell="number", shown=False),
        Column("timezone", "Time zone", shown=False),
        Column("is_active", "Active", cell="flag", shown=False),
    ),
    filters=(
        Choice(
            "account_manager",
            "Account manager",
            options=overview.managers,
            where=lambda chosen: Client.account_manager_id.in_([int(each) for each in chosen]),
        ),
        Choice("currency", "Currency", options=overview.currencies),
        Flag("is_active", "Active"),
        Flag("overdue", "Overdue", where=lambda yes: overview.is_overdue(today()).is_(yes), needs=MONEY),
    ),
    search=clients.matching,
    search_hint="Name or code",
    sort="name",
    counted=True,
    cells="clients/_cells.html",
    empty=Empty(
        "No client yet", "Add the first one, or import a book of business.", "/clients/new", "Add a client"
    ),
)


@bp.get("")
@requires(Permission.VIEW)
def board() -> Response:
    return CLIENTS.page("clients/list.html", overview.clients_listing(today()))


@bp.get("/<code>")
@requires(Permission.VIEW)
def show(code: str) -> Response:
    client = clients.by_code(code)
    return page("clients/client.html", client=client, **_business_with(client), **_money_of(client))


@bp.get("/<code>/timeline")
@requires(Permission.VIEW)
def story(code: str) -> Response:
    client = clients.by_code(code)
    happened = _happened(client, MOST_ON_TIMELINE, before=request.args.get("before", type=timeline.position))
    more = len(happened) == MOST_ON_TIMELINE
    older = url_for(".story", code=code, before=happened[-1].id) if more else None
    return page("clients/timeline.html", client=client, happened=happened, older=older)


@bp.get("/new")
@requires(Permission.MANAGE_CLIENTS)
def ask_new() -> Response:
    form = ClientForm(formdata=None, data=USUAL | {"account_manager_id": str(current_user.id)})
    return page("clients/new.html", form=form)


@bp.post("/new")
@requires(Permission.MANAGE_CLIENTS)
def create() -> Response:
    form, client = ClientForm(), None
    if form.validate_on_submit():
        with faults_on(form), transaction():
            client = clients.create(**form.values(), by=current_user.id, at=now())
    if client is None:
        return refuse("clients/new.html", form=form)
    return done(then=url_for(".show", code=client.code), toast=f"{client.name} is a client now.")


@bp.get("/<code>/edit")
@requires(Permission.MANAGE_CLIENTS)
def ask_edit(code: str) -> Response:
    client = clients.by_code(code)
    return page("clients/edit.html", client=client, form=ClientForm(formdata=None, data=of_client(client)))


@bp.post("/<code>/edit")
@requires(Permission.MANAGE_CLIENTS)
def edit(code: str) -> Response:
    client, form = clients.by_code(code), ClientForm()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            clients.edit(
                client_id=client.id, **form.values(), version=form.version.data, by=current_user.id, at=now()
            )
    if form.errors:
        return refuse("clients/edit.html", form.refusal(client.version), client=client, form=form)
    return done(then=url_for(".show", code=code), toast=f"{client.name} is saved.")


@bp.get("/<code>/deactivate")
@requires(Permission.MANAGE_CLIENTS)
def ask_deactivate(code: str) -> Response:
    client = clients.by_code(code)
    living = clients.living_services(client.id)
    return page("clients/deactivate.html", client=client, living=living, **_money_of(client))


@bp.post("/<code>/deactivate")
@requires(Permission.MANAGE_CLIENTS)
def deactivate(code: str) -> Response:
    client = clients.by_code(code)
    with transaction():
        clients.deactivate(client_id=client.id, by=current_user.id, at=now())
    return done(then=url_for(".show", code=code), toast=f"{client.name} is not active any more.")


@bp.post("/<code>/reactivate")
@requires(Permission.MANAGE_CLIENTS)
def reactivate(code: str) -> Response:
    client = clients.by_code(code)
    with transaction():
        clients.reactivate(client_id=client.id, by=current_user.id, at=now())
    return done(then=url_for(".show", code=code), toast=f"{client.name} is active again.")


def _business_with(client: Client) -> dict[str, Any]:
    return {
        "services": overview.services_of(client.id, at_most=MOST_SERVICES),
        "standing": overview.standing_of(client.id),
        "incidents": overview.open_incidents_of(client.id, at_most=MOST_INCIDENTS),
        "contacts": clients.contacts_of(client.id),
        "contracts": overview.contracts_of(client.id),
        "happened": _happened(client, MOST_EVENTS),
        "mail_of": mail_of,
    }


def _money_of(client: Client) -> dict[str, Any]:
    """Nothing is read of what the person may not see."""
    if not may(current_user, MONEY):
        return {}
    return {
        "ageing": ageing.of_client(client.id, today()),
        "balances": accounts.balances(client.id),
        "invoices": overview.invoices_of(client.id, at_most=MOST_INVOICES),
        "today": today(),
    }


def _happened(client: Client, at_most: int, before: int | None = None) -> list[timeline.Line]:
    return timeline.lines(
        currency=client.currency,
        at_most=at_most,
        before=before,
        client=[client.id],
        client_service=overview.service_ids(client.id),
    )
