"""Renewing many services in a few statements: the same rows that `lifecycle.renew` writes for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from portal import clock
from portal.db import db, table_of
from portal.domain import events
from portal.domain.errors import Invalid
from portal.domain.lifecycle.actions import LONGEST_TERM_MONTHS
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.metrics import actions as ledger
from portal.domain.money import Money
from portal.domain.periods import Period, months_between
from portal.domain.prices import monthly_cost_of
from portal.domain.pricing.models import PriceChange
from portal.domain.pricing.queries import planned_of
from portal.domain.renewals.models import Renewal
from portal.domain.renewals.rules import next_term
from portal.domain.words import PriceState, RenewalDecision
from portal.signals import send_each

REASON = "Renewal"
Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Due:
    """A term that is to begin: of which service, when, for how long, at which price of a cycle."""

    service: ClientService
    service_id: int
    starts: date
    months: int
    price: Money
    is_agreed: bool

    @property
    def term(self) -> Period:
        return next_term(start_date=self.service.start_date, renewal_date=self.starts, months=self.months)

    @property
    def monthly_minor(self) -> int:
        return monthly_cost_of(self.price, self.service.billing_cycle).minor

    @property
    def changes_price(self) -> bool:
        return self.price != self.service.cycle_price


def plain_ones(due: Sequence[Due]) -> tuple[list[Due], list[Due]]:
    """(what can be renewed together, what takes the long way).

    Plain: active, its day has come, without a discount or a planned price that the new term would have to meet.
    """
    planned = planned_of([each.service_id for each in due])
    plain = [each for each in due if _is_plain(each) and not planned.get(each.service_id)]
    chosen = {each.service_id for each in plain}
    return plain, [each for each in due if each.service_id not in chosen]


def renew_each(due: Sequence[Due], *, by: int | None, at: datetime) -> None:
    """Open each term. The services are locked, and none of these terms has been renewed: the unique key sees to it."""
    if not due:
        return
    db.session.flush()
    opened = insert(Renewal).returning(Renewal.client_service_id)
    db.session.execute(opened, [_renewal(each, by, at) for each in due])
    repriced = [each for each in due if each.changes_price]
    if repriced:
        db.session.execute(sa.insert(PriceChange), [_price_change(each, by, at) for each in repriced])
        costs = [(each.service, each.monthly_minor - each.service.monthly_cost_minor) for each in repriced]
        ledger.repriced_each(costs, on=clock.today())
    _update(due, at)
    send_each(events.ServiceRenewed, _facts(due), by=by, at=at)


def _is_plain(due: Due) -> bool:
    service = due.service
    try:
        term = due.term
    except (Invalid, ValueError, OverflowError):
        return False
    return (
        service.status is Status.ACTIVE
        and due.months <= LONGEST_TERM_MONTHS
        and due.starts <= clock.today()
        and service.undiscounted_minor is None
        and not service.has_scheduled_cancellation
        and term.end > service.start_date
    )


def _renewal(due: Due, by: int | None, at: datetime) -> Values:
    return {
        "client_service_id": due.service_id,
        "term_start": due.starts,
        "term_end": due.term.end,
        "months": due.months,
        "cycle_price_minor": due.price.minor,
        "currency": due.price.currency,
        "renewed_at": at,
        "renewed_by_id": by,
    }


def _price_change(due: Due, by: int | None, at: datetime) -> Values:
    """As it stands in the timetable when a price that begins today has been carried out."""
    return {
        "client_service_id": due.service_id,
        "effective_on": due.starts,
        "state": PriceState.DONE,
        "whole_price_minor": due.price.minor,
        "ends_discount": False,
        "on_boundary": True,
        "cycle_price_before_minor": due.service.cycle_price_minor,
        "cycle_price_minor": due.price.minor,
        "monthly_change_minor": due.monthly_minor - due.service.monthly_cost_minor,
        "reason": REASON,
        "requested_by_id": by,
        "requested_at": at,
        "settled_at": at,
    }


def _update(due: Sequence[Due], at: datetime) -> None:
    service = table_of(ClientService).c
    fact = _recordset(
        [_columns(each) for each in due],
        ends_on=sa.Date, price=sa.BigInteger, monthly=sa.BigInteger, worth=sa.BigInteger, service_id=sa.BigInteger,
    )  # fmt: skip
    values = {
        "end_date": fact.c.ends_on,
        "renewal_date": fact.c.ends_on,
        "cycle_price_minor": fact.c.price,
        "unit_price_minor": sa.case(
            (service.cycle_price_minor == fact.c.price, service.unit_price_minor),
            else_=fact.c.price / service.quantity,
        ),
        "monthly_cost_minor": fact.c.monthly,
        "total_contract_value_minor": fact.c.worth,
        "renewal_count": service.renewal_count + 1,
        "last_renewed_at": at,
        "renewal_decision": RenewalDecision.UNDECIDED,
        "renewal_denied_at": None,
        "renewal_denied_reason": "",
        "version": service.version + 1,
    }
    update = sa.update(table_of(ClientService)).where(service.id == fact.c.service_id).values(values)
    db.session.execute(update)


def _columns(due: Due) -> Values:
    term, monthly = due.term, Money(due.monthly_minor, due.price.currency)
    worth = monthly.times(months_between(term.start, term.end).exact) + due.service.setup_cost
    return {
        "service_id": due.service_id,
        "ends_on": term.end.isoformat(),
        "price": due.price.minor,
        "monthly": monthly.minor,
        "worth": worth.minor,
    }


def _facts(due: Sequence[Due]) -> sa.Select[Any]:
    """One row for each event, its columns named like the fields."""
    fact = _recordset(
        [_said(each) for each in due],
        service_id=sa.BigInteger, term_start=sa.Date, term_end=sa.Date, months=sa.Integer, changes=JSONB,
    )  # fmt: skip
    return sa.select(*fact.c).order_by(fact.c.service_id)


def _said(due: Due) -> Values:
    before = due.service.end_date
    changes: Mapping[str, Any] = {
        "end_date": (before.isoformat() if before else None, due.term.end.isoformat())
    }
    if due.changes_price:
        changes = {**changes, "cycle_price_minor": (due.service.cycle_price_minor, due.price.minor)}
    return {
        "service_id": due.service_id,
        "term_start": due.starts.isoformat(),
        "term_end": due.term.end.isoformat(),
        "months": due.months,
        "changes": changes,
    }


def _recordset(rows: Sequence[Values], **columns: type[sa.types.TypeEngine[Any]]) -> sa.TableValuedAlias:
    """Rows of values as a table, in one parameter however many they are."""
    named = [sa.column(name, kind) for name, kind in columns.items()]
    record = sa.func.jsonb_to_recordset(sa.literal(rows, JSONB)).table_valued(*named, name="fact")
    return record.render_derived(with_types=True)
