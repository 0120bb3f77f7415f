"""The board: every term that somebody has to decide on, or that renews by itself, in one SELECT."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client, Contract
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.periods import Cycle
from portal.domain.renewals.facts import breaches_in_term, is_next_case, overdue_minor
from portal.domain.renewals.grace import grace_ends, is_in_grace
from portal.domain.renewals.models import RenewalCase
from portal.domain.renewals.pricing import new_price, price_reason
from portal.domain.staff.models import User
from portal.domain.words import RenewalDecision, Word

Condition = sa.ColumnElement[bool]
Rows = sa.Select[*tuple[Any, ...]]


class View(Word):
    """What the board can be narrowed to; each is a tab with its count."""

    OVERDUE = "overdue"
    IN_30_DAYS = "in_30_days"
    IN_60_DAYS = "in_60_days"
    IN_90_DAYS = "in_90_days"
    BY_ITSELF = "renews_by_itself"
    APPROVED = "approved"
    GRACE = "in_grace"
    DENIED = "denied"


WINDOWS = {View.IN_30_DAYS: 30, View.IN_60_DAYS: 60, View.IN_90_DAYS: 90}


def listing(today: date) -> Rows:
    """One row for each running term: 7, "Backup", "Acme", to decide, 100.00 → 102.50, decision due 2026-12-01 …"""
    service, case = ClientService, RenewalCase
    return (
        sa.select(
            service.id, service.name, Client.name.label("client"), Client.code.label("client_code"), service.status,
            _state(today).label("state"), service.auto_renewal, service.currency, service.billing_cycle,
            service.cycle_price_minor, new_price().label("new_price_minor"), price_reason().label("price_reason"),
            service.health_score, breaches_in_term(today).label("breaches"),
            overdue_minor(today).label("overdue_minor"),
            decide_by().label("decide_by"), service.renewal_date, service.end_date,
            _urgent_on(today).label("urgent_on"),
            sa.func.coalesce(case.agreed_months, service.renewal_term_months).label("months"),
            sa.case((is_in_grace(today), grace_ends())).label("grace_ends_on"), User.name.label("account_manager"),
            case.note, case.next_contact_on, sa.func.array_to_string(case.held_reasons, "; ").label("held"),
            service.renewal_denied_reason,
        )
        .join(Client, Client.id == service.client_id)
        .join(Product, Product.id == service.product_id)
        .outerjoin(Contract, Contract.id == service.contract_id)
        .outerjoin(User, User.id == Client.account_manager_id)
        .outerjoin(case, is_next_case())
        .where(_has_term())
    )  # fmt: skip


def in_views(views: Sequence[View], today: date) -> Condition:
    return sa.or_(*(_is_in(view, today) for view in views))


def counts(today: date) -> Mapping[View, int]:
    """How many stand in each view; in one statement."""
    figures = [sa.func.count().filter(_is_in(view, today)) for view in View]
    found = db.session.execute(
        sa.select(*figures)
        .select_from(ClientService)
        .outerjoin(RenewalCase, is_next_case())
        .where(_has_term())
    )
    return dict(zip(View, map(int, found.one()), strict=True))


def decide_by() -> sa.ColumnElement[date]:
    """The last day on which the client can still be given notice."""
    return sa.type_coerce(ClientService.end_date - ClientService.notice_days, sa.Date)


def _has_term() -> Condition:
    service = ClientService
    denied = service.renewal_decision == RenewalDecision.DENIED
    return sa.and_(
        service.status.in_((Status.ACTIVE, Status.SUSPENDED)),
        service.renewal_date.is_not(None),
        service.end_date.is_not(None),
        service.billing_cycle != Cycle.ONE_TIME,
        sa.or_(service.cancel_on.is_(None), denied),
    )


def _is_undecided(today: date) -> Condition:
    """A person has to decide: it does not renew by itself, or it was held, and nobody has said what becomes of it."""
    service = ClientService
    return sa.and_(
        service.renewal_decision == RenewalDecision.UNDECIDED,
        sa.or_(~service.auto_renewal, RenewalCase.held_on.is_not(None)),
    )


def _is_in(view: View, today: date) -> Condition:
    service = ClientService
    if view in WINDOWS:
        return _is_undecided(today) & decide_by().between(today, today + timedelta(days=WINDOWS[view]))
    undecided = service.renewal_decision == RenewalDecision.UNDECIDED
    by_itself = undecided & service.auto_renewal & RenewalCase.held_on.is_(None)
    return {
        View.OVERDUE: _is_undecided(today) & (decide_by() < today),
        View.BY_ITSELF: by_itself,
        View.APPROVED: service.renewal_decision == RenewalDecision.APPROVED,
        View.GRACE: is_in_grace(today),
        View.DENIED: service.renewal_decision == RenewalDecision.DENIED,
    }[view]


def _state(today: date) -> sa.Case[Any]:
    service = ClientService
    return sa.case(
        (service.renewal_decision == RenewalDecision.DENIED, View.DENIED.value),
        (service.renewal_decision == RenewalDecision.APPROVED, View.APPROVED.value),
        (_is_undecided(today), "to_decide"),
        else_=View.BY_ITSELF.value,
    )


def _urgent_on(today: date) -> sa.ColumnElement[date]:
    """What the board is sorted by: the decision, else the day on which something happens by itself."""
    urgent = sa.case((_is_undecided(today), decide_by()), else_=ClientService.renewal_date)
    return sa.type_coerce(urgent, sa.Date)
