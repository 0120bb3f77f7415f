"""The page of one service: what it is, how it is, what is next."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.services import bp
from portal.blueprints.services.moves import offered
from portal.clock import now
from portal.domain.billing import forecast
from portal.domain.health.queries import standing_of
from portal.domain.lifecycle import ClientService, overview
from portal.domain.lifecycle.queries import renewal_price
from portal.domain.pricing.queries import failed, timetable
from portal.domain.pricing.terms import terms_of
from portal.domain.renewals.moves import summary_of
from portal.domain.reports import recent
from portal.domain.reports.measures import Uptime, Verdict
from portal.domain.sla.models import Incident
from portal.domain.staff import Permission, may, may_edit
from portal.web import timeline
from portal.web.guards import polled, requires
from portal.web.htmx import page

EVENTS_A_PAGE = 30


@dataclass(frozen=True)
class Tab:
    label: str
    needs: Permission = Permission.VIEW


TABS = {
    "timeline": Tab("Timeline"),
    "invoices": Tab("Invoices", Permission.VIEW_MONEY),
    "incidents": Tab("Incidents"),
    "provisioning": Tab("Provisioning"),
    "notices": Tab("Notices"),
}


@bp.get("/<int:service_id>")
@requires(Permission.VIEW)
def show(service_id: int) -> Response:
    service = overview.whole(service_id)
    tab = _tab()
    return page(
        "services/service.html",
        service=service,
        moves=offered(service),
        may_edit=may_edit(current_user, service),
        health=overview.health_of(service_id),
        standing_health=standing_of(service_id),
        incidents=overview.open_incidents_of(service_id),
        availability=recent.availability_of(service, at=now()),
        colour_of=_colour_of,
        renewal=summary_of(service),
        tab=tab,
        tabs=_tabs(service_id),
        tab_url=_tab_url(service_id, tab),
        rows=_rows(tab, service),
        **_money(service),
    )


@bp.get("/<int:service_id>/money")
@requires(Permission.VIEW_MONEY)
@polled
def money(service_id: int) -> Response:
    """The card with the billing; it asks for itself while a fresh activation's billing is being made."""
    service = overview.whole(service_id)
    return page("services/money.html", "services/_money.html", service=service, **_money(service))


def _money(service: ClientService) -> dict[str, Any]:
    if not may(current_user, Permission.VIEW_MONEY):
        return {}
    return {
        "standing": forecast.standing_of(service),
        "price_at_renewal": renewal_price(service),
        "discount": terms_of(service).discount,
        "planned_prices": timetable(service),
        "failed_prices": failed(service.id),
    }


def _colour_of(uptime: Uptime) -> str:
    """Of a day in the strip: amber when it was down and yet met the target."""
    if uptime.share is None:
        return "grey"
    if not uptime.down:
        return "green"
    return "amber" if uptime.verdict is Verdict.MET else "red"


def _tab() -> str:
    asked = request.args.get("tab", "")
    return asked if asked in TABS and may(current_user, TABS[asked].needs) else "timeline"


def _tab_url(service_id: int, name: str) -> str:
    return url_for(".show", service_id=service_id, tab=name if name != "timeline" else None)


def _tabs(service_id: int) -> list[tuple[str, str, None]]:
    return [
        (tab.label, _tab_url(service_id, name), None)
        for name, tab in TABS.items()
        if may(current_user, tab.needs)
    ]


def _rows(tab: str, service: ClientService) -> Any:
    if tab == "timeline":
        return _timeline(service)
    read = {
        "invoices": overview.invoices_of,
        "incidents": overview.incidents_of,
        "provisioning": overview.tasks_of,
        "notices": overview.notices_of,
    }
    return read[tab](service.id)


def _timeline(service: ClientService) -> dict[str, Any]:
    """The lines of one page, and the address of the next."""
    before = request.args.get("before", "")
    lines = timeline.lines(
        client_service=[service.id],
        incident=sa.select(Incident.id).filter_by(client_service_id=service.id),
        currency=service.currency,
        at_most=EVENTS_A_PAGE,
        before=int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None,
    )
    more = len(lines) == EVENTS_A_PAGE
    older = url_for(".show", service_id=service.id, before=lines[-1].id) if more else None
    return {"lines": lines, "older": older, "is_older": bool(before)}
