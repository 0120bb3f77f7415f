"""Money received and paid back, as one list."""

from typing import Any

import sqlalchemy as sa

from portal.domain.billing.models import Invoice
from portal.domain.billing.settling_models import Allocation, Payment, Refund
from portal.domain.clients.models import Client
from portal.domain.money import amounts_like
from portal.domain.staff.models import User

KINDS = [("payment", "Payment"), ("advance", "Advance"), ("refund", "Refund")]


def _rows() -> sa.Subquery:
    used = sa.select(sa.func.coalesce(sa.func.sum(Allocation.amount_minor), 0))
    of_payment = used.where(Allocation.payment_id == Payment.id).correlate(Payment).scalar_subquery()
    received = sa.select(
        (Payment.id * 2).label("id"),
        Payment.client_id,
        Payment.invoice_id,
        sa.case((Payment.invoice_id.is_(None), "advance"), else_="payment").label("kind"),
        Payment.amount_minor,
        (Payment.amount_minor - of_payment).label("left_minor"),
        Payment.currency,
        Payment.received_on.label("paid_on"),
        Payment.method,
        Payment.reference,
        Payment.recorded_by_id,
    )
    paid_back = sa.select(
        Refund.id * 2 + 1,
        Refund.client_id,
        sa.cast(sa.null(), sa.BigInteger),
        sa.literal("refund"),
        -Refund.amount_minor,
        sa.literal(0),
        Refund.currency,
        Refund.refunded_on,
        Refund.method,
        Refund.reference,
        Refund.recorded_by_id,
    )
    return sa.union_all(received, paid_back).subquery("moved")


MOVED = _rows()


def listing() -> sa.Select[*tuple[Any, ...]]:
    """Every payment, advance and refund; a refund is below zero. `left_minor`: what is account credit now."""
    return (
        sa.select(
            MOVED.c.id,
            MOVED.c.kind,
            MOVED.c.invoice_id,
            MOVED.c.amount_minor,
            MOVED.c.left_minor,
            MOVED.c.currency,
            MOVED.c.paid_on,
            MOVED.c.method,
            MOVED.c.reference,
            Client.name.label("client"),
            Client.code.label("client_code"),
            Invoice.number,
            User.name.label("recorded_by"),
        )
        .join(Client, Client.id == MOVED.c.client_id)
        .outerjoin(Invoice, Invoice.id == MOVED.c.invoice_id)
        .outerjoin(User, User.id == MOVED.c.recorded_by_id)
    )


def matching(text: str) -> sa.ColumnElement[bool]:
    """Of clients with this name or code, with this reference, or of this amount."""
    clients = sa.select(Client.id).where(
        Client.name.icontains(text, autoescape=True) | Client.code.icontains(text, autoescape=True)
    )
    found = MOVED.c.reference.icontains(text, autoescape=True) | MOVED.c.client_id.in_(clients)
    return found | sa.func.abs(MOVED.c.amount_minor).in_(amounts_like(text))
