"""The contacts and contracts of a client: pages that open in the dialog."""

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.clients import bp
from portal.blueprints.clients.forms import ContactForm, ContractForm, of_contact, of_contract
from portal.clock import now, today
from portal.db import transaction
from portal.domain import clients
from portal.domain.staff import Permission
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse


@bp.get("/<code>/contacts/new")
@requires(Permission.MANAGE_CLIENTS)
def ask_contact(code: str) -> Response:
    return page("clients/contact.html", client=clients.by_code(code), form=ContactForm(formdata=None))


@bp.post("/<code>/contacts/new")
@requires(Permission.MANAGE_CLIENTS)
def add_contact(code: str) -> Response:
    client, form = clients.by_code(code), ContactForm()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            clients.add_contact(client_id=client.id, **form.values(), by=current_user.id, at=now())
    if form.errors:
        return refuse("clients/contact.html", client=client, form=form)
    return done(then=url_for(".show", code=code), toast=f"{form.name.data} is a contact of {client.name}.")


@bp.get("/<code>/contacts/<int:contact_id>")
@requires(Permission.MANAGE_CLIENTS)
def ask_edit_contact(code: str, contact_id: int) -> Response:
    client = clients.by_code(code)
    contact = clients.contact_of(client, contact_id)
    form = ContactForm(formdata=None, data=of_contact(contact))
    return page("clients/contact.html", client=client, contact=contact, form=form)


@bp.post("/<code>/contacts/<int:contact_id>")
@requires(Permission.MANAGE_CLIENTS)
def edit_contact(code: str, contact_id: int) -> Response:
    client, form = clients.by_code(code), ContactForm()
    contact = clients.contact_of(client, contact_id)
    if form.validate_on_submit():
        with faults_on(form), transaction():
            clients.edit_contact(
                contact_id=contact_id,
                **form.values(),
                version=form.version.data,
                by=current_user.id,
                at=now(),
            )
    if form.errors:
        status = form.refusal(contact.version)
        return refuse("clients/contact.html", status, client=client, contact=contact, form=form)
    return done(then=url_for(".show", code=code), toast=f"{contact.name} is saved.")


@bp.get("/<code>/contacts/<int:contact_id>/remove")
@requires(Permission.MANAGE_CLIENTS)
def ask_remove_contact(code: str, contact_id: int) -> Response:
    client = clients.by_code(code)
    return page("clients/remove_contact.html", client=client, contact=clients.contact_of(client, contact_id))


@bp.post("/<code>/contacts/<int:contact_id>/remove")
@requires(Permission.MANAGE_CLIENTS)
def remove_contact(code: str, contact_id: int) -> Response:
    contact = clients.contact_of(clients.by_code(code), contact_id)
    with transaction():
        clients.remove_contact(contact_id=contact.id, by=current_user.id, at=now())
    return done(then=url_for(".show", code=code), toast=f"{contact.name} gets no more mail from us.")


@bp.get("/<code>/contracts/new")
@requires(Permission.MANAGE_CLIENTS)
def ask_contract(code: str) -> Response:
    form = ContractForm(formdata=None, data={"start_date": today().isoformat()})
    return page("clients/contract.html", client=clients.by_code(code), form=form)


@bp.post("/<code>/contracts/new")
@requires(Permission.MANAGE_CLIENTS)
def add_contract(code: str) -> Response:
    client, form = clients.by_code(code), ContractForm()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            clients.add_contract(client_id=client.id, **form.values(), by=current_user.id, at=now())
    if form.errors:
        return refuse("clients/contract.html", client=client, form=form)
    return done(then=url_for(".show", code=code), toast=f"Contract {form.number.data} is added.")


@bp.get("/<code>/contracts/<int:contract_id>")
@requires(Permission.MANAGE_CLIENTS)
def ask_edit_contract(code: str, contract_id: int) -> Response:
    client = clients.by_code(code)
    contract = clients.contract_of(client, contract_id)
    form = ContractForm(formdata=None, data=of_contract(contract))
    return page("clients/contract.html", client=client, contract=contract, form=form)


@bp.post("/<code>/contracts/<int:contract_id>")
@requires(Permission.MANAGE_CLIENTS)
def edit_contract(code: str, contract_id: int) -> Response:
    client, form = clients.by_code(code), ContractForm()
    contract = clients.contract_of(client, contract_id)
    if form.validate_on_submit():
        with faults_on(form), transaction():
            clients.edit_contract(
                contract_id=contract_id,
                **form.values(),
                version=form.version.data,
                by=current_user.id,
                at=now(),
            )
    if form.errors:
        status = form.refusal(contract.version)
        return refuse("clients/contract.html", status, client=client, contract=contract, form=form)
    return done(then=url_for(".show", code=code), toast=f"Contract {contract.number} is saved.")
