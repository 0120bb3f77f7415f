"""One box that finds pages, clients, services and invoices; the palette under Ctrl+K is the same page."""

from typing import NamedTuple

import sqlalchemy as sa
from flask import Blueprint, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.db import db
from portal.domain.billing import queries as billing
from portal.domain.clients import queries as clients
from portal.domain.clients.models import Client
from portal.domain.lifecycle import board
from portal.domain.lifecycle.models import ClientService
from portal.domain.staff.permissions import Permission, may
from portal.web.guards import requires
from portal.web.htmx import page
from portal.web.menu import navigation

bp = Blueprint("search", __name__)
MOST_OF_A_KIND = 8


class Hit(NamedTuple):
    name: str
    detail: str
    url: str
    icon: str


@bp.get("/search")
@requires(Permission.VIEW)
def find() -> Response:
    text = request.args.get("q", "").replace("\0", "").strip()[:200]
    return page("search/results.html", "search/_hits.html", q=text, hits=_hits(text))


def _hits(text: str) -> list[Hit]:
    if not text:
        return _pages("")
    return _pages(text) + _clients(text) + _services(text) + _invoices(text)


def _pages(text: str) -> list[Hit]:
    items = (item for section in navigation() for item in section.items)
    return [
        Hit(item.label, "Page", item.url, item.icon) for item in items if text.lower() in item.label.lower()
    ]


def _clients(text: str) -> list[Hit]:
    found = sa.select(Client.name, Client.code).where(clients.matching(text)).order_by(Client.name)
    rows = db.session.execute(found.limit(MOST_OF_A_KIND))
    return [Hit(name, f"Client {code}", f"/clients/{code}", "building") for name, code in rows]


def _services(text: str) -> list[Hit]:
    found = (
        sa.select(ClientService.id, ClientService.name, Client.name)
        .join(Client, Client.id == ClientService.client_id)
        .where(board.matching(text))
        .order_by(ClientService.name)
    )
    rows = db.session.execute(found.limit(MOST_OF_A_KIND))
    return [Hit(name, f"Service of {client}", f"/services/{id}", "stack-2") for id, name, client in rows]


def _invoices(text: str) -> list[Hit]:
    if not may(current_user, Permission.VIEW_MONEY):
        return []
    rows = db.session.execute(billing.listing().where(billing.matching(text)).limit(MOST_OF_A_KIND))
    return [
        Hit(row.number or "Draft", f"Invoice of {row.client}", f"/invoices/{row.id}", "file-invoice")
        for row in rows
    ]
