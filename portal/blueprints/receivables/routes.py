"""Who owes what: ageing, and whose services might be suspended for it."""

from datetime import date

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.receivables import bp, exports, statement
from portal.blueprints.receivables.forms import DismissForm
from portal.blueprints.receivables.lists import AGEING, AS_OF, ITEMS, PROPOSALS
from portal.clock import now, today
from portal.db import transaction
from portal.domain import clients, company, receivables
from portal.domain.receivables import ageing, proposals, reminding
from portal.domain.receivables.rules import BANDS
from portal.domain.staff.permissions import Permission
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse

__all__ = ["bp", "exports", "statement"]


@bp.get("/billing/ageing")
@requires(Permission.VIEW_MONEY)
def show_ageing() -> Response:
    day = as_of()
    rows = ageing.listing(day)
    return AGEING.page(
        "receivables/ageing.html",
        rows,
        day=day,
        bands=BANDS,
        totals=ageing.totals(AGEING.read(rows).filtered),
        unreachable=reminding.unreachable(today()),
    )


@bp.get("/billing/ageing/documents")
@requires(Permission.VIEW_MONEY)
def open_items() -> Response:
    day = as_of()
    return ITEMS.page("receivables/items.html", ageing.items_listing(day), day=day)


@bp.get("/billing/proposals")
@requires(Permission.VIEW_MONEY)
def show_proposals() -> Response:
    return PROPOSALS.page(
        "receivables/proposals.html",
        proposals.listing(today()),
        is_on=proposals.is_on(),
        ours=company.all_settings(),
    )


@bp.get("/billing/proposals/<code>/dismiss")
@requires(Permission.BILLING)
def ask_dismiss(code: str) -> Response:
    return page("receivables/dismiss.html", client=clients.by_code(code), form=DismissForm(formdata=None))


@bp.post("/billing/proposals/<code>/dismiss")
@requires(Permission.BILLING)
def dismiss(code: str) -> Response:
    client, form = clients.by_code(code), DismissForm()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            receivables.dismiss(
                client_id=client.id, until_on=form.until_on.data, note=form.note.data, today=today(),
                by=current_user.id, at=now(),
            )  # fmt: skip
    if form.errors:
        return refuse("receivables/dismiss.html", client=client, form=form)
    return done(then=url_for(".show_proposals"), toast=f"{client.name} is left alone for now.")


def as_of() -> date:
    """The day that a list is about: what the address asks for, but no day to come."""
    asked = AS_OF.read(request.args)
    return min(asked or today(), today())
