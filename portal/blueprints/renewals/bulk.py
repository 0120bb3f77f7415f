"""Approving many renewals at once: every one shown with its price before, and done as it was shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from portal.blueprints.renewals import bp
from portal.blueprints.renewals.board import RENEWALS
from portal.clock import now, today
from portal.db import transaction
from portal.domain import bulk
from portal.domain.errors import Refused
from portal.domain.lifecycle import ClientService
from portal.domain.money import Money
from portal.domain.renewals import board
from portal.domain.renewals.asking import Proposed, proposed
from portal.domain.renewals.moves import Decision, offered
from portal.domain.staff import Permission
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse

MOST = 500


class ApproveManyForm(FlaskForm):
    """Nothing to enter: what is approved stands in the hidden inputs `shown`."""


@dataclass(frozen=True)
class Sum:
    currency: str
    now: Money
    then: Money


@bp.get("/bulk/approve")
@requires(Permission.RENEW)
def ask_bulk_approve() -> Response:
    return page("renewals/approve_many.html", **_asked())


@bp.post("/bulk/approve")
@requires(Permission.RENEW)
def start_bulk_approve() -> Response:
    form = ApproveManyForm()
    shown = _shown(request.form.getlist("shown"))
    if not form.validate_on_submit() or not shown:
        return refuse("renewals/approve_many.html", **_asked(form))
    chosen = sa.select(ClientService.id).where(ClientService.id.in_([int(each) for each in shown]))
    with transaction():
        action = bulk.request(
            command="approve_renewals",
            chosen=chosen,
            arguments={"shown": shown},
            by=current_user.id,
            at=now(),
        )
    return done(then=url_for("services.show_bulk", bulk_id=action.id))


def _asked(form: ApproveManyForm | None = None) -> dict[str, Any]:
    """What the page that asks is drawn from. Raises Refused when no row was chosen, or too many."""
    chosen = RENEWALS.chosen(board.listing(today()))
    count = bulk.count(chosen)
    if not count:
        raise Refused("No renewal is chosen. Tick rows of the list first.")
    if count > MOST:
        raise Refused(
            f"At most {MOST} renewals are approved at once, so that each can be looked at. Filter the list."
        )
    rows = proposed(chosen)
    ready = [each for each in rows if Decision.APPROVE in offered(each.service)]
    return {
        "form": form or ApproveManyForm(formdata=None),
        "ready": ready,
        "left_out": [each for each in rows if Decision.APPROVE not in offered(each.service)],
        "sums": _sums(ready),
        "action": url_for(".start_bulk_approve"),
        "back": url_for(".index"),
    }


def _sums(rows: Sequence[Proposed]) -> list[Sum]:
    """What they cost a month, now and then, by currency."""
    found = []
    for currency in sorted({each.service.currency for each in rows}):
        of_it = [each for each in rows if each.service.currency == currency]
        now_minor = sum(each.service.monthly_cost_minor for each in of_it)
        then_minor = sum(each.monthly.minor for each in of_it)
        found.append(Sum(currency, Money(now_minor, currency), Money(then_minor, currency)))
    return found


def _shown(entered: Sequence[str]) -> dict[str, tuple[int, str]]:
    """What the page had shown, "7:10250:2027-01-15" for each; what cannot be read is left out."""
    found = {}
    for each in entered[:MOST]:
        service_id, _, rest = each.partition(":")
        minor, _, starts = rest.partition(":")
        if all(_is_number(part) for part in (service_id, minor)) and _is_day(starts):
            found[service_id] = (int(minor), starts)
    return found


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 18


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
