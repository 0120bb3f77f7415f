"""Taking a planned price change back."""

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.services import bp
from portal.clock import now
from portal.db import transaction
from portal.domain import billing
from portal.domain.lifecycle import overview
from portal.domain.pricing import queries
from portal.domain.staff import Permission
from portal.web.guards import requires
from portal.web.htmx import done, page


@bp.get("/<int:service_id>/price-changes/<int:change_id>/withdraw")
@requires(Permission.CHANGE_PRICE)
def ask_withdraw_price_change(service_id: int, change_id: int) -> Response:
    service = overview.whole(service_id)
    row = queries.change_of(service_id, change_id)
    step = next((each for each in queries.timetable(service) if each.row.id == change_id), None)
    return page("services/withdraw_price.html", service=service, row=row, step=step)


@bp.post("/<int:service_id>/price-changes/<int:change_id>/withdraw")
@requires(Permission.CHANGE_PRICE)
def withdraw_price_change(service_id: int, change_id: int) -> Response:
    queries.change_of(service_id, change_id)
    with transaction():
        billing.withdraw_price_change(change_id=change_id, by=current_user.id, at=now())
    return done(then=url_for(".show", service_id=service_id), toast="The price change is withdrawn.")
