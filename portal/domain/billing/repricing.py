"""What billing makes of a new price, foreseen and done with the same arithmetic (rule book 4).

From the day of the change: days billed ahead at the old price are credited and charged at the new one, line by line
over the very same days; what is not billed yet is billed at the price in force on its first day. So a run that comes
late bills a period that a change cuts in two parts. The same holds when the change itself is carried out late.
A change on a boundary whose period is not billed yet needs neither credit nor charge. A service that is not prorated
takes every price from the next boundary on; so does a new term. While a service is suspended nothing is credited or
charged: the price holds from the first day that is billed again.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from portal import clock
from portal.db import db, fetch
from portal.domain.billing.crediting import credit_from, unused_credits
from portal.domain.billing.issuing import add_totals, issue_held_or_now
from portal.domain.billing.models import Invoice, InvoiceLine, RecurringBilling
from portal.domain.billing.rules import Charge, Credit, prorated
from portal.domain.billing.schedules import add, close, locked, open_schedule, say, schedules_of
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.periods import Timetable
from portal.domain.words import LineKind, ScheduleStatus

Swap = tuple[InvoiceLine, Credit, list[Charge]]


def reprice(
    *,
    service_id: int,
    price: Money,
    was: Money,
    effective_on: date,
    at_boundary: bool = False,
    swaps_billed: bool = True,
    event_id: int,
    by: int | None = None,
    at: datetime,
) -> None:
    """On a price change or a renewal: from that day on at `price`. An event that had its effect has none again.

    at_boundary: from the first boundary on or after the day. swaps_billed: what was billed beyond is corrected; a
    term that is renewed after it has begun leaves it as it is.
    """
    service = locked(service_id)
    if any(each.last_event_id >= event_id for each in schedules_of(service_id)):
        return
    schedule = open_schedule(service_id)
    if schedule is None:
        _begin(service, price, effective_on, event_id, at)
        return
    schedule.last_event_id = event_id
    on = first_day(service, schedule, effective_on, at_boundary=at_boundary)
    swapped = swaps(service, schedule, price, on) if swaps_billed else []
    if swapped:
        credit_from(service_id=service_id, unused_from=on, source=f"event:{event_id}", at=at)
        _charge(service, swapped, at)
    if was:
        # It may have been made after the price had changed, and before this event had its turn.
        schedule.amount_minor = was.minor
    for each in schedules_of(service_id):
        if each.status is not ScheduleStatus.ENDED and (each.ends_on is None or each.ends_on > on):
            _set_price(each, price, was, on, event_id)
    say(service_id, f"{price} from {on}", by=by, at=at)


def timetable_of(schedule: RecurringBilling) -> Timetable:
    return Timetable(schedule.first_on, schedule.anchor_day, schedule.frequency)


def first_day(
    service: ClientService, schedule: RecurringBilling, effective_on: date, *, at_boundary: bool = False
) -> date:
    """The first day that is billed at the new price."""
    waits = at_boundary or not service.prorate
    return timetable_of(schedule).next_boundary(effective_on) if waits else effective_on


def swaps(service: ClientService, schedule: RecurringBilling, price: Money, on: date) -> list[Swap]:
    """What was billed from that day on: each line with its credit, and the charge for the very same days."""
    if schedule.paused_on is not None and schedule.paused_on <= on:
        return []
    known = schedules_of(service.id)
    pairs = unused_credits(service.id, on)
    return [(line, credit, _charges(line, credit, price, known)) for line, credit in pairs]


def _charges(
    line: InvoiceLine, credit: Credit, price: Money, known: Sequence[RecurringBilling]
) -> list[Charge]:
    """The days of the credit at the new price, by the timetable that the line was billed by."""
    if credit.period is None or not price:
        return []
    return prorated(price, _timetable_then(line, known), credit.period)


def _timetable_then(line: InvoiceLine, schedules: Sequence[RecurringBilling]) -> Timetable:
    """Before a transfer it is the old client's."""
    start = line.period_start
    assert start is not None
    its = [each for each in schedules if each.client_id == line.invoice.client_id and each.first_on <= start]
    return timetable_of((its or list(schedules))[-1])


def _charge(service: ClientService, swapped: list[Swap], at: datetime) -> None:
    """The charges, on one invoice for each client that was billed."""
    by_client: dict[int, list[Charge]] = defaultdict(list)
    for line, _, charges in swapped:
        by_client[line.invoice.client_id] += charges
    invoices = [
        _invoice(service, fetch(Client, client_id), charges)
        for client_id, charges in by_client.items()
        if charges
    ]
    issue_held_or_now([invoice.id for invoice in invoices], at=at)


def _invoice(service: ClientService, client: Client, charges: list[Charge]) -> Invoice:
    invoice = Invoice(
        client_id=client.id,
        currency=service.currency,
        drafted_on=clock.today(),
        po_number=client.po_number,
    )
    db.session.add(invoice)
    db.session.flush()
    for charge in charges:
        line = InvoiceLine(
            invoice_id=invoice.id,
            client_service_id=service.id,
            kind=LineKind.RECURRING,
            description=f"{service.name} – {charge.words}" if charge.words else service.name,
            period_start=charge.period.start,
            period_end=charge.period.end,
            quantity=service.quantity,
            amount_minor=charge.amount.minor,
            tax_rate_percent=0 if client.tax_exempt else client.tax_rate_percent,
        )
        db.session.add(line)
    db.session.flush()
    add_totals([invoice.id])
    return invoice


def _begin(service: ClientService, price: Money, effective_on: date, event_id: int, at: datetime) -> None:
    """A service that was free has no schedule: it is billed from the day of its first price on."""
    if not price or service.status is Status.PENDING:
        return
    fresh = add(service, max(effective_on, service.start_date), event_id, bills_setup=False, at=at)
    fresh.amount_minor = price.minor
    if service.status is Status.SUSPENDED:
        fresh.status, fresh.paused_on = ScheduleStatus.PAUSED, fresh.first_on


def _set_price(schedule: RecurringBilling, price: Money, was: Money, on: date, event_id: int) -> None:
    """From that day, or from the pause where that is earlier. Unbilled days before it keep the old price: they stay
    with the old schedule, which ends there, and a second one goes on, on the same anchor.
    """
    since = on if schedule.paused_on is None else min(on, schedule.paused_on)
    if not price:
        close(schedule, on)
    elif schedule.next_bill_date >= since:
        schedule.amount_minor = price.minor
    elif not was:
        # It had no price when it was made: days before this one are free.
        schedule.amount_minor, schedule.next_bill_date = price.minor, since
    else:
        _go_on(schedule, price, since, event_id)


def _go_on(schedule: RecurringBilling, price: Money, since: date, event_id: int) -> None:
    status, paused_on, ends_on = schedule.status, schedule.paused_on, schedule.ends_on
    close(schedule, since)
    if status is ScheduleStatus.PARKED:
        schedule.status = status
    fresh = RecurringBilling(
        client_service_id=schedule.client_service_id,
        client_id=schedule.client_id,
        amount_minor=price.minor,
        currency=schedule.currency,
        frequency=schedule.frequency,
        anchor_day=schedule.anchor_day,
        first_on=schedule.first_on,
        next_bill_date=since,
        ends_on=ends_on,
        status=status,
        paused_on=paused_on,
        parked_reason=schedule.parked_reason,
        last_event_id=event_id,
    )
    db.session.add(fresh)
    db.session.flush()
