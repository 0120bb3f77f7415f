"""One price change for many services: proposed line by line, confirmed, undone until it takes effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db, lock
from portal.domain import events
from portal.domain.errors import Invalid, Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.pricing.foresight import Foreseen, foresee
from portal.domain.pricing.limits import ENDED, FURTHEST
from portal.domain.pricing.models import PriceBatch, PriceChange
from portal.domain.words import PriceState
from portal.signals import send

OPEN = (PriceState.PROPOSED, PriceState.PLANNED)
ROUNDINGS = (1, 5, 10, 50, 100, 500, 1000, 10_000)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which services, how much, from when. `chosen`: a SELECT of service ids; else those of product and client.

    effective_on None: each on its own next boundary.
    """

    product_id: int | None = None
    client_id: int | None = None
    chosen: sa.Select[Any] | None = field(default=None)
    percent: Decimal | None = None
    amount: Money | None = None
    round_to_minor: int = 1
    effective_on: date | None = None
    reason: str = ""


def propose(*, wanted: Wanted, by: int | None = None, at: datetime) -> PriceBatch:
    """Keep what each service would cost, line by line; nothing changes yet. Raises Invalid, Refused for nothing."""
    _check(wanted)
    batch = PriceBatch(
        product_id=wanted.product_id,
        client_id=wanted.client_id,
        percent=wanted.percent,
        amount_minor=wanted.amount.minor if wanted.amount else None,
        currency=wanted.amount.currency if wanted.amount else None,
        round_to_minor=wanted.round_to_minor,
        effective_on=wanted.effective_on,
        reason=wanted.reason.strip(),
        requested_by_id=by,
        requested_at=at,
    )
    db.session.add(batch)
    db.session.flush()
    services = db.session.scalars(_services(wanted)).all()
    if not services:
        raise Refused("No service is chosen. Choose a product or a client that has running services.")
    foreseen = foresee(services, batch)
    db.session.execute(sa.insert(PriceChange), [_row(batch, each, by, at) for each in foreseen])
    return batch


def confirm(*, batch_id: int, by: int | None = None, at: datetime) -> PriceBatch:
    """Plan what was proposed. A service that is no longer as it was shown is skipped, and says so."""
    batch = lock(PriceBatch, batch_id)
    if batch.state is PriceState.PLANNED or batch.state is PriceState.DONE:
        return batch
    if batch.state is not PriceState.PROPOSED:
        raise Refused("This proposal was withdrawn. Make a new one.")
    if batch.effective_on is not None and batch.effective_on < clock.today():
        raise Refused("Its day has passed since it was proposed. Make a new one.")
    rows = {row.client_service_id: row for row in db.session.scalars(_rows(batch_id, PriceState.PROPOSED))}
    if not rows:
        raise Refused("There is no service left whose price would change.")
    services = sa.select(ClientService).where(ClientService.id.in_(list(rows))).order_by(ClientService.id)
    kept = sum(
        _keep(rows[each.service.id], each) for each in foresee(db.session.scalars(services).all(), batch)
    )
    batch.state = PriceState.PLANNED
    db.session.flush()
    what = "Bulk price change confirmed"
    send(events.PriceBatchPlanned(batch_id=batch_id, what=what, services=kept), by=by, at=at)
    return batch


def undo(*, batch_id: int, by: int | None = None, at: datetime) -> int:
    """Withdraw what has not taken effect; how many services. What is done stays. Raises Refused for nothing."""
    # The changes before their batch: whoever carries them out locks them in this order too.
    still_open = sa.update(PriceChange).where(PriceChange.batch_id == batch_id, PriceChange.state.in_(OPEN))
    values = {"state": PriceState.WITHDRAWN, "settled_at": at}
    withdrawn = db.session.scalars(
        still_open.values(values).returning(PriceChange.id).execution_options(synchronize_session=False)
    ).all()
    batch = lock(PriceBatch, batch_id)
    if batch.state not in OPEN:
        raise Refused("Nothing of it is planned any more: there is nothing to undo.")
    batch.state, batch.settled_at = PriceState.WITHDRAWN, at
    db.session.flush()
    db.session.expire_all()
    what = "Bulk price change withdrawn"
    send(events.PriceBatchWithdrawn(batch_id=batch_id, what=what, services=len(withdrawn)), by=by, at=at)
    return len(withdrawn)


def _services(wanted: Wanted) -> sa.Select[*tuple[ClientService]]:
    services = sa.select(ClientService).order_by(ClientService.id)
    if wanted.chosen is not None:
        return services.where(ClientService.id.in_(wanted.chosen.order_by(None)))
    if wanted.product_id is not None:
        services = services.where(ClientService.product_id == wanted.product_id)
    if wanted.client_id is not None:
        services = services.where(ClientService.client_id == wanted.client_id)
    return services.where(ClientService.status.not_in(ENDED))


def _check(wanted: Wanted) -> None:
    faults, today = {}, clock.today()
    if wanted.chosen is None and wanted.product_id is None and wanted.client_id is None:
        faults["product_id"] = "Choose a product, a client, or both."
    if (wanted.percent is None) == (wanted.amount is None):
        faults["value"] = "Enter a percentage or an amount."
    if wanted.percent is not None and not (-100 <= wanted.percent <= 1000 and wanted.percent):
        faults["value"] = "From -100 to 1000 percent, and not zero."
    if wanted.amount is not None and not wanted.amount:
        faults["value"] = "Enter an amount other than zero."
    if wanted.round_to_minor not in ROUNDINGS:
        faults["rounding"] = "Choose one of the list."
    if wanted.effective_on is not None and not today <= wanted.effective_on <= today + FURTHEST:
        faults["effective_on"] = "Today or a day to come, at most ten years ahead."
    if faults:
        raise Invalid(faults=faults)


def _row(batch: PriceBatch, each: Foreseen, by: int | None, at: datetime) -> Mapping[str, Any]:
    return {
        "client_service_id": each.service.id,
        "batch_id": batch.id,
        "effective_on": each.on,
        "state": PriceState.SKIPPED if each.skipped else PriceState.PROPOSED,
        "note": each.skipped,
        "cycle_price_before_minor": each.before.minor,
        "cycle_price_minor": each.after.minor,
        "monthly_change_minor": each.monthly.minor,
        "reason": batch.reason,
        "requested_by_id": by,
        "requested_at": at,
    }


def _rows(batch_id: int, *states: PriceState) -> sa.Select[*tuple[PriceChange]]:
    return sa.select(PriceChange).where(PriceChange.batch_id == batch_id, PriceChange.state.in_(states))


def _keep(row: PriceChange, each: Foreseen) -> bool:
    """Plan the row if it still says what was shown."""
    shown = (row.effective_on, row.cycle_price_before_minor, row.cycle_price_minor)
    if each.skipped or shown != (each.on, each.before.minor, each.after.minor):
        row.state = PriceState.SKIPPED
        row.note = each.skipped or "It has changed since the preview. Look at it again in a new proposal."
        return False
    row.state = PriceState.PLANNED
    return True
