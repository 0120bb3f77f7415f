"""Writing the ledger of MRR."""

from datetime import date

import sqlalchemy as sa

from portal.db import db
from portal.domain.lifecycle.models import ClientService
from portal.domain.metrics.models import MrrMovement
from portal.domain.words import Movement


def record(
    *, service: ClientService, kind: Movement, amount_minor: int, on: date, client_id: int | None = None
) -> None:
    """One movement of a service, in the transaction that causes it. Nothing is written for nothing."""
    if amount_minor:
        db.session.add(
            MrrMovement(
                on_date=on,
                client_id=client_id or service.client_id,
                client_service_id=service.id,
                kind=kind,
                amount_minor=amount_minor,
                currency=service.currency,
            )
        )


def began(*, service: ClientService, on: date) -> None:
    """The service counts from now on: new, reactivation or expansion, by what the client had before."""
    record(
        service=service, kind=_kind_of_gain(service.client_id), amount_minor=service.monthly_cost_minor, on=on
    )


def ended(*, service: ClientService, on: date) -> None:
    """The service no longer counts: churn when it was the client's last one, else contraction.

    A suspended service was taken out when it was paused; its pause is turned back so that the loss shows
    as what it is.
    """
    if service.suspended_at is not None:
        record(service=service, kind=Movement.RESUMED, amount_minor=service.monthly_cost_minor, on=on)
    kind = Movement.CONTRACTION if _has_other(service) else Movement.CHURN
    record(service=service, kind=kind, amount_minor=-service.monthly_cost_minor, on=on)


def _kind_of_gain(client_id: int) -> Movement:
    of_client = MrrMovement.client_id == client_id
    balance = db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(MrrMovement.amount_minor), 0)).where(of_client)
    )
    if balance:
        return Movement.EXPANSION
    ever = db.session.scalar(sa.select(sa.exists().where(of_client)))
    return Movement.REACTIVATION if ever else Movement.NEW


def _has_other(service: ClientService) -> bool:
    """Whether the client has another service that counts, paused ones included: a pause is no loss."""
    return bool(
        db.session.scalar(
            sa.select(
                sa.exists().where(
                    ClientService.client_id == service.client_id,
                    ClientService.id != service.id,
                    ClientService.status.in_(("active", "suspended")),
                )
            )
        )
    )
